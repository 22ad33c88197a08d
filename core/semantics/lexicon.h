// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/semantics/token_types.h"

namespace moescope {

/// Parts of speech from WordNet's index, exception and frequency files (EXPERIMENTS section 1.5). Immutable.
class Lexicon {
public:
    /// Reads `resources`/lexicon.
    static Result<std::shared_ptr<const Lexicon>> load(const std::filesystem::path& resources);
    ~Lexicon();

    struct Reading {
        bool known = false; ///< some part of speech exists
        TokenType best = TokenType::Cw; ///< Noun, Verb, Adj or Adv when known
        std::array<bool, 4> has {}; ///< noun, verb, adj, adv
    };
    /// `word` in lower case.
    Reading read(std::string_view word) const;

private:
    struct Data;
    explicit Lexicon(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

} // namespace moescope
