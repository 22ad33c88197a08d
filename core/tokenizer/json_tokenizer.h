// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
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

/// A tokenizer.json. `text` is the file's content, `path` names it in errors.
Result<std::shared_ptr<const Tokenizer>> parseTokenizerJson(
    std::string_view text, const std::filesystem::path& path, std::string warning = {});

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

    using Tokenizer::encode;
    Result<Encoding> encode(std::string_view utf8, TaskContext& context) const override;
    void addSpecial(Encoding& encoding, std::size_t textBytes) const override;
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
};

} // namespace moescope::tokenization
