// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/report.h"

namespace moescope {
struct OpenModel;
}

namespace moescope::ui {

/// The tensor list as one table, for the exports of the page.
Report tensorReport(const OpenModel& open);

} // namespace moescope::ui
