// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/experiments/logit_lens.h"
#include "core/model/open_model.h"
#include "ui/pages/explore/rows_view.h"

namespace moescope::ui {

/// What the model would say next if it stopped after each block: five tokens a row, darker = more
/// likely.
class LensTable : public RowsView {
    Q_OBJECT

public:
    explicit LensTable(Style& style, QWidget* parent = nullptr);

    void setLens(const LogitLens& lens, const OpenModel& open);
    void clear();
    void setCurrentLayer(LayerId layer); ///< the row after that block

    int rowCount() const override { return static_cast<int>(m_rows.size()); }
    QString rowText(int row) const override;

protected:
    void paintRow(QPainter& painter, int row, const QRectF& rect) override;
    QString hoverText(int row, const QPointF& position) const override;

private:
    struct Guess {
        QString token;
        double probability = 0;
    };
    QString rowName(int row) const;
    QRectF cellRect(const QRectF& row, std::size_t guess, std::size_t count) const;

    std::vector<std::vector<Guess>> m_rows;
};

} // namespace moescope::ui
