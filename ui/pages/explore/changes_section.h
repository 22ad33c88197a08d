// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;

namespace moescope::ui {

class FactRows;
class NextChangesView;
class Session;
class Style;

/// Inspector: what the interventions did to the run, beside the untouched one.
class ChangesSection : public QWidget {
    Q_OBJECT

public:
    ChangesSection(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);

private:
    Session& m_session;
    QLabel* m_list;
    FactRows* m_facts;
    QLabel* m_heading;
    NextChangesView* m_next;
    std::shared_ptr<const ExploreResult> m_result;
};

} // namespace moescope::ui
