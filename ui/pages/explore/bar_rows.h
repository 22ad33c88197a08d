// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "core/stats/intervals.h"
#include "ui/pages/explore/rows_view.h"

namespace moescope::ui {

/// Named bars with a number each: predictions, loads, weights. A null is a tick in its band.
class BarRows : public RowsView {
    Q_OBJECT

public:
    struct Bar {
        QString label; ///< a token or an expert, monospaced
        double value = 0;
        QString number; ///< "97.0 %"
        QString note; ///< hover card
        bool muted = false; ///< as random
    };

    explicit BarRows(Style& style, QWidget* parent = nullptr);

    void setBars(std::vector<Bar> bars, double full);
    /// The same null for every bar.
    void setNull(std::optional<double> value, std::optional<Interval> band = std::nullopt);

    int rowCount() const override { return static_cast<int>(m_bars.size()); }
    QString rowText(int row) const override;
    const std::vector<Bar>& bars() const { return m_bars; }

protected:
    void paintRow(QPainter& painter, int row, const QRectF& rect) override;

private:
    std::vector<Bar> m_bars;
    double m_full = 1;
    std::optional<double> m_null;
    std::optional<Interval> m_band;
};

} // namespace moescope::ui
