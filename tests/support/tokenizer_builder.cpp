// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/tokenizer_builder.h"

#include <QtCore/QTemporaryDir>

#include "core/io/file_write.h"

namespace moescope::test {

TokenizerBuilder::TokenizerBuilder(
    const std::vector<std::string>& tokens, const std::vector<std::string>& merges)
    : json({{"version", "1.0"}, {"added_tokens", Json::array()}, {"normalizer", nullptr},
        {"pre_tokenizer", nullptr}, {"post_processor", nullptr}, {"decoder", {{"type", "Fuse"}}},
        {"model",
            {{"type", "BPE"}, {"unk_token", nullptr}, {"vocab", Json::object()},
                {"merges", merges}}}})
{
    Json& vocabulary = json["model"]["vocab"];
    for (const std::string& token : tokens)
        vocabulary[token] = vocabulary.size();
    for (const std::string& merge : merges) {
        const std::size_t space = merge.find(' ');
        const std::string merged = merge.substr(0, space) + merge.substr(space + 1);
        if (!vocabulary.contains(merged))
            vocabulary[merged] = vocabulary.size();
    }
}

TokenizerBuilder& TokenizerBuilder::set(const std::string& member, std::string_view text)
{
    json[member] = parseJson(text, member).value();
    return *this;
}

void TokenizerBuilder::addToken(const std::string& content, const Json& flags)
{
    Json token{{"id", 0}, {"content", content}, {"single_word", false}, {"lstrip", false},
        {"rstrip", false}, {"normalized", false}, {"special", false}};
    token.update(flags);
    json["added_tokens"].push_back(token);
}

Result<std::shared_ptr<const Tokenizer>> TokenizerBuilder::load() const
{
    return loadTokenizerText(dumpJson(json), "tokenizer.json");
}

std::string joinTokens(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids)
{
    std::string out;
    for (const std::int32_t id : ids)
        out += (out.empty() ? "" : "|") + tokenizer.tokenBytes(id);
    return out;
}

Result<std::shared_ptr<const Tokenizer>> loadTokenizerText(
    std::string_view text, const std::string& name)
{
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath(QString::fromStdString(name)).toStdString();
    MOESCOPE_CHECK(writeFileAtomically(path, text));
    return loadTokenizer(path);
}

} // namespace moescope::test
