// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;

namespace moescope::ui {

class ChangesSection;
class ComparisonSection;
class ExpertSection;
class RangeSection;
class TokenSection;
struct UiContext;

/// What is selected, in numbers: the comparison, the token or the span, the experts.
class ExploreInspector : public QWidget {
    Q_OBJECT

public:
    explicit ExploreInspector(const UiContext& context, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);
    void clear();
    bool isBusy() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void reveal(QWidget* section);
    QWidget* makeLine();

    const UiContext& m_context;
    QLabel* m_empty;
    ComparisonSection* m_comparison;
    ChangesSection* m_changes;
    RangeSection* m_range;
    TokenSection* m_token;
    ExpertSection* m_expert;
    QWidget* m_firstLine;
    QWidget* m_secondLine;
    std::optional<ExpertId> m_shownExpert;
};

} // namespace moescope::ui
