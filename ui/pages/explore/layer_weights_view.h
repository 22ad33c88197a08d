// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/experiments/explore_grids.h"
#include "ui/pages/explore/rows_view.h"

namespace moescope::ui {

/// One token through all layers: which experts read it, with what weights, and how clear the choice
/// was. A row is chosen to go to its layer.
class LayerWeightsView : public RowsView {
    Q_OBJECT

public:
    explicit LayerWeightsView(Style& style, QWidget* parent = nullptr);

    void setToken(SidePointer side, std::size_t token);
    void setCurrentLayer(LayerId layer);
    LayerId layerOf(int row) const;
    /// Some margin is so small that rounding could change the choice.
    bool hasCloseCalls() const { return m_closeCalls > 0; }

    QString marginText(int row) const; ///< as it is drawn
    bool isCloseCall(int row) const;

    int rowCount() const override { return static_cast<int>(m_rows.size()); }
    QString rowText(int row) const override;

signals:
    void layerChosen(LayerId layer);

protected:
    void paintRow(QPainter& painter, int row, const QRectF& rect) override;
    double rowHeight() const override;
    QString hoverText(int row, const QPointF& position) const override;

private:
    struct Part {
        int expert = 0;
        double weight = 0;
    };
    struct Row {
        LayerId layer;
        std::vector<Part> parts; ///< by falling weight
        double margin = 0;
        double rounding = 0; ///< margins below it could change by rounding
        QString unit;
    };
    QRectF barRect(const QRectF& row) const;
    double total(const Row& row) const;

    SidePointer m_side; ///< that the rounding margins are of
    std::vector<double> m_rounding; ///< per mixture layer
    std::vector<Row> m_rows;
    double m_largest = 1; ///< weight of the darkest part
    int m_closeCalls = 0;
};

} // namespace moescope::ui
