// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/tokenizer/pattern.h"

namespace moescope::tokenization {

/// The member "decoder" of a tokenizer.json: steps that turn tokens back into text.
class Decoder {
public:
    /// `json` may be null.
    static Result<Decoder> parse(const Json& json, std::string_view source);

    std::string decode(std::vector<std::string> tokens) const;
    /// The bytes that one token stands for in running text: what belongs to the start or end of a
    /// text is left out.
    std::string bytesOf(std::string_view token) const;
    bool isByteLevel() const;

private:
    struct Replace {
        Pattern pattern;
        std::string content;
    };
    struct Strip {
        std::string content; ///< one character
        std::size_t start = 0;
        std::size_t stop = 0;
    };
    struct Metaspace {
        std::string replacement;
        bool dropFirst = true;
    };
    struct ByteLevel { };
    struct ByteFallback { };
    struct Fuse { };
    using Step = std::variant<Replace, Strip, Metaspace, ByteLevel, ByteFallback, Fuse>;
    using Tokens = std::vector<std::string>;

    Status addSteps(const Json& json, std::string_view source);
    Status addMetaspace(const Json& json, std::string_view source);
    Status addStrip(const Json& json, std::string_view source);
    static void run(const Replace& step, Tokens& tokens);
    static void run(const Strip& step, Tokens& tokens);
    static void run(const Metaspace& step, Tokens& tokens);
    static void run(const ByteLevel& step, Tokens& tokens);
    static void run(const ByteFallback& step, Tokens& tokens);
    static void run(const Fuse& step, Tokens& tokens);

    std::vector<Step> m_steps;
    bool m_given = false; ///< without a decoder tokens are joined by spaces
};

/// The byte that a token such as "<0xE3>" stands for, or -1.
int fallbackByte(std::string_view token);

} // namespace moescope::tokenization
