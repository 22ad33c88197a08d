// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string_view>

namespace moescope::tokenization {

/// What the name in `tokenizer.ggml.pre` stands for: GGUF files carry the name alone.
struct SplitRule {
    /// Expressions whose matches become pieces of their own, one after the other; empty at the end.
    std::array<std::string_view, 6> expressions{};
    bool ignoreMerges = false; ///< a piece that is a token stays whole, whatever the merges say
    bool addsBos = false; ///< where the file does not say
};

/// Null for names that are not known.
const SplitRule* findSplitRule(std::string_view name);
const SplitRule& defaultSplitRule();

} // namespace moescope::tokenization
