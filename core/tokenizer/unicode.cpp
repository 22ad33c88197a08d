// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unicode.h"

#include <algorithm>
#include <array>
#include <utility>

#include <utf8proc.h>

#include "core/base/text.h"

namespace moescope::tokenization {

namespace {

utf8proc_category_t category(char32_t c)
{
    return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool within(char32_t c, char32_t first, char32_t last)
{
    return c >= first && c <= last;
}

bool isMark(utf8proc_category_t c)
{
    return c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME;
}

/// A character after decomposition. `consumed` counts the input characters that it stands for: 0
/// for all but the first part of a decomposed character, more than 1 once it was composed.
struct Unit {
    char32_t value = 0;
    std::uint8_t combiningClass = 0;
    std::uint32_t consumed = 0;
};

Unit makeUnit(char32_t c, std::uint32_t consumed)
{
    const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    return {c, static_cast<std::uint8_t>(property->combining_class), consumed};
}

void decompose(char32_t c, bool compatible, std::vector<Unit>& out)
{
    std::array<utf8proc_int32_t, 32> parts{};
    int boundary = 0;
    int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    if (compatible)
        options |= UTF8PROC_COMPAT;
    const utf8proc_ssize_t count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c),
        parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
        static_cast<utf8proc_option_t>(options), &boundary);
    if (count < 1 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
        out.push_back(makeUnit(c, 1));
        return;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        out.push_back(makeUnit(static_cast<char32_t>(parts[i]), i == 0 ? 1 : 0));
}

void orderMarks(std::vector<Unit>& units)
{
    for (auto i = units.begin(); i != units.end();) {
        if (i->combiningClass == 0) {
            ++i;
            continue;
        }
        const auto end
            = std::find_if(i, units.end(), [](const Unit& u) { return u.combiningClass == 0; });
        std::stable_sort(i, end,
            [](const Unit& a, const Unit& b) { return a.combiningClass < b.combiningClass; });
        i = end;
    }
}

/// The character that canonical composition makes of a pair, or 0.
char32_t composePair(char32_t first, const Unit& second)
{
    const char32_t c = second.value;
    const bool jamo = within(c, 0x1161, 0x1175) || within(c, 0x11A8, 0x11C2);
    if (second.combiningClass == 0 && !jamo && (c < 0x300 || !isMark(category(c))))
        return 0;
    std::array<utf8proc_int32_t, 3> pair{
        static_cast<utf8proc_int32_t>(first), static_cast<utf8proc_int32_t>(c), 0};
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return utf8proc_normalize_utf32(pair.data(), 2, options) == 1 ? static_cast<char32_t>(pair[0])
                                                                  : 0;
}

/// Canonical composition of Unicode Standard Annex #15.
void compose(std::vector<Unit>& units)
{
    std::vector<Unit> out;
    out.reserve(units.size());
    std::size_t starter = units.size();
    int blocking = 0;
    for (const Unit& unit : units) {
        if (starter < out.size() && (blocking == 0 || blocking < unit.combiningClass)) {
            if (const char32_t composed = composePair(out[starter].value, unit)) {
                out[starter].value = composed;
                out[starter].consumed += unit.consumed;
                continue;
            }
        }
        blocking = unit.combiningClass;
        if (unit.combiningClass == 0)
            starter = out.size();
        out.push_back(unit);
    }
    units = std::move(out);
}

/// Writes the units in order; each takes the input characters it consumed from `spans` (one a
/// character).
void emit(const std::vector<Unit>& units, const std::vector<ByteSpan>& spans, AlignedText& out)
{
    std::size_t next = 0;
    ByteSpan last = spans.front();
    for (const Unit& unit : units) {
        if (unit.consumed > 0 && next < spans.size()) {
            const std::size_t final = std::min<std::size_t>(next + unit.consumed, spans.size()) - 1;
            out.append(unit.value, {spans[next].begin, spans[final].end});
            last = spans[final];
            next = final + 1;
        } else {
            out.append(unit.value, last);
        }
    }
}

} // namespace

bool isWhitespace(char32_t c)
{
    return within(c, 0x09, 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
        || within(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F
        || c == 0x3000;
}

bool isNumeric(char32_t c)
{
    const auto kind = category(c);
    return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}

bool isPunctuation(char32_t c)
{
    if (c < 0x80)
        return within(c, '!', '/') || within(c, ':', '@') || within(c, '[', '`')
            || within(c, '{', '~');
    const auto kind = category(c);
    return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

bool isWordCharacter(char32_t c)
{
    const auto kind = category(c);
    return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NL)
        || kind == UTF8PROC_CATEGORY_PC || c == 0x200C
        || c == 0x200D
        // Circled and squared Latin letters are symbols, but alphabetic.
        || within(c, 0x24B6, 0x24E9) || within(c, 0x1F130, 0x1F149) || within(c, 0x1F150, 0x1F169)
        || within(c, 0x1F170, 0x1F189);
}

std::optional<std::size_t> firstInvalidUtf8(std::string_view bytes)
{
    for (std::size_t i = 0; i < bytes.size();) {
        if (static_cast<unsigned char>(bytes[i]) < 0x80) {
            ++i;
            continue;
        }
        const CodePoint point = decodeUtf8(bytes, i);
        if (!point.valid)
            return i;
        i += point.bytes;
    }
    return std::nullopt;
}

std::string lossyUtf8(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
        const CodePoint point = decodeUtf8(bytes, i);
        if (point.valid) {
            out.append(bytes, i, point.bytes);
            i += point.bytes;
            continue;
        }
        appendUtf8(out, 0xFFFD);
        const auto lead = static_cast<unsigned char>(bytes[i++]);
        const std::size_t wanted = within(lead, 0xC2, 0xDF) ? 1
            : within(lead, 0xE0, 0xEF)                      ? 2
            : within(lead, 0xF0, 0xF4)                      ? 3
                                                            : 0;
        // The second byte of some leads has a narrower range: overlong forms, surrogates, beyond
        // U+10FFFF.
        unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        for (std::size_t k = 0; k < wanted && i < bytes.size(); ++k, ++i) {
            if (!within(static_cast<unsigned char>(bytes[i]), low, high))
                break;
            low = 0x80, high = 0xBF;
        }
    }
    return out;
}

void normalize(AlignedText& text, NormalForm form)
{
    const bool composes = form == NormalForm::C || form == NormalForm::KC;
    const bool compatible = form == NormalForm::KC || form == NormalForm::KD;
    // Below these nothing changes by itself; only what follows from U+0300 on can be composed with
    // it.
    const char32_t inert = form == NormalForm::C ? 0x300 : 0x80;
    AlignedText out;
    out.reserve(text.text.size());
    std::vector<Unit> units;
    std::vector<ByteSpan> spans;
    const std::string_view source = text.text;
    for (std::size_t i = 0; i < source.size();) {
        const CodePoint point = decodeUtf8(source, i);
        const std::size_t after = i + point.bytes;
        const auto isPlain = [&](std::size_t at) {
            return at == source.size() || decodeUtf8(source, at).value < 0x300;
        };
        if (point.value < inert && isPlain(after)) {
            out.append(text, i, after);
            i = after;
            continue;
        }
        units.clear();
        spans.clear();
        do {
            const CodePoint next = decodeUtf8(source, i);
            decompose(next.value, compatible, units);
            spans.push_back(text.origin(i, i + next.bytes));
            i += next.bytes;
        } while (!isPlain(i));
        orderMarks(units);
        if (composes)
            compose(units);
        emit(units, spans, out);
    }
    text = std::move(out);
}

void toLowercase(AlignedText& text)
{
    AlignedText out;
    out.reserve(text.text.size());
    for (std::size_t i = 0; i < text.text.size();) {
        const CodePoint point = decodeUtf8(text.text, i);
        const ByteSpan span = text.origin(i, i + point.bytes);
        if (point.value == 0x130) // the only character whose lower case is two characters
            out.append("i\xCC\x87", span);
        else
            out.append(
                static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point.value))),
                span);
        i += point.bytes;
    }
    text = std::move(out);
}

} // namespace moescope::tokenization
