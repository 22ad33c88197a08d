// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/gguf_vocabulary.h"

#include <limits>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope::tokenization {

namespace {

constexpr std::size_t kMaxTokens = 16'000'000;

tl::unexpected<Error> broken(std::string_view source, std::string problem)
{
    return fail(
        ErrorCode::BadFormat, fmt::format("The tokenizer of {} is broken: {}.", source, problem));
}

class Reader {
public:
    Reader(const Metadata& metadata, std::string_view source)
        : m_metadata(metadata)
        , m_source(source)
    {
    }

    Status read(GgufVocabulary& out)
    {
        MOESCOPE_TRY(const auto model, m_metadata.string("tokenizer.ggml.model"));
        MOESCOPE_TRY(auto tokens, m_metadata.strings("tokenizer.ggml.tokens"));
        if (!model || !tokens)
            return fail(ErrorCode::NotFound, fmt::format("{} holds no tokenizer.", m_source));
        if (tokens->empty() || tokens->size() > kMaxTokens)
            return broken(m_source, fmt::format("it has {} tokens", tokens->size()));
        out.model = *model;
        out.tokens = std::move(*tokens);
        MOESCOPE_TRY(const auto pre, m_metadata.string("tokenizer.ggml.pre"));
        out.pre = pre.value_or("");
        MOESCOPE_TRY(auto merges, m_metadata.strings("tokenizer.ggml.merges"));
        out.hasMerges = merges.has_value();
        if (merges)
            out.merges = std::move(*merges);
        MOESCOPE_CHECK(readScores(out));
        MOESCOPE_CHECK(readTypes(out));
        MOESCOPE_TRY(out.bos, id("tokenizer.ggml.bos_token_id", out.tokens.size()));
        MOESCOPE_TRY(out.eos, id("tokenizer.ggml.eos_token_id", out.tokens.size()));
        MOESCOPE_TRY(out.unknown, id("tokenizer.ggml.unknown_token_id", out.tokens.size()));
        MOESCOPE_TRY(out.addBos, m_metadata.boolean("tokenizer.ggml.add_bos_token"));
        MOESCOPE_TRY(out.addEos, m_metadata.boolean("tokenizer.ggml.add_eos_token"));
        MOESCOPE_TRY(out.addSpacePrefix, m_metadata.boolean("tokenizer.ggml.add_space_prefix"));
        return {};
    }

private:
    Status checkCount(std::size_t count, std::size_t tokens, std::string_view what) const
    {
        if (count == tokens)
            return {};
        return broken(m_source, fmt::format("it has {} tokens, but {} {}", tokens, count, what));
    }

    Status readScores(GgufVocabulary& out) const
    {
        MOESCOPE_TRY(const auto scores, m_metadata.numbers("tokenizer.ggml.scores"));
        if (!scores)
            return {};
        MOESCOPE_CHECK(checkCount(scores->size(), out.tokens.size(), "scores"));
        for (const double score : *scores)
            out.scores.push_back(static_cast<float>(score));
        return {};
    }

    Status readTypes(GgufVocabulary& out) const
    {
        out.types.assign(out.tokens.size(), GgufVocabulary::Type::Normal);
        MOESCOPE_TRY(const auto types, m_metadata.uints("tokenizer.ggml.token_type"));
        if (!types)
            return {};
        MOESCOPE_CHECK(checkCount(types->size(), out.tokens.size(), "token types"));
        for (std::size_t i = 0; i < types->size(); ++i) {
            // Later formats may add kinds; what they do is not known, so they are plain tokens.
            if ((*types)[i] >= 1 && (*types)[i] <= 6)
                out.types[i] = static_cast<GgufVocabulary::Type>((*types)[i]);
        }
        return {};
    }

    /// An id that is out of range or the largest 32-bit number means that there is no such token.
    Result<std::optional<std::int32_t>> id(std::string_view key, std::size_t tokens) const
    {
        const MetadataValue* value = m_metadata.find(key);
        const auto number = value ? value->asUInt() : std::nullopt;
        if (!number || *number >= tokens)
            return std::optional<std::int32_t>();
        return std::optional(static_cast<std::int32_t>(*number));
    }

    const Metadata& m_metadata;
    std::string_view m_source;
};

} // namespace

Result<GgufVocabulary> readGgufVocabulary(const Metadata& metadata, std::string_view source)
{
    GgufVocabulary vocabulary;
    MOESCOPE_CHECK(Reader(metadata, source).read(vocabulary));
    return vocabulary;
}

} // namespace moescope::tokenization
