// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/standard_pages.h"

#include "ui/pages/explore/explore_page.h"
#include "ui/pages/weights/weights_page.h"
#include "ui/shell/program.h"
#include "ui/shell/tensor_page.h"

namespace moescope::ui {

void addStandardPages(Program& program)
{
    MainWindow& window = program.window();
    window.addPage(new ExplorePage(program.context()));
    window.addPage(new WeightsPage(program.context()));
    window.addPage(new TensorPage(program.context()), false);
}

} // namespace moescope::ui
