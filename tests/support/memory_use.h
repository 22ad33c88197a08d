// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace moescope::test {

/// Bytes of this process that no file stands behind; 0 where the system does not say.
std::uint64_t anonymousBytes();
/// All that stands in memory, pages of mapped files included.
std::uint64_t residentBytes();

} // namespace moescope::test
