// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/regex_translate.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/tokenizer/regex_sets.h"

namespace moescope::tokenization {

namespace {

/// \b, or \B, between the characters that Oniguruma takes for a word's.
std::string wordBoundary(bool negated)
{
    const std::string word = shorthandSet('w', false)->expression();
    const std::string same = fmt::format("(?:(?<={0})(?={0})|(?<!{0})(?!{0}))", word);
    return negated ? same : "(?!" + same + ")";
}

class Translator {
public:
    Translator(std::string_view pattern, std::string_view source)
        : m_pattern(pattern)
        , m_source(source)
    {
    }

    Result<std::string> run()
    {
        if (m_pattern.starts_with("(*"))
            return unsupported("a control verb at its start");
        while (m_at < m_pattern.size()) {
            switch (const char c = m_pattern[m_at]) {
            case '\\': {
                MOESCOPE_TRY(const auto set, readEscape(false));
                m_out += set ? set->expression() : std::exchange(m_literal, {});
                break;
            }
            case '[': {
                MOESCOPE_TRY(const std::string expression, readClass(0));
                m_out += expression;
                break;
            }
            case '(':
                MOESCOPE_CHECK(readGroupStart());
                break;
            case '{':
                // {,n} means {0,n} here, but would be literal text to PCRE2.
                m_out += m_pattern.substr(m_at).starts_with("{,") ? "{0" : "{";
                ++m_at;
                break;
            default:
                m_out += c;
                ++m_at;
            }
        }
        return std::move(m_out);
    }

private:
    tl::unexpected<Error> unsupported(std::string_view what) const
    {
        return fail(ErrorCode::Unsupported,
            fmt::format("{} uses {}, which is not supported.", m_source, what));
    }
    tl::unexpected<Error> broken(std::string_view what) const
    {
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is not a valid regular expression: {}.", m_source, what));
    }
    bool next(std::string_view text) const { return m_pattern.substr(m_at).starts_with(text); }

    /// Copies "(", or "(?" with options in which m (dot matches newlines) becomes s.
    Status readGroupStart()
    {
        if (next("(*"))
            return unsupported("a control verb");
        m_out += '(';
        ++m_at;
        if (!next("?"))
            return {};
        const std::size_t end = m_pattern.find_first_not_of("imx-", m_at + 1);
        const bool options = end != m_pattern.npos && end > m_at + 1
            && (m_pattern[end] == ':' || m_pattern[end] == ')');
        if (!options)
            return {};
        for (; m_at < end; ++m_at)
            m_out += m_pattern[m_at] == 'm' ? 's' : m_pattern[m_at];
        return {};
    }

    /// Reads an escape. A set of characters is returned; anything else goes to m_literal as PCRE2
    /// reads it.
    Result<std::optional<CharacterSet>> readEscape(bool inClass)
    {
        if (m_at + 1 >= m_pattern.size())
            return broken("it ends in a backslash");
        const char kind = m_pattern[m_at + 1];
        m_at += 2;
        if (auto set = shorthandSet(kind, inClass))
            return set;
        switch (kind) {
        case 'p':
        case 'P':
            return readProperty(kind == 'P');
        case 'b':
        case 'B':
            m_literal = inClass ? "\\x{8}" : wordBoundary(kind == 'B');
            return std::nullopt;
        case 'O':
            m_literal = "(?s:.)";
            return std::nullopt;
        case 'y':
        case 'Y':
        case 'g':
        case 'k':
        case 'C':
        case 'Q':
        case 'E':
            return unsupported(fmt::format("\\{}", kind));
        case 'u': {
            if (m_at + 4 > m_pattern.size())
                return broken("\\u needs four hexadecimal digits");
            m_literal = fmt::format("\\x{{{}}}", m_pattern.substr(m_at, 4));
            m_at += 4;
            return std::nullopt;
        }
        default:
            m_literal = {'\\', kind};
            return std::nullopt;
        }
    }

    Result<std::optional<CharacterSet>> readProperty(bool negated)
    {
        const std::size_t close = m_pattern.find('}', m_at);
        if (!next("{") || close == m_pattern.npos)
            return broken("\\p needs a name in braces");
        std::string_view name = m_pattern.substr(m_at + 1, close - m_at - 1);
        m_at = close + 1;
        if (name.starts_with('^')) {
            negated = !negated;
            name.remove_prefix(1);
        }
        std::string key;
        for (const char c : name) {
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (letter)
                key += static_cast<char>(c | 0x20);
            else if (c != ' ' && c != '_' && c != '-' && (c < '0' || c > '9'))
                return broken(fmt::format("\\p{{{}}} is no property", toValidUtf8(name)));
        }
        if (const auto set = namedSet(key, negated))
            return set;
        // Anything else is a script; PCRE2 would take the bare name as the script's extensions.
        return CharacterSet{fmt::format("\\p{{sc:{}}}", name), negated};
    }

    /// "[:name:]" inside a class.
    Result<std::optional<CharacterSet>> readPosixClass()
    {
        const std::size_t close = m_pattern.find(":]", m_at + 2);
        if (!next("[:") || close == m_pattern.npos)
            return std::nullopt;
        std::string_view name = m_pattern.substr(m_at + 2, close - m_at - 2);
        const bool negated = name.starts_with('^');
        name.remove_prefix(negated ? 1 : 0);
        if (auto set = namedSet(std::string(name), negated)) {
            m_at = close + 2;
            return set;
        }
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == name.npos)
            return unsupported(fmt::format("[:{}:]", name));
        return std::nullopt;
    }

    /// Reads "[...]" and returns an expression for one character.
    Result<std::string> readClass(int depth)
    {
        if (depth > 16)
            return unsupported("character classes nested deeper than 16");
        ++m_at;
        const bool negated = next("^");
        m_at += negated ? 1 : 0;
        std::vector<std::string> operands; // of &&
        std::string content;
        std::vector<std::string> others; // what a plain class cannot hold
        const auto closeOperand = [&] {
            if (!content.empty())
                others.insert(others.begin(), "[" + content + "]");
            std::string all = others.empty() ? "(?!)" : others[0];
            for (std::size_t i = 1; i < others.size(); ++i)
                all += "|" + others[i];
            operands.push_back(others.size() > 1 ? "(?:" + all + ")" : all);
            content.clear();
            others.clear();
        };
        bool first = true;
        while (m_at < m_pattern.size()) {
            const char c = m_pattern[m_at];
            if (c == ']' && !first) {
                ++m_at;
                if (operands.empty() && others.empty())
                    return (negated ? "[^" : "[") + content + "]";
                closeOperand();
                return combine(operands, negated);
            }
            first = false;
            if (next("&&")) {
                m_at += 2;
                closeOperand();
            } else if (c == '\\') {
                MOESCOPE_TRY(const auto set, readEscape(true));
                add(set, content, others);
            } else if (c == '[') {
                MOESCOPE_TRY(const auto posix, readPosixClass());
                if (posix) {
                    add(posix, content, others);
                } else {
                    MOESCOPE_TRY(std::string nested, readClass(depth + 1));
                    others.push_back(std::move(nested));
                }
            } else {
                content += c == '^' ? "\\^" : std::string(1, c);
                ++m_at;
            }
        }
        return broken("a character class is not closed");
    }

    void add(const std::optional<CharacterSet>& set, std::string& content,
        std::vector<std::string>& others)
    {
        if (!set)
            content += m_literal;
        else if (!set->negated)
            content += set->content;
        else if (set->content.starts_with("\\p{")
            && set->content.find('}') + 1 == set->content.size())
            content += "\\P" + set->content.substr(2);
        else
            others.push_back(set->expression());
    }

    /// A character that is in all operands (or, negated, in not all of them).
    static std::string combine(const std::vector<std::string>& operands, bool negated)
    {
        std::string test;
        for (std::size_t i = 0; i + 1 < operands.size(); ++i)
            test += "(?=" + operands[i] + ")";
        test += operands.back();
        return negated ? "(?:(?!" + test + ")(?s:.))" : "(?:" + test + ")";
    }

    std::string_view m_pattern;
    std::string_view m_source;
    std::size_t m_at = 0;
    std::string m_out;
    std::string m_literal;
};

} // namespace

Result<std::string> translateRegex(std::string_view pattern, std::string_view source)
{
    return Translator(pattern, source).run();
}

} // namespace moescope::tokenization
