// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/tokenizer/aligned_text.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/token_trie.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

struct AddedToken {
    std::int32_t id = 0;
    std::string content;
    std::string normalizedContent; ///< what is searched for and decoded when it is `normalized`
    bool singleWord = false;
    bool stripLeft = false;
    bool stripRight = false;
    bool normalized = true;
    bool special = false;
};

/// The member "added_tokens" of a tokenizer.json: tokens that are found in the text before it is
/// split. An id comes from the vocabulary when that has the token; the others are numbered from the
/// vocabulary's size on, in the file's order.
class AddedTokens {
public:
    /// `json` may be null.
    static Result<AddedTokens> parse(const Json& json, const Vocabulary& vocabulary,
        const Normalizer& normalizer, std::string_view source);

    const AddedToken* find(std::int32_t id) const;
    /// How many of them the vocabulary does not have.
    std::size_t countBeyondVocabulary() const { return m_beyondVocabulary; }
    bool hasNormalized() const { return !m_normalizedTrie.empty(); }
    /// Cuts the piece `[begin, end)` of `text` at the tokens that are searched for before
    /// normalization, or after it.
    void split(std::string_view text, std::size_t begin, std::size_t end, bool normalized,
        std::vector<TextPiece>& out) const;

private:
    std::vector<AddedToken> m_tokens;
    std::unordered_map<std::int32_t, std::size_t> m_byId;
    TokenTrie m_rawTrie;
    TokenTrie m_normalizedTrie;
    std::size_t m_beyondVocabulary = 0;
};

} // namespace moescope::tokenization
