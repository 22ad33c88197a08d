// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace moescope::tokenization {

/// tokenizer.json holds regular expressions in Oniguruma's syntax; PCRE2 reads nearly the same one.
/// Rewrites what the two read differently: white space and word characters, script properties, set
/// operations in character classes, (?m). `source` names the file and the rule for errors.
Result<std::string> translateRegex(std::string_view pattern, std::string_view source);

} // namespace moescope::tokenization
