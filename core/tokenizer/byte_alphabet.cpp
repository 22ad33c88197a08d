// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_alphabet.h"

#include <array>

#include "core/base/text.h"

namespace moescope::tokenization {

namespace {

struct Alphabet {
    Alphabet()
    {
        bytes.fill(-1);
        char32_t next = 0x100;
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
            const char32_t character = printable ? static_cast<char32_t>(byte) : next++;
            appendUtf8(characters[byte], character);
            bytes[character] = static_cast<int>(byte);
        }
    }
    std::array<std::string, 256> characters;
    std::array<int, 0x200> bytes{};
};

const Alphabet& alphabet()
{
    static const Alphabet instance;
    return instance;
}

} // namespace

std::string_view byteCharacter(unsigned char byte)
{
    return alphabet().characters[byte];
}

std::optional<std::string> bytesOfCharacters(std::string_view token)
{
    std::string out;
    out.reserve(token.size());
    const auto& bytes = alphabet().bytes;
    for (std::size_t i = 0; i < token.size();) {
        const CodePoint point = decodeUtf8(token, i);
        if (point.value >= bytes.size() || bytes[point.value] < 0)
            return std::nullopt;
        out += static_cast<char>(bytes[point.value]);
        i += point.bytes;
    }
    return out;
}

} // namespace moescope::tokenization
