// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/expert_grid_view.h"

#include <QContextMenuEvent>

namespace moescope::ui {

void ExpertGridView::contextMenuEvent(QContextMenuEvent* event)
{
    const int col = event->reason() == QContextMenuEvent::Mouse
        ? cellAt(viewport()->mapFromGlobal(event->globalPos())).x()
        : -1;
    if (col >= 0)
        emit columnContextMenuRequested(col, event->globalPos());
    else
        RoutingGridView::contextMenuEvent(event);
}

} // namespace moescope::ui
