// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <cstdlib>
#include <numeric>

#include "core/base/text.h"
#include "core/tokenizer/json_tokenizer.h"
#include "core/tokenizer/sentencepiece_tokenizer.h"

namespace {

using namespace moescope;

void use(const Tokenizer& tokenizer)
{
    for (const char* text : {"", " King  is\tto queen,\n as 12 a\u0301 漢字 ", "<s>👋ab<unk>  "}) {
        const auto encoding = tokenizer.encodeWithSpecial(text);
        if (!encoding)
            continue;
        if (encoding->ids.size() != encoding->offsets.size()
            || !isValidUtf8(tokenizer.decode(encoding->ids)))
            std::abort();
        for (const std::int32_t id : encoding->ids)
            tokenizer.tokenBytes(id);
    }
    std::vector<std::int32_t> ids(300);
    std::iota(ids.begin(), ids.end(), -2);
    if (!isValidUtf8(tokenizer.decode(ids)))
        std::abort();
}

} // namespace

/// Whatever the bytes are, as tokenizer.json and as sentencepiece model: an error that can be
/// shown, or a tokenizer that tokenizes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const bool json = bytes.starts_with('{');
    const auto tokenizer = json ? tokenization::parseTokenizerJson(bytes, "input")
                                : tokenization::parseSentencePieceModel(bytes, "input", {});
    if (tokenizer) {
        use(**tokenizer);
    } else {
        const std::string& message = tokenizer.error().message;
        if (message.empty() || message.size() > 2000 || !isValidUtf8(message))
            std::abort();
    }
    return 0;
}
