// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/semantics/lexicon.h"
#include "core/semantics/token_types.h"

namespace moescope {

/// Prose or code, decided line by line unless forced (EXPERIMENTS section 1.2).
enum class Register : std::uint8_t { Auto, Prose, Code };
enum class Piece : std::uint8_t { Whole, First, Inner, Last };

/// A word, number, operator, ... of the text, independent of any tokenizer.
struct Unit {
    std::uint32_t begin = 0; ///< bytes
    std::uint32_t end = 0;
    TokenType type = TokenType::Cw;
    bool code = false;
};

/// Scans and types the units of a text, white space left out.
std::vector<Unit> scanUnits(std::string_view text, const Lexicon& lexicon, Register reg = Register::Auto);

struct TokenSpan {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool special = false;
    /// The token's own bytes are white space (see isBlank), whatever its span says: the space that a
    /// sentencepiece tokenizer puts before the text has an empty span or the next character's.
    bool blank = false;
};
/// At least one byte, and nothing but white space.
bool isBlank(std::string_view bytes);

struct TaggedToken {
    TokenType type = TokenType::Cw;
    Piece piece = Piece::Whole;
    bool multi = false; ///< covers several units; typed by the first
    /// Index into scanUnits(text), where special tokens that stand in the text count as line ends;
    /// -1 for white space and special tokens.
    std::int32_t unit = -1;
    TokenType previous = TokenType::Start; ///< neighbours of the unit, white space skipped (lexical view)
    TokenType next = TokenType::End;
    TokenType previousRaw = TokenType::Start; ///< white-space tokens count (raw view)
    TokenType nextRaw = TokenType::End;
    TokenType previous2 = TokenType::Start; ///< the unit before `previous`, lexical: for the causal left trigram
};

/// Tags every token by the unit that holds its first non-space byte (EXPERIMENTS 1.1 to 1.6).
std::vector<TaggedToken> tagTokens(std::string_view text, std::span<const TokenSpan> tokens,
    const Lexicon& lexicon, Register reg = Register::Auto);

/// "^→NOUN→FUNC".
std::string formatTrigram(TokenType previous, TokenType current, TokenType next);

} // namespace moescope
