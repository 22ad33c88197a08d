// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/semantics/tagger.h"

namespace moescope {

/// Which part of a trigram a pattern of one to three types is compared with.
enum class PatternSide : std::uint8_t { Whole, LeftOrRight, Centre, Right, Left };

/// "NOUN→AS→NOUN", "→AS→", "^→QW", ... `CW` stands for the class of content words.
struct Pattern {
    std::string text;
    std::vector<TokenType> types;
    PatternSide side = PatternSide::Whole;
    bool raw = false; ///< names WS: matched on the raw view
    /// Forms: A→B→C whole, A→B left or right half, →B→ centre, →B→C right half, A→B→ and ^→B left
    /// half. "->" is read as "→"; `text` is the canonical spelling. Anything else is InvalidArgument.
    static Result<Pattern> parse(std::string_view text);
    /// The side that matched (Whole, Centre, Left, Right), or nothing.
    std::optional<PatternSide> match(const TaggedToken& token) const;
};

/// One of the 16 categories with its patterns and example prompts.
struct Category {
    std::string id;
    std::vector<Pattern> patterns;
    std::vector<std::string> prompts;
};
std::span<const Category> categories();
/// Prompts that the sources quote.
std::span<const std::string> sourcePrompts();

/// One line of the summary under a prompt (EXPERIMENTS section 1.8): one for every unit, at its first
/// token, keyed on the centre's type.
struct PatternNote {
    std::size_t token = 0;
    /// "analogy pivot", "arithmetic operator", "sequence start"; empty when no rule names the unit.
    std::string label;
    std::string trigram;
    int interest = 0; ///< for choosing where to look first; no claim
};
std::vector<PatternNote> summarisePatterns(std::span<const TaggedToken> tokens);
/// Categories that at least one token's pattern belongs to, with the number of tokens, most first.
struct CategoryHit {
    std::string category;
    std::size_t tokens = 0;
};
std::vector<CategoryHit> categoriesOf(std::span<const TaggedToken> tokens);

} // namespace moescope
