// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/tokenizer/aligned_text.h"

namespace moescope::tokenization {

bool isWhitespace(char32_t codePoint); ///< the property White_Space
bool isNumeric(char32_t codePoint); ///< general category N
bool isPunctuation(char32_t codePoint); ///< ASCII punctuation and general category P
/// Letters, marks, digits, connectors and joiners.
bool isWordCharacter(char32_t codePoint);

std::optional<std::size_t> firstInvalidUtf8(std::string_view bytes);
/// One U+FFFD for each longest invalid part, as the Unicode standard recommends.
std::string lossyUtf8(std::string_view bytes);

enum class NormalForm { C, D, KC, KD };
/// A character that was composed of several covers all of them.
void normalize(AlignedText& text, NormalForm form);
void toLowercase(AlignedText& text);

} // namespace moescope::tokenization
