// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include <QWidget>

#include "core/experiments/taxonomy.h"

namespace moescope {
struct MoeTypeResult;
}

namespace moescope::ui {

class FigurePanel;
class Style;

/// What some models need said beside the charts: numbers that biases would fake, what rounding
/// alone does to them, and what literature reports of a model of this shape. Hidden where there is
/// nothing.
class WeightNotes : public QWidget {
    Q_OBJECT

public:
    WeightNotes(Style& style, std::filesystem::path resources, QWidget* parent = nullptr);

    void showResult(const MoeTypeResult& result);

private:
    const std::vector<KnownModel>& knownModels();

    std::filesystem::path m_resources;
    std::optional<std::vector<KnownModel>> m_known; ///< read when it is first needed
    FigurePanel* m_biases;
    FigurePanel* m_rounding;
    FigurePanel* m_published;
};

} // namespace moescope::ui
