// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/task/task_context.h"
#include "core/tokenizer/aligned_text.h"
#include "core/tokenizer/pattern.h"

namespace moescope::tokenization {

/// The member "pre_tokenizer" of a tokenizer.json: steps that cut the text into the pieces the
/// model sees one by one.
class PreTokenizer {
public:
    /// `json` may be null.
    static Result<PreTokenizer> parse(const Json& json, std::string_view source);

    /// Pieces that are added tokens already stay as they are; `text` may be rewritten.
    Status apply(
        AlignedText& text, std::vector<TextPiece>& pieces, const TaskContext& context = {}) const;
    bool isByteLevel() const;

private:
    struct Split {
        Pattern pattern;
        SplitBehavior behavior = SplitBehavior::Isolated;
        bool invert = false;
    };
    struct CharacterSplit {
        bool (*matches)(char32_t) = nullptr;
        SplitBehavior behavior = SplitBehavior::Isolated;
    };
    struct PrefixSpace { };
    struct ByteLevel { };
    struct Metaspace {
        enum class Prepend { First, Never, Always };
        std::string replacement;
        Prepend prepend = Prepend::Always;
    };
    using Step = std::variant<Split, CharacterSplit, PrefixSpace, ByteLevel, Metaspace>;
    using Pieces = std::vector<TextPiece>;

    Status addSteps(const Json& json, std::string_view source);
    Status addSplit(const Json& json, std::string_view source);
    Status addByteLevel(const Json& json, std::string_view source);
    Status addMetaspace(const Json& json, std::string_view source);
    using Context = const TaskContext&;
    static Status run(const Split& step, AlignedText& text, Pieces& pieces, Context context);
    static Status run(
        const CharacterSplit& step, AlignedText& text, Pieces& pieces, Context context);
    static Status run(const PrefixSpace& step, AlignedText& text, Pieces& pieces, Context context);
    static Status run(const ByteLevel& step, AlignedText& text, Pieces& pieces, Context context);
    static Status run(const Metaspace& step, AlignedText& text, Pieces& pieces, Context context);

    std::vector<Step> m_steps;
};

} // namespace moescope::tokenization
