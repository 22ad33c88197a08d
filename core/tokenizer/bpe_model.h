// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/task/task_context.h"
#include "core/tokenizer/character_pairs.h"
#include "core/tokenizer/merge_table.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

/// A token of the model and its bytes, counted from the start of the piece it is in.
struct ModelToken {
    std::int32_t id = 0;
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
};

/// Byte-pair encoding as the member "model" of a tokenizer.json describes it. Immutable.
class BpeModel {
public:
    /// `json` is the text of that member.
    static Result<std::unique_ptr<const BpeModel>> parse(
        std::string_view json, std::string_view source);

    const Vocabulary& vocabulary() const { return m_vocabulary; }
    bool hasByteFallback() const { return m_byteFallback; }

private:
    friend class BpeEncoder;
    Status readSettings(std::string_view json, std::string_view source);
    void indexCharacters();
    std::optional<std::int32_t> findCharacter(std::string_view character, char32_t codePoint) const;
    /// Nothing when pieces of this model cannot be cut.
    const CharacterPairs* mergedPairs() const;

    Vocabulary m_vocabulary;
    MergeTable m_merges;
    std::string m_source;
    std::string m_unknownToken;
    std::string m_continuingPrefix;
    std::string m_endSuffix;
    bool m_hasUnknownToken = false;
    bool m_fuseUnknown = false;
    bool m_byteFallback = false;
    bool m_ignoreMerges = false;
    std::vector<std::int32_t> m_characters; ///< ids of single characters by code point, -1 for none
    std::array<std::int32_t, 256> m_bytes{}; ///< ids of <0x00> to <0xFF>, -1 for none

    mutable std::once_flag m_pairsOnce;
    mutable std::unique_ptr<const CharacterPairs>
        m_pairs; ///< of merged tokens; made for the first long piece
};

/// Encodes the pieces of one text. Keeps what it found for short pieces and its working memory;
/// belongs to one thread.
class BpeEncoder {
public:
    /// A long piece is given up when `context` is asked to stop.
    explicit BpeEncoder(const BpeModel& model, const TaskContext* context = nullptr)
        : m_model(model)
        , m_context(context)
    {
    }
    /// Appends the piece's tokens. The piece's text must outlive the encoder.
    Status encode(std::string_view piece, std::vector<ModelToken>& out);

private:
    Status encodeLong(std::string_view piece, std::vector<ModelToken>& out);
    Status encodeCached(std::string_view piece, std::uint32_t begin, std::vector<ModelToken>& out);
    Status readSymbols(std::string_view piece);
    Status addUnknown(std::uint32_t begin, std::uint32_t size, std::optional<ModelToken>& pending);

    struct CacheEntry {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };
    const BpeModel& m_model;
    const TaskContext* m_context;
    std::unordered_map<std::string_view, CacheEntry> m_cache;
    std::vector<ModelToken> m_cachedTokens;
    std::vector<ModelToken> m_symbols;
    Merger m_merger;
};

} // namespace moescope::tokenization
