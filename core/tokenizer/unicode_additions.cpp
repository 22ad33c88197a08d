// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unicode_additions.h"

#include <array>

#include <fmt/format.h>

namespace moescope::tokenization {

namespace {

struct Range {
    char32_t first = 0;
    char32_t last = 0;
    std::string_view category;
};

constexpr std::array kRanges{Range{0x897, 0x897, "Mn"}, Range{0xCF3, 0xCF3, "Mc"},
    Range{0xECE, 0xECE, "Mn"}, Range{0x1B4E, 0x1B4F, "Po"}, Range{0x1B7F, 0x1B7F, "Po"},
    Range{0x1C89, 0x1C89, "Lu"}, Range{0x1C8A, 0x1C8A, "Ll"}, Range{0x2427, 0x2429, "So"},
    Range{0x2FFC, 0x2FFF, "So"}, Range{0x31E4, 0x31E5, "So"}, Range{0x31EF, 0x31EF, "So"},
    Range{0xA7CB, 0xA7CC, "Lu"}, Range{0xA7CD, 0xA7CD, "Ll"}, Range{0xA7DA, 0xA7DA, "Lu"},
    Range{0xA7DB, 0xA7DB, "Ll"}, Range{0xA7DC, 0xA7DC, "Lu"}, Range{0x105C0, 0x105F3, "Lo"},
    Range{0x10D40, 0x10D49, "Nd"}, Range{0x10D4A, 0x10D4D, "Lo"}, Range{0x10D4E, 0x10D4E, "Lm"},
    Range{0x10D4F, 0x10D4F, "Lo"}, Range{0x10D50, 0x10D65, "Lu"}, Range{0x10D69, 0x10D6D, "Mn"},
    Range{0x10D6E, 0x10D6E, "Pd"}, Range{0x10D6F, 0x10D6F, "Lm"}, Range{0x10D70, 0x10D85, "Ll"},
    Range{0x10D8E, 0x10D8F, "Sm"}, Range{0x10EC2, 0x10EC4, "Lo"}, Range{0x10EFC, 0x10EFF, "Mn"},
    Range{0x1123F, 0x11240, "Lo"}, Range{0x11241, 0x11241, "Mn"}, Range{0x11380, 0x11389, "Lo"},
    Range{0x1138B, 0x1138B, "Lo"}, Range{0x1138E, 0x1138E, "Lo"}, Range{0x11390, 0x113B5, "Lo"},
    Range{0x113B7, 0x113B7, "Lo"}, Range{0x113B8, 0x113BA, "Mc"}, Range{0x113BB, 0x113C0, "Mn"},
    Range{0x113C2, 0x113C2, "Mc"}, Range{0x113C5, 0x113C5, "Mc"}, Range{0x113C7, 0x113CA, "Mc"},
    Range{0x113CC, 0x113CD, "Mc"}, Range{0x113CE, 0x113CE, "Mn"}, Range{0x113CF, 0x113CF, "Mc"},
    Range{0x113D0, 0x113D0, "Mn"}, Range{0x113D1, 0x113D1, "Lo"}, Range{0x113D2, 0x113D2, "Mn"},
    Range{0x113D3, 0x113D3, "Lo"}, Range{0x113D4, 0x113D5, "Po"}, Range{0x113D7, 0x113D8, "Po"},
    Range{0x113E1, 0x113E2, "Mn"}, Range{0x116D0, 0x116E3, "Nd"}, Range{0x11B00, 0x11B09, "Po"},
    Range{0x11BC0, 0x11BE0, "Lo"}, Range{0x11BE1, 0x11BE1, "Po"}, Range{0x11BF0, 0x11BF9, "Nd"},
    Range{0x11F00, 0x11F01, "Mn"}, Range{0x11F02, 0x11F02, "Lo"}, Range{0x11F03, 0x11F03, "Mc"},
    Range{0x11F04, 0x11F10, "Lo"}, Range{0x11F12, 0x11F33, "Lo"}, Range{0x11F34, 0x11F35, "Mc"},
    Range{0x11F36, 0x11F3A, "Mn"}, Range{0x11F3E, 0x11F3F, "Mc"}, Range{0x11F40, 0x11F40, "Mn"},
    Range{0x11F41, 0x11F41, "Mc"}, Range{0x11F42, 0x11F42, "Mn"}, Range{0x11F43, 0x11F4F, "Po"},
    Range{0x11F50, 0x11F59, "Nd"}, Range{0x11F5A, 0x11F5A, "Mn"}, Range{0x1342F, 0x1342F, "Lo"},
    Range{0x13439, 0x1343F, "Cf"}, Range{0x13440, 0x13440, "Mn"}, Range{0x13441, 0x13446, "Lo"},
    Range{0x13447, 0x13455, "Mn"}, Range{0x13460, 0x143FA, "Lo"}, Range{0x16100, 0x1611D, "Lo"},
    Range{0x1611E, 0x16129, "Mn"}, Range{0x1612A, 0x1612C, "Mc"}, Range{0x1612D, 0x1612F, "Mn"},
    Range{0x16130, 0x16139, "Nd"}, Range{0x16D40, 0x16D42, "Lm"}, Range{0x16D43, 0x16D6A, "Lo"},
    Range{0x16D6B, 0x16D6C, "Lm"}, Range{0x16D6D, 0x16D6F, "Po"}, Range{0x16D70, 0x16D79, "Nd"},
    Range{0x18CFF, 0x18CFF, "Lo"}, Range{0x1B132, 0x1B132, "Lo"}, Range{0x1B155, 0x1B155, "Lo"},
    Range{0x1CC00, 0x1CCEF, "So"}, Range{0x1CCF0, 0x1CCF9, "Nd"}, Range{0x1CD00, 0x1CEB3, "So"},
    Range{0x1D2C0, 0x1D2D3, "No"}, Range{0x1DF25, 0x1DF2A, "Ll"}, Range{0x1E030, 0x1E06D, "Lm"},
    Range{0x1E08F, 0x1E08F, "Mn"}, Range{0x1E4D0, 0x1E4EA, "Lo"}, Range{0x1E4EB, 0x1E4EB, "Lm"},
    Range{0x1E4EC, 0x1E4EF, "Mn"}, Range{0x1E4F0, 0x1E4F9, "Nd"}, Range{0x1E5D0, 0x1E5ED, "Lo"},
    Range{0x1E5EE, 0x1E5EF, "Mn"}, Range{0x1E5F0, 0x1E5F0, "Lo"}, Range{0x1E5F1, 0x1E5FA, "Nd"},
    Range{0x1E5FF, 0x1E5FF, "Po"}, Range{0x1F6DC, 0x1F6DC, "So"}, Range{0x1F774, 0x1F776, "So"},
    Range{0x1F77B, 0x1F77F, "So"}, Range{0x1F7D9, 0x1F7D9, "So"}, Range{0x1F8B2, 0x1F8BB, "So"},
    Range{0x1F8C0, 0x1F8C1, "So"}, Range{0x1FA75, 0x1FA77, "So"}, Range{0x1FA87, 0x1FA89, "So"},
    Range{0x1FA8F, 0x1FA8F, "So"}, Range{0x1FAAD, 0x1FAAF, "So"}, Range{0x1FABB, 0x1FABF, "So"},
    Range{0x1FAC6, 0x1FAC6, "So"}, Range{0x1FACE, 0x1FACF, "So"}, Range{0x1FADA, 0x1FADC, "So"},
    Range{0x1FADF, 0x1FADF, "So"}, Range{0x1FAE8, 0x1FAE9, "So"}, Range{0x1FAF7, 0x1FAF8, "So"},
    Range{0x1FBCB, 0x1FBEF, "So"}, Range{0x2B739, 0x2B739, "Lo"}, Range{0x2EBF0, 0x2EE5D, "Lo"},
    Range{0x31350, 0x323AF, "Lo"}};

} // namespace

std::string newCharactersOf(std::string_view category)
{
    std::string out;
    char32_t first = 0;
    char32_t last = 0;
    const auto flush = [&] {
        if (last != 0)
            out += fmt::format("\\x{{{:X}}}-\\x{{{:X}}}", static_cast<std::uint32_t>(first),
                static_cast<std::uint32_t>(last));
    };
    for (const Range& range : kRanges) {
        if (!range.category.starts_with(category))
            continue;
        if (last != 0 && range.first == last + 1) {
            last = range.last;
            continue;
        }
        flush();
        first = range.first;
        last = range.last;
    }
    flush();
    return out;
}

} // namespace moescope::tokenization
