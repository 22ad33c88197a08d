// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/lexicon.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/io/file_write.h"

namespace moescope {

namespace {

constexpr std::string_view kMagic = "moescope-lexicon 1 ";
constexpr std::size_t kMaxBytes = 16U << 20;
constexpr std::string_view kPartLetters = "nvar";
enum Part : std::size_t { Noun, Verb, Adj, Adv };

struct Detachment {
    Part part;
    std::string_view ending;
    std::string_view replacement;
};
constexpr std::array<Detachment, 20> kDetachments{{
    {Noun, "s", ""},
    {Noun, "ses", "s"},
    {Noun, "xes", "x"},
    {Noun, "zes", "z"},
    {Noun, "ches", "ch"},
    {Noun, "shes", "sh"},
    {Noun, "men", "man"},
    {Noun, "ies", "y"},
    {Verb, "s", ""},
    {Verb, "ies", "y"},
    {Verb, "es", "e"},
    {Verb, "es", ""},
    {Verb, "ed", "e"},
    {Verb, "ed", ""},
    {Verb, "ing", "e"},
    {Verb, "ing", ""},
    {Adj, "er", ""},
    {Adj, "est", ""},
    {Adj, "er", "e"},
    {Adj, "est", "e"},
}};

bool isLemma(std::string_view word)
{
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || c == '-';
    });
}

/// How often a base form is tagged, then its number of synsets: compared in this order.
using Score = std::pair<std::uint32_t, std::uint32_t>;

/// One field after the word: "n5,123" or "v=leave".
struct Field {
    std::size_t part = 0;
    Score score;
    std::string_view base; ///< empty when the word itself is indexed
};

std::optional<Field> parseField(std::string_view text)
{
    const std::size_t part
        = text.empty() ? std::string_view::npos : kPartLetters.find(text.front());
    if (part == std::string_view::npos || text.size() < 2)
        return std::nullopt;
    Field field{part, {}, {}};
    if (text[1] == '=') {
        field.base = text.substr(2);
        return isLemma(field.base) ? std::optional(field) : std::nullopt;
    }
    const char* const end = text.data() + text.size();
    auto parsed = std::from_chars(text.data() + 1, end, field.score.second);
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == ',')
        parsed = std::from_chars(parsed.ptr + 1, end, field.score.first);
    if (parsed.ec != std::errc() || parsed.ptr != end || field.score.second == 0)
        return std::nullopt;
    return field;
}

/// Cuts the text up to the next separator off the front of `rest`.
std::string_view take(std::string_view& rest, char separator)
{
    const std::size_t length = std::min(rest.find(separator), rest.size());
    const std::string_view head = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    return head;
}

bool isEntry(std::string_view line)
{
    if (line.ends_with(' ') || !isLemma(take(line, ' ')) || line.empty())
        return false;
    while (!line.empty()) {
        if (!parseField(take(line, ' ')))
            return false;
    }
    return true;
}

} // namespace

/// The file itself, and where each word's line begins.
struct Lexicon::Data {
    std::string text;
    std::vector<std::uint32_t> lines;

    std::string_view line(std::size_t index) const
    {
        const std::string_view rest = std::string_view(text).substr(lines[index]);
        return rest.substr(0, rest.find('\n'));
    }

    static std::string_view wordOf(std::string_view line) { return line.substr(0, line.find(' ')); }

    /// The fields after `word`; nothing when it has no line.
    std::string_view find(std::string_view word) const
    {
        std::size_t low = 0;
        std::size_t high = lines.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (wordOf(line(middle)) < word)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == lines.size())
            return {};
        std::string_view found = line(low);
        return take(found, ' ') == word ? found : std::string_view();
    }

    /// Raises `scores` by the word's own index entry in the parts of speech that `wanted` admits.
    template <typename Wanted>
    void score(std::string_view fields, std::array<Score, 4>& scores, Wanted wanted) const
    {
        while (!fields.empty()) {
            const auto field = parseField(take(fields, ' '));
            if (field && field->base.empty() && wanted(field->part))
                scores[field->part] = std::max(scores[field->part], field->score);
        }
    }

    std::array<Score, 4> scores(std::string_view word) const
    {
        std::array<Score, 4> result{};
        const std::string_view own = find(word);
        score(own, result, [](std::size_t) { return true; });
        for (std::string_view rest = own; !rest.empty();) {
            const auto field = parseField(take(rest, ' '));
            if (field && !field->base.empty())
                score(find(field->base), result,
                    [&](std::size_t part) { return part == field->part; });
        }
        std::string base;
        for (const Detachment& rule : kDetachments) {
            if (!word.ends_with(rule.ending) || word.size() < rule.ending.size() + 2)
                continue;
            base.assign(word.substr(0, word.size() - rule.ending.size())).append(rule.replacement);
            score(find(base), result, [&](std::size_t part) { return part == rule.part; });
        }
        return result;
    }
};

Lexicon::Lexicon(std::unique_ptr<Data> data)
    : m_data(std::move(data))
{
}

Lexicon::~Lexicon() = default;

Result<std::shared_ptr<const Lexicon>> Lexicon::load(const std::filesystem::path& resources)
{
    const std::filesystem::path path = resources / "lexicon" / "wordnet.txt";
    const auto broken = [&](std::string_view what) {
        return fail(ErrorCode::BadFormat, fmt::format("{}: {}.", path.string(), what));
    };
    auto data = std::make_unique<Data>();
    MOESCOPE_TRY(data->text, readTextFile(path, kMaxBytes));
    std::string_view rest = data->text;
    std::size_t expected = 0;
    std::string_view first = take(rest, '\n');
    if (!first.starts_with(kMagic))
        return broken("not a lexicon of this program, the first line should begin with "
                      "\"moescope-lexicon 1\"");
    first.remove_prefix(kMagic.size());
    const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), expected);
    if (error != std::errc() || end != first.data() + first.size())
        return broken("the number of words in the first line is broken");
    if (!data->text.ends_with('\n'))
        return broken("cut off inside its last line");
    data->lines.reserve(std::min(expected, rest.size() / 4));
    std::string_view previous;
    while (!rest.empty()) {
        const auto begin = static_cast<std::uint32_t>(data->text.size() - rest.size());
        const std::string_view line = take(rest, '\n');
        if (line.starts_with('#'))
            continue;
        const std::string_view word = Data::wordOf(line);
        if (!isEntry(line))
            return broken(fmt::format("no valid entry at byte {}", begin));
        if (word <= previous)
            return broken(fmt::format("the words are not sorted at byte {}", begin));
        previous = word;
        data->lines.push_back(begin);
    }
    if (data->lines.size() != expected)
        return broken(fmt::format(
            "it holds {} words and its first line says {}", data->lines.size(), expected));
    return std::shared_ptr<const Lexicon>(new Lexicon(std::move(data)));
}

Lexicon::Reading Lexicon::read(std::string_view word) const
{
    const std::array<Score, 4> scores = m_data->scores(word);
    Reading reading;
    std::optional<std::size_t> best;
    // Equal scores: the earlier of noun, adjective, verb, adverb wins.
    for (const std::size_t part : {Noun, Adj, Verb, Adv}) {
        reading.has[part] = scores[part] != Score{};
        if (reading.has[part] && (!best || scores[part] > scores[*best]))
            best = part;
    }
    if (best) {
        static constexpr std::array<TokenType, 4> types
            = {TokenType::Noun, TokenType::Verb, TokenType::Adj, TokenType::Adv};
        reading.known = true;
        reading.best = types[*best];
    }
    return reading;
}

} // namespace moescope
