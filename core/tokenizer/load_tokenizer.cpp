// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

#include <span>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/gguf.h"
#include "core/checkpoint/weight_files.h"
#include "core/io/file_write.h"
#include "core/tokenizer/gguf_tokenizer.h"
#include "core/tokenizer/input.h"
#include "core/tokenizer/json_tokenizer.h"
#include "core/tokenizer/sentencepiece_tokenizer.h"

namespace moescope {

namespace {

using tokenization::kMaxFile;

bool isGgufFile(const std::filesystem::path& path)
{
    const std::string begin = firstBytes(path, 4);
    return isGguf(std::as_bytes(std::span(begin)));
}

Result<std::shared_ptr<const Tokenizer>> loadFile(const std::filesystem::path& path)
{
    if (path.extension() == ".gguf" || isGgufFile(path)) {
        MOESCOPE_TRY(const auto checkpoint, Checkpoint::open(path));
        return makeGgufTokenizer(checkpoint->metadata(), checkpoint->files().front()->path());
    }
    MOESCOPE_TRY(const std::string content, readTextFile(path, kMaxFile));
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    const bool isJson
        = path.extension() == ".json" || (first != content.npos && content[first] == '{');
    MOESCOPE_TRY(const auto settings,
        tokenization::readBosSettings(path.parent_path() / "tokenizer_config.json"));
    if (isJson) {
        std::optional<std::string> bos;
        if (settings.ownPostProcessor && settings.addBos)
            bos = settings.bos.value_or("<s>");
        return tokenization::parseTokenizerJson(content, path, {}, bos);
    }
    return tokenization::parseSentencePieceModel(content, path, settings);
}

} // namespace

Result<std::shared_ptr<const Tokenizer>> loadTokenizer(const std::filesystem::path& path)
{
    std::error_code error;
    if (!std::filesystem::is_directory(path, error))
        return loadFile(path);
    for (const char* name : {"tokenizer.json", "tokenizer.model"}) {
        if (std::filesystem::exists(path / name, error))
            return loadFile(path / name);
        if (std::filesystem::is_symlink(std::filesystem::symlink_status(path / name, error)))
            return fail(ErrorCode::BadFormat,
                fmt::format("{} is a link to a file that is missing; the download may be "
                            "incomplete.",
                    displayPath(path / name)));
    }
    if (const auto weights = findWeightFiles(path);
        weights && weights->format == WeightFormat::Gguf)
        return loadFile(weights->files.front());
    return fail(ErrorCode::NotFound,
        fmt::format("{} has neither a tokenizer.json nor a tokenizer.model.", path.string()));
}

} // namespace moescope
