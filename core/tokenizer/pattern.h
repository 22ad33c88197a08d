// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/task/task_context.h"
#include "core/tokenizer/aligned_text.h"

namespace moescope::tokenization {

struct CompiledRegex; ///< the only thing that knows PCRE2

/// What a tokenizer.json searches for: fixed text or a regular expression. Immutable.
class Pattern {
public:
    /// From {"String": "..."} or {"Regex": "..."}; `source` names the file and the rule that holds
    /// it.
    static Result<Pattern> fromJson(const Json& json, std::string_view source);
    static Result<Pattern> literal(std::string text, std::string_view source);
    static Result<Pattern> regex(std::string_view expression, std::string_view source);

private:
    friend class Searcher;
    std::string m_literal;
    std::shared_ptr<const CompiledRegex> m_regex;
    std::string m_source;
};

/// One search after another with the same pattern; holds the working memory and belongs to one
/// thread.
class Searcher {
public:
    /// A search in a long text stops when `context` is asked to.
    explicit Searcher(const Pattern& pattern, const TaskContext* context = nullptr);
    ~Searcher();
    Searcher(const Searcher&) = delete;
    Searcher& operator=(const Searcher&) = delete;

    /// Matches and the gaps between them, in order; they cover `subject` (valid UTF-8).
    Status segments(std::string_view subject, std::vector<Segment>& out);

private:
    struct Memory;
    Status searchRegex(std::string_view subject, std::vector<Segment>& out);
    const Pattern& m_pattern;
    const TaskContext* m_context;
    std::unique_ptr<Memory> m_memory;
};

} // namespace moescope::tokenization
