// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QWidget>

namespace moescope::ui {

class Style;

/// One expert's row of the similarity map: a cell for every expert of the layer, its own framed.
/// Left and Right walk, Enter or a click chooses an expert.
class SimilarityStrip : public QWidget {
    Q_OBJECT

public:
    explicit SimilarityStrip(Style& style, QWidget* parent = nullptr);

    /// `cosines` of `expert` with every expert, itself included.
    void setRow(std::vector<double> cosines, int expert);
    QRectF cellRect(int expert) const;
    QColor cellColour(int expert) const;
    QString cellText(int expert) const; ///< spoken, and the hover card

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void expertChosen(int expert);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int expertAt(const QPointF& position) const;
    void walkTo(int expert);

    Style& m_style;
    std::vector<double> m_cosines;
    int m_expert = -1;
    int m_current = -1;
};

} // namespace moescope::ui
