// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include "core/io/file_write.h"
#include "core/tokenizer/input.h"
#include "core/tokenizer/json_tokenizer.h"
#include "core/tokenizer/sentencepiece_tokenizer.h"

namespace moescope {

namespace {

using tokenization::kMaxFile;

Result<std::shared_ptr<const Tokenizer>> loadFile(const std::filesystem::path& path)
{
    MOESCOPE_TRY(const std::string content, readTextFile(path, kMaxFile));
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    const bool isJson
        = path.extension() == ".json" || (first != content.npos && content[first] == '{');
    if (isJson)
        return tokenization::parseTokenizerJson(content, path);
    MOESCOPE_TRY(const auto settings,
        tokenization::readBosSettings(path.parent_path() / "tokenizer_config.json"));
    return tokenization::parseSentencePieceModel(content, path, settings);
}

} // namespace

Result<std::shared_ptr<const Tokenizer>> loadTokenizer(const std::filesystem::path& path)
{
    std::error_code error;
    if (!std::filesystem::is_directory(path, error))
        return loadFile(path);
    for (const char* name : {"tokenizer.json", "tokenizer.model"})
        if (std::filesystem::exists(path / name, error))
            return loadFile(path / name);
    return fail(ErrorCode::NotFound,
        fmt::format("{} has neither a tokenizer.json nor a tokenizer.model.", path.string()));
}

} // namespace moescope
