// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace moescope::tokenization {

/// Characters that Unicode 15 and 16 added, as ranges for a PCRE2 character class: the library's
/// tables are those of Unicode 14, while tokenizers are made and compared with newer ones.
/// `category` is a general category such as "L" or "Lu".
std::string newCharactersOf(std::string_view category);

} // namespace moescope::tokenization
