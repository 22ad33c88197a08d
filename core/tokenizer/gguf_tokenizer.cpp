// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/gguf_tokenizer.h"

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/tokenizer/gguf_split_rules.h"
#include "core/tokenizer/gguf_vocabulary.h"
#include "core/tokenizer/input.h"
#include "core/tokenizer/json_tokenizer.h"
#include "core/tokenizer/sentencepiece_tokenizer.h"

namespace moescope {

namespace {

using namespace tokenization;
using Made = Result<std::shared_ptr<const Tokenizer>>;

Made makeByteLevel(const GgufVocabulary& vocabulary, const std::filesystem::path& path)
{
    if (!vocabulary.hasMerges)
        return fail(ErrorCode::BadFormat,
            fmt::format(
                "The tokenizer of {} is broken: it has no merges (\"tokenizer.ggml.merges\").",
                displayPath(path)));
    const SplitRule* rule = findSplitRule(vocabulary.pre);
    std::string warning;
    if (vocabulary.pre.empty()) {
        warning
            = fmt::format("{} does not name its split rule (\"tokenizer.ggml.pre\"); the default "
                          "rule is used, so some texts may be cut differently.",
                displayPath(path));
        rule = &defaultSplitRule();
    } else if (!rule) {
        warning
            = fmt::format("{} names the split rule \"{}\", which is not known; the default rule "
                          "is used, so some texts may be cut differently.",
                displayPath(path), displayName(vocabulary.pre));
        rule = &defaultSplitRule();
    }
    return parseTokenizerJson(tokenizerJsonOf(vocabulary, *rule), path, std::move(warning));
}

Made makeSentencePiece(const GgufVocabulary& vocabulary, const std::filesystem::path& path)
{
    if (vocabulary.scores.empty())
        return fail(ErrorCode::BadFormat,
            fmt::format(
                "The tokenizer of {} is broken: its tokens have no scores.", displayPath(path)));
    BosSettings settings;
    settings.addBos = vocabulary.addBos.value_or(true) && vocabulary.bos.has_value();
    settings.addEos = vocabulary.addEos.value_or(false) && vocabulary.eos.has_value();
    return parseSentencePieceModel(sentencePieceModelOf(vocabulary), path, settings);
}

} // namespace

Made makeGgufTokenizer(const Metadata& metadata, const std::filesystem::path& path)
{
    return withoutExceptions<Made>([&]() -> Made {
        MOESCOPE_TRY(
            const GgufVocabulary vocabulary, readGgufVocabulary(metadata, displayPath(path)));
        if (vocabulary.model == "gpt2")
            return makeByteLevel(vocabulary, path);
        if (vocabulary.model == "llama")
            return makeSentencePiece(vocabulary, path);
        return fail(ErrorCode::Unsupported,
            fmt::format("{} has a tokenizer of the kind \"{}\", which is not supported.",
                displayPath(path), displayName(vocabulary.model)));
    });
}

} // namespace moescope
