// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/expert_menu.h"

#include "ui/session/session.h"

namespace moescope::ui {

QMenu* makeExpertMenu(Session& session, LayerId layer, ExpertId expert, QWidget* parent)
{
    InterventionStack& changes = session.interventions();
    auto* menu = new QMenu(parent);
    menu->setObjectName(QStringLiteral("expertMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto add = [menu](const char* name, const QString& text, bool enabled, auto run) {
        QAction* action = menu->addAction(text);
        action->setObjectName(QLatin1String(name));
        action->setEnabled(enabled);
        QObject::connect(action, &QAction::triggered, menu, run);
        return action;
    };
    const bool masked = changes.isMasked(layer, expert);
    const bool forced = changes.isForced(layer, expert);
    QAction* mask
        = add("maskExpert", QMenu::tr("&Mask expert %1: no token may choose it").arg(expert.value),
            true, [&changes, layer, expert, masked] { changes.setMasked(layer, expert, !masked); });
    mask->setCheckable(true);
    mask->setChecked(masked);
    QAction* force = add("forceExpert",
        QMenu::tr("&Force expert %1: every token chooses it").arg(expert.value), true,
        [&changes, layer, expert, forced] { changes.setForced(layer, expert, !forced); });
    force->setCheckable(true);
    force->setChecked(forced);
    add("clearChanges", QMenu::tr("&Remove all changes"), !changes.isEmpty(),
        [&changes] { changes.clear(); });
    menu->addSeparator();
    add("selectExpert", QMenu::tr("&Show expert %1 in the inspector").arg(expert.value), true,
        [&session, expert] { session.selectExpert(expert); });
    return menu;
}

} // namespace moescope::ui
