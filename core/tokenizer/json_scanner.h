// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace moescope::tokenization {

/// Walks through JSON text without building a tree: a tokenizer.json has hundreds of thousands of
/// entries in two members
/// ("vocab" and "merges"), everything else in it is small. The text must be valid UTF-8. Errors
/// name source and byte.
class JsonScanner {
public:
    JsonScanner(std::string_view text, std::string_view source)
        : m_text(text)
        , m_source(source)
    {
    }

    /// Calls `member(key)` at each value of the object that stands here; it must read or skip the
    /// value.
    template <typename F>
    Status forEachMember(F&& member)
    {
        MOESCOPE_CHECK(expect('{', "an object"));
        if (take('}'))
            return {};
        std::string key;
        do {
            MOESCOPE_CHECK(readString(key));
            MOESCOPE_CHECK(expect(':', "a colon"));
            MOESCOPE_CHECK(member(std::as_const(key)));
        } while (take(','));
        return expect('}', "a comma or the end of the object");
    }

    template <typename F>
    Status forEachElement(F&& element)
    {
        MOESCOPE_CHECK(expect('[', "an array"));
        if (take(']'))
            return {};
        do {
            MOESCOPE_CHECK(element());
        } while (take(','));
        return expect(']', "a comma or the end of the array");
    }

    bool atString() { return peek() == '"'; }
    Status readString(std::string& out);
    Status readInteger(std::int64_t& out);
    /// Text of the value that stands here. Only its brackets and strings are looked at.
    Result<std::string_view> skipValue();
    /// Nothing but white space may follow.
    Status expectEnd();
    tl::unexpected<Error> error(std::string_view problem) const;

private:
    char peek();
    bool take(char c);
    Status expect(char c, std::string_view what);
    Status readEscape(std::string& out);
    Result<std::uint32_t> readHex();
    Status skipString();

    std::string_view m_text;
    std::string_view m_source;
    std::size_t m_at = 0;
};

} // namespace moescope::tokenization
