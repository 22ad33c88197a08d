// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace moescope {
/// Keys keep the order in which they were written. This folder is the only one that names the library.
using Json = nlohmann::ordered_json;
} // namespace moescope
