// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/routing_grid_view.h"

namespace moescope::ui {

/// A routing grid whose context menu over a cell speaks of the whole column, as over its header.
class ExpertGridView : public RoutingGridView {
    Q_OBJECT

public:
    using RoutingGridView::RoutingGridView;

protected:
    void contextMenuEvent(QContextMenuEvent* event) override;
};

} // namespace moescope::ui
