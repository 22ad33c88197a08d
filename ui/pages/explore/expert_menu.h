// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMenu>

#include "core/base/ids.h"

namespace moescope::ui {

class Session;

/// What can be done to one expert: mask it, force it, look at it. Deletes itself when it closes.
QMenu* makeExpertMenu(Session& session, LayerId layer, ExpertId expert, QWidget* parent);

} // namespace moescope::ui
