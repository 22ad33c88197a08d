// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/json.h"
#include "core/tokenizer/tokenizer.h"

namespace moescope::test {

/// A tokenizer.json to change and load: a vocabulary of single characters and some merges, and
/// nothing else in it.
class TokenizerBuilder {
public:
    /// Ids in order; a merge "a b" adds the token "ab" when it is not there.
    TokenizerBuilder(
        const std::vector<std::string>& tokens, const std::vector<std::string>& merges);

    Json json;
    Json& model() { return json["model"]; }
    /// Parses `text` into a member of the file.
    TokenizerBuilder& set(const std::string& member, std::string_view text);
    void addToken(const std::string& content, const Json& flags = Json::object());

    /// Written to a file of its own and loaded.
    Result<std::shared_ptr<const Tokenizer>> load() const;
};

/// Tokens as text, for readable expectations: "he|llo".
std::string joinTokens(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids);

Result<std::shared_ptr<const Tokenizer>> loadTokenizerText(
    std::string_view text, const std::string& name);

} // namespace moescope::test
