// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/json_fields.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

namespace {

/// How GPT-2 split: contractions, then words, numbers and other signs each with a space before
/// them, then white space.
constexpr std::string_view kGpt2Words
    = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kWords = R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}]+)"
                                    R"(|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}\s]+)";

Result<SplitBehavior> readBehavior(const Json& json, std::string_view source)
{
    constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5> kBehaviors{
        {{"Removed", SplitBehavior::Removed}, {"Isolated", SplitBehavior::Isolated},
            {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
            {"MergedWithNext", SplitBehavior::MergedWithNext},
            {"Contiguous", SplitBehavior::Contiguous}}};
    MOESCOPE_TRY(const std::string name, requiredString(json, "behavior", source));
    for (const auto& [known, behavior] : kBehaviors)
        if (known == name)
            return behavior;
    return fail(ErrorCode::Unsupported,
        fmt::format(
            "{} has the behavior \"{}\", which is not supported.", source, quoteToken(name)));
}

std::string_view textOf(const AlignedText& text, const TextPiece& piece)
{
    return std::string_view(text.text).substr(piece.begin, piece.end - piece.begin);
}

/// Cuts every piece that is no added token.
template <typename Search>
Status cutPieces(const AlignedText& text, std::vector<TextPiece>& pieces, SplitBehavior behavior,
    const TaskContext& context, Search search)
{
    std::vector<TextPiece> out;
    out.reserve(pieces.size());
    std::vector<Segment> segments;
    for (const TextPiece& piece : pieces) {
        if (piece.added >= 0) {
            out.push_back(piece);
            continue;
        }
        MOESCOPE_CHECK(context.check());
        MOESCOPE_CHECK(search(textOf(text, piece), segments));
        cutPiece(piece, segments, behavior, out);
    }
    pieces = std::move(out);
    return {};
}

/// Writes a new text piece by piece; `write(piece, out)` appends what becomes of one.
template <typename Write>
Status rewritePieces(
    AlignedText& text, std::vector<TextPiece>& pieces, const TaskContext& context, Write write)
{
    AlignedText out;
    out.reserve(text.text.size());
    for (TextPiece& piece : pieces) {
        MOESCOPE_CHECK(context.check());
        const std::size_t begin = out.text.size();
        if (piece.added >= 0)
            out.append(text, piece.begin, piece.end);
        else
            write(std::as_const(piece), out);
        piece.begin = begin;
        piece.end = out.text.size();
    }
    text = std::move(out);
    return {};
}

} // namespace

Result<PreTokenizer> PreTokenizer::parse(const Json& json, std::string_view source)
{
    PreTokenizer result;
    if (!json.is_null())
        MOESCOPE_CHECK(result.addSteps(json, source));
    return result;
}

Status PreTokenizer::addSteps(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const std::string type, typeOf(json, source));
    if (type == "Sequence") {
        MOESCOPE_TRY(const Json* list, requiredArray(json, "pretokenizers", source));
        for (const Json& item : *list)
            MOESCOPE_CHECK(addSteps(item, source));
        return {};
    }
    if (type == "Split")
        return addSplit(json, source);
    if (type == "ByteLevel")
        return addByteLevel(json, source);
    if (type == "Metaspace")
        return addMetaspace(json, source);
    if (type == "Digits") {
        MOESCOPE_TRY(const bool single, requiredBool(json, "individual_digits", source));
        m_steps.emplace_back(CharacterSplit{
            isNumeric, single ? SplitBehavior::Isolated : SplitBehavior::Contiguous});
    } else if (type == "Punctuation") {
        SplitBehavior behavior = SplitBehavior::Isolated;
        if (json.contains("behavior")) {
            MOESCOPE_TRY(behavior, readBehavior(json, source));
        }
        m_steps.emplace_back(CharacterSplit{isPunctuation, behavior});
    } else if (type == "WhitespaceSplit") {
        m_steps.emplace_back(CharacterSplit{isWhitespace, SplitBehavior::Removed});
    } else if (type == "Whitespace") {
        MOESCOPE_TRY(Pattern words, Pattern::regex(kWords, source));
        m_steps.emplace_back(Split{std::move(words), SplitBehavior::Removed, true});
    } else {
        return unsupportedType(type, source);
    }
    return {};
}

Status PreTokenizer::addSplit(const Json& json, std::string_view source)
{
    const auto pattern = json.find("pattern");
    MOESCOPE_TRY(
        Pattern compiled, Pattern::fromJson(pattern == json.end() ? Json() : *pattern, source));
    MOESCOPE_TRY(const SplitBehavior behavior, readBehavior(json, source));
    MOESCOPE_TRY(const auto invert, jsonOptionalBool(json, "invert", source));
    m_steps.emplace_back(Split{std::move(compiled), behavior, invert.value_or(false)});
    return {};
}

Status PreTokenizer::addByteLevel(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto prefix, jsonOptionalBool(json, "add_prefix_space", source));
    MOESCOPE_TRY(const auto words, jsonOptionalBool(json, "use_regex", source));
    if (prefix.value_or(true))
        m_steps.emplace_back(PrefixSpace{});
    if (words.value_or(true)) {
        MOESCOPE_TRY(Pattern pattern, Pattern::regex(kGpt2Words, source));
        m_steps.emplace_back(Split{std::move(pattern), SplitBehavior::Isolated, false});
    }
    m_steps.emplace_back(ByteLevel{});
    return {};
}

Status PreTokenizer::addMetaspace(const Json& json, std::string_view source)
{
    Metaspace step;
    MOESCOPE_TRY(const auto replacement, jsonOptionalString(json, "replacement", source));
    MOESCOPE_TRY(const auto older, jsonOptionalString(json, "str_rep", source));
    step.replacement = replacement.value_or(older.value_or("\xE2\x96\x81"));
    if (step.replacement.empty()
        || decodeUtf8(step.replacement, 0).bytes != step.replacement.size())
        return fail(ErrorCode::BadFormat,
            fmt::format("{} replaces spaces by \"{}\"; it should be one character.", source,
                quoteToken(step.replacement)));
    MOESCOPE_TRY(const auto scheme, jsonOptionalString(json, "prepend_scheme", source));
    MOESCOPE_TRY(const auto prefixSpace, jsonOptionalBool(json, "add_prefix_space", source));
    const std::string name = scheme.value_or(prefixSpace.value_or(true) ? "always" : "never");
    if (name == "first")
        step.prepend = Metaspace::Prepend::First;
    else if (name == "never")
        step.prepend = Metaspace::Prepend::Never;
    else if (name != "always")
        return fail(ErrorCode::Unsupported,
            fmt::format("{} has the prepend_scheme \"{}\", which is not supported.", source,
                quoteToken(name)));
    if (step.prepend != Metaspace::Prepend::Never && !prefixSpace.value_or(true))
        return fail(ErrorCode::BadFormat,
            fmt::format(
                "{} contradicts itself: add_prefix_space is false, but prepend_scheme is \"{}\".",
                source, name));
    MOESCOPE_TRY(const auto split, jsonOptionalBool(json, "split", source));
    std::string separator = step.replacement;
    m_steps.emplace_back(std::move(step));
    if (split.value_or(true)) {
        MOESCOPE_TRY(Pattern pattern, Pattern::literal(std::move(separator), source));
        m_steps.emplace_back(Split{std::move(pattern), SplitBehavior::MergedWithNext, false});
    }
    return {};
}

bool PreTokenizer::isByteLevel() const
{
    return std::any_of(m_steps.begin(), m_steps.end(),
        [](const Step& step) { return std::holds_alternative<ByteLevel>(step); });
}

Status PreTokenizer::apply(
    AlignedText& text, std::vector<TextPiece>& pieces, const TaskContext& context) const
{
    for (const Step& step : m_steps)
        MOESCOPE_CHECK(
            std::visit([&](const auto& s) { return run(s, text, pieces, context); }, step));
    return {};
}

Status PreTokenizer::run(const Split& step, AlignedText& text, Pieces& pieces, Context context)
{
    Searcher searcher(step.pattern, &context);
    return cutPieces(text, pieces, step.behavior, context,
        [&](std::string_view subject, std::vector<Segment>& out) {
            Status status = searcher.segments(subject, out);
            if (step.invert)
                for (Segment& segment : out)
                    segment.match = !segment.match;
            return status;
        });
}

Status PreTokenizer::run(
    const CharacterSplit& step, AlignedText& text, Pieces& pieces, Context context)
{
    return cutPieces(text, pieces, step.behavior, context,
        [&](std::string_view subject, std::vector<Segment>& out) -> Status {
            out.clear();
            for (std::size_t i = 0; i < subject.size();) {
                const CodePoint point = decodeUtf8(subject, i);
                const std::size_t end = i + point.bytes;
                if (step.matches(point.value))
                    out.push_back({i, end, true});
                else if (!out.empty() && !out.back().match)
                    out.back().end = end;
                else
                    out.push_back({i, end, false});
                i = end;
            }
            return {};
        });
}

Status PreTokenizer::run(const PrefixSpace&, AlignedText& text, Pieces& pieces, Context context)
{
    const auto lacksSpace = [&](const TextPiece& piece) {
        return piece.added < 0 && !textOf(text, piece).starts_with(' ');
    };
    if (std::none_of(pieces.begin(), pieces.end(), lacksSpace))
        return {};
    return rewritePieces(text, pieces, context, [&](const TextPiece& piece, AlignedText& out) {
        if (lacksSpace(piece))
            out.append(" ", text.spans[piece.begin]);
        out.append(text, piece.begin, piece.end);
    });
}

Status PreTokenizer::run(const ByteLevel&, AlignedText& text, Pieces& pieces, Context context)
{
    return rewritePieces(text, pieces, context, [&](const TextPiece& piece, AlignedText& out) {
        for (std::size_t i = piece.begin; i < piece.end; ++i)
            out.append(byteCharacter(static_cast<unsigned char>(text.text[i])), text.spans[i]);
    });
}

Status PreTokenizer::run(const Metaspace& step, AlignedText& text, Pieces& pieces, Context context)
{
    return rewritePieces(text, pieces, context, [&](const TextPiece& piece, AlignedText& out) {
        const std::string_view subject = textOf(text, piece);
        const bool wanted = step.prepend == Metaspace::Prepend::Always
            || (step.prepend == Metaspace::Prepend::First && text.spans[piece.begin].begin == 0);
        if (wanted && !subject.starts_with(' ') && !subject.starts_with(step.replacement))
            out.append(step.replacement, text.spans[piece.begin]);
        std::size_t begin = piece.begin;
        for (std::size_t i = piece.begin; i < piece.end; ++i) {
            if (text.text[i] != ' ')
                continue;
            out.append(text, begin, i);
            out.append(step.replacement, text.spans[i]);
            begin = i + 1;
        }
        out.append(text, begin, piece.end);
    });
}

} // namespace moescope::tokenization
