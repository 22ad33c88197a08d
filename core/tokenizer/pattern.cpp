// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pattern.h"

#include <array>
#include <optional>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/regex_translate.h"

namespace moescope::tokenization {

namespace {

template <typename T, void (*release)(T*)>
struct Releaser {
    void operator()(T* object) const { release(object); }
};
template <typename T, void (*release)(T*)>
using Handle = std::unique_ptr<T, Releaser<T, release>>;

using CompileContext = Handle<pcre2_compile_context, pcre2_compile_context_free>;
using MatchContext = Handle<pcre2_match_context, pcre2_match_context_free>;
using MatchData = Handle<pcre2_match_data, pcre2_match_data_free>;
using JitStack = Handle<pcre2_jit_stack, pcre2_jit_stack_free>;

/// Linear scans of huge texts pass; expressions that explode give up after some seconds.
constexpr std::uint32_t kMatchLimit = 200'000'000;
constexpr std::size_t kCheckedMatches = 4096; ///< between two looks at the stop request
constexpr std::size_t kMaxExpression = 64U << 10;
constexpr std::size_t kMaxStack = 32U << 20;

PCRE2_SPTR units(std::string_view text)
{
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

/// Why an expression cannot be compiled; `at` is the byte where PCRE2 gave up.
std::string compileFault(int code, std::string_view expression, std::size_t at)
{
    switch (code) {
    case PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER:
        return "the numbers of a quantifier are out of order";
    case PCRE2_ERROR_QUANTIFIER_TOO_BIG:
        return "a number of a quantifier is too big";
    case PCRE2_ERROR_MISSING_SQUARE_BRACKET:
        return "a character class is not closed";
    case PCRE2_ERROR_CLASS_RANGE_ORDER:
        return "a range of a character class is out of order";
    case PCRE2_ERROR_QUANTIFIER_INVALID:
        return "a quantifier follows nothing that it could repeat";
    case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
        return "a group is not closed";
    case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS:
        return "a \")\" closes no group";
    case PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE:
        return "it refers to a group that does not exist";
    case PCRE2_ERROR_DUPLICATE_SUBPATTERN_NAME:
        return "two groups have the same name";
    case PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP:
        return "its groups are nested too deeply";
    case PCRE2_ERROR_PATTERN_TOO_LARGE:
    case PCRE2_ERROR_PATTERN_TOO_COMPLICATED:
        return "it is too large";
    case PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH:
        return "a lookbehind has no fixed length";
    case PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY:
    case PCRE2_ERROR_MALFORMED_UNICODE_PROPERTY:
        return "it names an unknown Unicode property";
    default:
        break;
    }
    std::size_t characters = 0;
    for (const char byte : expression.substr(0, at))
        characters += (static_cast<unsigned char>(byte) & 0xC0) != 0x80 ? 1 : 0;
    return fmt::format("it cannot be compiled at character {}", characters);
}

std::string matchFault(int code)
{
    switch (code) {
    case PCRE2_ERROR_MATCHLIMIT:
        return "it takes too many steps";
    case PCRE2_ERROR_JIT_STACKLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_NOMEMORY:
        return "it takes too much memory";
    case PCRE2_ERROR_RECURSELOOP:
        return "it calls itself without end";
    default:
        return fmt::format("PCRE2 gives up with the code {}", code);
    }
}

void appendGap(std::size_t begin, std::size_t end, std::vector<Segment>& out)
{
    if (begin < end)
        out.push_back({begin, end, false});
}

} // namespace

struct CompiledRegex {
    Handle<pcre2_code, pcre2_code_free> code;
    bool compiledToMachineCode = false;
};

struct Searcher::Memory {
    MatchData match;
    MatchContext context;
    JitStack stack;
};

Result<Pattern> Pattern::regex(std::string_view expression, std::string_view source)
{
    if (expression.size() > kMaxExpression)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is a regular expression of {}; at most {} are allowed.", source,
                formatBytes(expression.size()), formatBytes(kMaxExpression)));
    MOESCOPE_TRY(const std::string translated, translateRegex(expression, source));

    const CompileContext context(pcre2_compile_context_create(nullptr));
    if (!context)
        return fail(ErrorCode::OutOfMemory, "There is not enough memory for a regular expression.");
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int code = 0;
    std::size_t offset = 0;
    auto compiled = std::make_shared<CompiledRegex>();
    compiled->code.reset(pcre2_compile(units(translated), translated.size(),
        PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code, &offset,
        context.get()));
    if (!compiled->code)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is not a valid regular expression: {}.", source,
                compileFault(code, translated, offset)));
    // Where machine code may not be made, the interpreter does the same more slowly.
    compiled->compiledToMachineCode
        = pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE) == 0;

    Pattern result;
    result.m_regex = std::move(compiled);
    result.m_source = source;
    return result;
}

Result<Pattern> Pattern::literal(std::string text, std::string_view source)
{
    if (text.empty()) // found between any two characters
        return regex("", source);
    Pattern result;
    result.m_literal = std::move(text);
    result.m_source = source;
    return result;
}

Result<Pattern> Pattern::fromJson(const Json& json, std::string_view source)
{
    if (json.is_object()) {
        MOESCOPE_TRY(const auto text, jsonOptionalString(json, "String", source));
        if (text)
            return literal(*text, source);
        MOESCOPE_TRY(const auto expression, jsonOptionalString(json, "Regex", source));
        if (expression)
            return regex(*expression, source);
    }
    return fail(
        ErrorCode::BadFormat, fmt::format("{} has neither a \"String\" nor a \"Regex\".", source));
}

Searcher::Searcher(const Pattern& pattern, const TaskContext* context)
    : m_pattern(pattern)
    , m_context(context)
{
}

Searcher::~Searcher() = default;

Status Searcher::segments(std::string_view subject, std::vector<Segment>& out)
{
    out.clear();
    if (m_pattern.m_regex)
        return searchRegex(subject, out);
    const std::string& wanted = m_pattern.m_literal;
    std::size_t last = 0;
    for (std::size_t at = subject.find(wanted); at != subject.npos;
         at = subject.find(wanted, last)) {
        appendGap(last, at, out);
        last = at + wanted.size();
        out.push_back({at, last, true});
    }
    appendGap(last, subject.size(), out);
    return {};
}

Status Searcher::searchRegex(std::string_view subject, std::vector<Segment>& out)
{
    if (subject.empty())
        return {};
    const CompiledRegex& regex = *m_pattern.m_regex;
    if (!m_memory) {
        auto memory = std::make_unique<Memory>();
        memory->match.reset(pcre2_match_data_create(1, nullptr));
        memory->context.reset(pcre2_match_context_create(nullptr));
        memory->stack.reset(pcre2_jit_stack_create(64U << 10, kMaxStack, nullptr));
        if (!memory->match || !memory->context || !memory->stack)
            return fail(ErrorCode::OutOfMemory, "There is not enough memory to search the text.");
        pcre2_set_match_limit(memory->context.get(), kMatchLimit);
        pcre2_jit_stack_assign(memory->context.get(), nullptr, memory->stack.get());
        m_memory = std::move(memory);
    }
    // The text was checked once; checking it again at every match would take quadratic time.
    const auto match = regex.compiledToMachineCode ? pcre2_jit_match : pcre2_match;
    std::size_t at = 0;
    std::size_t last = 0;
    std::optional<std::size_t> lastMatchEnd;
    for (std::size_t count = 0; at <= subject.size(); ++count) {
        if (m_context && count % kCheckedMatches == 0)
            MOESCOPE_CHECK(m_context->check());
        const int code = match(regex.code.get(), units(subject), subject.size(), at,
            PCRE2_NO_UTF_CHECK, m_memory->match.get(), m_memory->context.get());
        if (code == PCRE2_ERROR_NOMATCH)
            break;
        if (code < 0)
            return fail(ErrorCode::BadFormat,
                fmt::format("{} cannot be applied to this text: {}.", m_pattern.m_source,
                    matchFault(code)));
        const std::size_t* range = pcre2_get_ovector_pointer(m_memory->match.get());
        const std::size_t begin = range[0];
        const std::size_t end = range[1];
        if (begin > end || begin < last)
            return fail(ErrorCode::Unsupported,
                fmt::format(
                    "{} moves the ends of its match, which is not supported.", m_pattern.m_source));
        // An empty match right after the last match does not count.
        if (begin == end && lastMatchEnd == end) {
            at += at < subject.size() ? decodeUtf8(subject, at).bytes : 1;
            continue;
        }
        appendGap(last, begin, out);
        out.push_back({begin, end, true});
        last = at = end;
        lastMatchEnd = end;
    }
    appendGap(last, subject.size(), out);
    return {};
}

} // namespace moescope::tokenization
