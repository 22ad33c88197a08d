// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/explore/explore_scene.h"
#include "ui/style/panel.h"

namespace moescope::ui {

class FindBar;
class InlineMessage;
class SegmentedControl;
class Session;
class TokenStripView;

/// The prompt as tokens, or both prompts one under the other; finding tokens; the switch between
/// what is compared.
class TokenPanel : public Panel {
    Q_OBJECT

public:
    TokenPanel(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);
    /// What is compared: another mode begins with both sides, whatever was chosen in the one
    /// before.
    void showMode(const ExploreScene& scene);
    void showHover();
    ShownSides wantedSides() const;

public slots:
    void openFind();

signals:
    void wantedSidesChanged();

private:
    TokenStripView* makeStrip(const QString& name, PromptSide side);
    void find(const QString& text, bool forward, bool fromHere);
    void markChanges(const ExploreScene& scene);

    Session& m_session;
    TokenStripView* m_a;
    TokenStripView* m_b;
    SegmentedControl* m_switch;
    FindBar* m_find;
    InlineMessage* m_warning;
    std::shared_ptr<const ExploreResult> m_result;
    std::optional<LayerId> m_layer;
    Comparing m_comparing = Comparing::Nothing;
};

/// Pills under the strip: the prompt's categories and its most telling pattern.
QStringList patternPills(const ExploreResult::Side& side);
/// What each of them means, in plain words.
QStringList patternHelp(const ExploreResult::Side& side);

} // namespace moescope::ui
