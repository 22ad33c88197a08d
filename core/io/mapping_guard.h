// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>

namespace moescope {

/// Guards one read-only file mapping against SIGBUS, which the kernel raises on pages that the file
/// lost. The first call installs the handler; a SIGBUS outside the guarded mappings goes to the
/// handler that was there before. Returns the slot, or nothing when every slot is taken. `length`
/// may end inside a page.
std::optional<int> guardMapping(const void* begin, std::size_t length, int descriptor);
/// To be called before the mapping goes away.
void releaseMapping(int slot);
/// True once pages of this mapping have been replaced by zeros.
bool isMappingDamaged(int slot);

} // namespace moescope
