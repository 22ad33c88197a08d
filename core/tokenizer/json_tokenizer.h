// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/decoder.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/post_processor.h"
#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/tokenizer.h"

namespace moescope::tokenization {

/// A tokenizer.json. `text` is the file's content, `path` names it in errors. `promptBos`: the
/// token that prompts begin with where the file itself puts nothing in front of a text.
Result<std::shared_ptr<const Tokenizer>> parseTokenizerJson(std::string_view text,
    const std::filesystem::path& path, std::string warning = {},
    const std::optional<std::string>& promptBos = {});

class JsonTokenizer final : public Tokenizer {
public:
    struct Parts {
        AddedTokens added;
        Normalizer normalizer;
        PreTokenizer preTokenizer;
        std::unique_ptr<const BpeModel> model;
        PostProcessor postProcessor;
        Decoder decoder;
    };
    JsonTokenizer(Parts parts, std::filesystem::path path, std::string warning);
    /// Nothing happens when the file frames texts itself or does not know the token.
    void beginPromptsWith(const std::string& bos);

    using Tokenizer::encode;
    Result<Encoding> encode(std::string_view utf8, TaskContext& context) const override;
    void addSpecial(Encoding& encoding, std::size_t textBytes) const override;
    void addPromptSpecial(Encoding& encoding, std::size_t textBytes) const override;
    std::string decode(std::span<const std::int32_t> ids) const override;
    std::string tokenBytes(std::int32_t id) const override;
    std::size_t vocabularySize() const override;
    bool isSpecial(std::int32_t id) const override;
    std::optional<std::int32_t> bosId() const override;
    std::string_view kind() const override;
    std::filesystem::path source() const override { return m_path; }
    std::string warning() const override { return m_warning; }

private:
    Result<Encoding> encodeText(std::string_view utf8, TaskContext& context) const;
    /// Cuts at added tokens and normalizes what is between them.
    Status prepare(std::string_view utf8, AlignedText& text, std::vector<TextPiece>& pieces,
        const TaskContext& context) const;

    Parts m_parts;
    std::filesystem::path m_path;
    std::string m_warning;
    std::optional<std::int32_t> m_promptBos; ///< added to prompts alone
};

} // namespace moescope::tokenization
