// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/word_lists.h"

#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace moescope {

namespace {

constexpr std::string_view kHard
    = "def elif lambda nonlocal async const fn impl mut struct enum func typedef namespace endif";
constexpr std::string_view kSoft = "await if else for while return class import from try except "
                                   "finally with as in is not and or "
                                   "pass break continue raise yield global assert del switch case "
                                   "default do goto new this public "
                                   "private static void function let var match use pub trait "
                                   "package interface type extends export "
                                   "throw catch";
constexpr std::string_view kSql
    = "SELECT FROM WHERE INSERT UPDATE DELETE CREATE TABLE JOIN GROUP ORDER BY";
constexpr std::string_view kTypes = "int str float bool list dict set tuple bytes string number "
                                    "char double long short vec i32 i64 u8 "
                                    "u32 usize size_t Any Optional Union List Dict";
constexpr std::string_view kLiterals = "True False true false None null nil NULL undefined NaN";
constexpr std::string_view kCallsForVerb = "i you he she it we they who";
constexpr std::string_view kCallsForNoun
    = "a an the my your his her its our their this that these those";

/// The first list that holds a word wins.
constexpr std::array<std::pair<TokenType, std::string_view>, 15> kClosedLists{{
    {TokenType::As, "as"},
    {TokenType::To, "to"},
    {TokenType::Than, "than"},
    {TokenType::Syn,
        "means mean equals equal same like similar equivalent synonym synonymous alias identical"},
    {TokenType::Ant,
        "versus vs against opposite opposites unlike contrary contrast contrasts antonym opposed"},
    {TokenType::Cause,
        "because since therefore thus hence consequently accordingly so due thereby cause causes "
        "caused"},
    {TokenType::Cond,
        "if unless when whenever whether while although though provided providing assuming "
        "supposing "
        "given otherwise"},
    {TokenType::Qw, "what who whom whose where why how which"},
    {TokenType::Ans, "yes maybe perhaps probably definitely certainly"},
    {TokenType::Neg, "not no never nothing neither nobody nowhere without cannot"},
    {TokenType::Time,
        "now then before after during yesterday today tomorrow tonight always sometimes often "
        "usually "
        "soon later earlier ago until till already meanwhile recently eventually"},
    {TokenType::Quant, "all some many few most every each any both several half much enough"},
    {TokenType::Comp, "more less least better worse fewer greater further"},
    {TokenType::Coord, "and or but yet nor"},
    {TokenType::Func,
        "a an the this that these those of in on at by with from into onto over under between "
        "through "
        "about above below near off out up down for per via upon within toward towards across "
        "along "
        "around behind beside beyond among is am are was were be been being has have had having do "
        "does did will would can could shall should may might must it he she they we you i me him "
        "her "
        "us them my your his its our their there it's that's he's she's i'm we're they're you're"},
}};

template <typename Use>
void forEachWord(std::string_view words, Use use)
{
    while (!words.empty()) {
        const std::size_t length = words.find(' ');
        use(words.substr(0, length));
        words.remove_prefix(length == std::string_view::npos ? words.size() : length + 1);
    }
}

using WordSet = std::unordered_set<std::string_view>;

WordSet makeSet(std::string_view words)
{
    WordSet set;
    forEachWord(words, [&](std::string_view word) { set.insert(word); });
    return set;
}

std::unordered_map<std::string_view, TokenType> makeClosedLists()
{
    std::unordered_map<std::string_view, TokenType> map;
    for (const auto& [type, words] : kClosedLists)
        forEachWord(words, [&, t = type](std::string_view word) { map.emplace(word, t); });
    return map;
}

} // namespace

bool isHardKeyword(std::string_view word)
{
    static const WordSet set = makeSet(kHard);
    return set.contains(word);
}

bool isSoftKeyword(std::string_view word)
{
    static const WordSet set = makeSet(kSoft);
    return set.contains(word);
}

bool isSqlKeyword(std::string_view word)
{
    static const WordSet set = makeSet(kSql);
    return set.contains(word);
}

bool isTypeName(std::string_view word)
{
    static const WordSet set = makeSet(kTypes);
    return set.contains(word);
}

bool isLiteralName(std::string_view word)
{
    static const WordSet set = makeSet(kLiterals);
    return set.contains(word);
}

std::optional<TokenType> closedListType(std::string_view folded)
{
    static const auto lists = makeClosedLists();
    if (const auto found = lists.find(folded); found != lists.end())
        return found->second;
    if (folded.size() > 3 && folded.ends_with("n't"))
        return TokenType::Neg;
    return std::nullopt;
}

bool callsForVerb(std::string_view folded)
{
    static const WordSet set = makeSet(kCallsForVerb);
    return set.contains(folded);
}

bool callsForNoun(std::string_view folded)
{
    static const WordSet set = makeSet(kCallsForNoun);
    return set.contains(folded);
}

} // namespace moescope
