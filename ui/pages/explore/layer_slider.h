// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractSlider>

#include "core/base/ids.h"

namespace moescope::ui {

class Style;

/// Chooses a block by its absolute number. Every block has a tick; blocks without a router are gaps
/// and cannot be chosen. Space asks to play.
class LayerSlider : public QAbstractSlider {
    Q_OBJECT

public:
    explicit LayerSlider(Style& style, QWidget* parent = nullptr);

    /// `mixture` ascending; `blocks` counts the dense ones too.
    void setLayers(const std::vector<LayerId>& mixture, std::uint32_t blocks);
    void setLayer(LayerId layer); ///< silent
    LayerId layer() const { return LayerId(static_cast<std::uint32_t>(value())); }
    /// The mixture layer after (or, with -1, before) the current one; the current one at the end.
    LayerId neighbour(int steps) const;
    bool isLast() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    /// A person moved it; `gesture` while the handle or a key is held.
    void layerMoved(LayerId layer, bool gesture);
    void playRequested();

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    double xOf(std::uint32_t block) const;
    LayerId nearest(double x) const;
    void moveTo(LayerId layer, bool gesture);
    bool isMixture(std::uint32_t block) const;

    Style& m_style;
    std::vector<LayerId> m_mixture;
    std::uint32_t m_blocks = 0;
};

} // namespace moescope::ui
