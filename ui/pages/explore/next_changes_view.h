// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/intervention_effect.h"
#include "core/model/open_model.h"
#include "ui/pages/explore/rows_view.h"

namespace moescope::ui {

/// Where the most likely next token changed: after which token, from what to what.
class NextChangesView : public RowsView {
    Q_OBJECT

public:
    explicit NextChangesView(Style& style, QWidget* parent = nullptr);

    void setChanges(
        const InterventionEffect& effect, const RoutingTrace& trace, const OpenModel& open);
    std::size_t tokenOf(int row) const;

    int rowCount() const override { return static_cast<int>(m_rows.size()); }
    QString rowText(int row) const override;

protected:
    void paintRow(QPainter& painter, int row, const QRectF& rect) override;

private:
    struct Row {
        std::size_t token = 0;
        QString after;
        QString before;
        QString now;
        double beforeProbability = 0;
        double nowProbability = 0;
    };
    std::vector<Row> m_rows;
};

} // namespace moescope::ui
