// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/text.h"
#include "core/checkpoint/gguf.h"
#include "core/tokenizer/gguf_tokenizer.h"

/// Whatever vocabulary a GGUF file carries: an error that can be shown, or a tokenizer whose ids
/// are its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto header = moescope::parseGguf(std::as_bytes(std::span(data, size)), "input");
    if (!header)
        return 0;
    const auto tokenizer = moescope::makeGgufTokenizer(header->metadata, "input.gguf");
    if (!tokenizer) {
        const std::string& message = tokenizer.error().message;
        if (message.empty() || !moescope::isValidUtf8(message))
            std::abort();
        return 0;
    }
    const auto encoding = (*tokenizer)->encodeWithSpecial("a b<s> ab\n12 \xC3\xA9\xE4\xBD\xA0");
    if (!encoding)
        return 0;
    for (const std::int32_t id : encoding->ids) {
        if (id < 0 || static_cast<std::size_t>(id) >= (*tokenizer)->vocabularySize())
            std::abort();
        (*tokenizer)->tokenBytes(id);
    }
    if (!moescope::isValidUtf8((*tokenizer)->decode(encoding->ids)))
        std::abort();
    return 0;
}
