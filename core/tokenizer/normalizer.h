// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/tokenizer/aligned_text.h"
#include "core/tokenizer/pattern.h"
#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

/// The member "normalizer" of a tokenizer.json: steps that rewrite the text before it is split.
class Normalizer {
public:
    /// `json` may be null.
    static Result<Normalizer> parse(const Json& json, std::string_view source);

    bool empty() const { return m_steps.empty(); }
    /// Refuses steps that make the text very much longer: those of a hostile file.
    Status apply(AlignedText& text) const;

private:
    struct Prepend {
        std::string text;
    };
    struct Replace {
        Pattern pattern;
        std::string content;
    };
    struct Strip {
        bool left = false;
        bool right = false;
    };
    struct Lowercase { };
    using Step = std::variant<Prepend, Replace, Strip, Lowercase, NormalForm>;

    Status addSteps(const Json& json, std::string_view source);
    // `most`: bytes after which a text is refused.
    static Status run(const Prepend& step, AlignedText& text, std::size_t most);
    static Status run(const Replace& step, AlignedText& text, std::size_t most);
    static Status run(const Strip& step, AlignedText& text, std::size_t most);
    static Status run(const Lowercase& step, AlignedText& text, std::size_t most);
    static Status run(NormalForm step, AlignedText& text, std::size_t most);

    std::vector<Step> m_steps;
    std::string m_source; ///< the file, for its refusals
};

} // namespace moescope::tokenization
