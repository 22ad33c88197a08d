// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/json_tokenizer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/tokenizer/input.h"
#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

namespace {

/// A space in the alphabet of byte-level vocabularies.
constexpr char32_t kByteLevelSpace = 0x120;

constexpr double kSplittingShare = 0.4; ///< of the time, as measured on long texts
constexpr std::size_t kCheckedBytes = 1U << 16; ///< of text between two looks at the stop request

bool isTrimmed(char32_t c)
{
    return c == kByteLevelSpace || isWhitespace(c);
}

/// White space at the ends of a token, in characters.
struct Margins {
    std::size_t leading = 0;
    std::size_t trailing = 0;
};

Margins marginsOf(std::string_view text)
{
    Margins margins;
    bool leading = true;
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decodeUtf8(text, i);
        i += point.bytes;
        if (!isTrimmed(point.value)) {
            leading = false;
            margins.trailing = 0;
            continue;
        }
        margins.leading += leading ? 1 : 0;
        ++margins.trailing;
    }
    return margins;
}

bool startsCharacter(std::string_view text, std::size_t at)
{
    return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

/// Takes as many characters off `span` as `token` has white space; its own text counts, since a
/// prefix space is not in the input.
void trim(ByteSpan& span, std::string_view token, bool keepOneSpace, std::string_view input)
{
    Margins margins = marginsOf(token);
    if (keepOneSpace && margins.leading == 1)
        margins.leading = 0;
    for (; margins.leading > 0 && span.begin < span.end; --margins.leading)
        span.begin += decodeUtf8(input, span.begin).bytes;
    for (; margins.trailing > 0 && span.end > span.begin; --margins.trailing)
        do
            --span.end;
        while (!startsCharacter(input, span.end));
}

} // namespace

JsonTokenizer::JsonTokenizer(Parts parts, std::filesystem::path path, std::string warning)
    : m_parts(std::move(parts))
    , m_path(std::move(path))
    , m_warning(std::move(warning))
{
}

Result<Encoding> JsonTokenizer::encode(std::string_view utf8, TaskContext& context) const
{
    MOESCOPE_CHECK(checkInput(utf8));
    return withoutExceptions<Result<Encoding>>([&] { return encodeText(utf8, context); });
}

void JsonTokenizer::addSpecial(Encoding& encoding, std::size_t textBytes) const
{
    frame(encoding, m_parts.postProcessor.before, m_parts.postProcessor.after, textBytes);
}

void JsonTokenizer::addPromptSpecial(Encoding& encoding, std::size_t textBytes) const
{
    addSpecial(encoding, textBytes);
    if (!m_promptBos)
        return;
    encoding.ids.insert(encoding.ids.begin(), *m_promptBos);
    encoding.offsets.insert(encoding.offsets.begin(), {0, 0});
}

void JsonTokenizer::beginPromptsWith(const std::string& bos)
{
    if (!m_parts.postProcessor.before.empty())
        return;
    const auto encoding = Tokenizer::encode(bos);
    if (encoding && encoding->ids.size() == 1)
        m_promptBos = encoding->ids.front();
}

Status JsonTokenizer::prepare(std::string_view utf8, AlignedText& text,
    std::vector<TextPiece>& pieces, const TaskContext& context) const
{
    text = AlignedText::fromInput(utf8);
    m_parts.added.split(text.text, 0, text.text.size(), false, pieces);
    if (!m_parts.normalizer.empty()) {
        AlignedText normalized;
        normalized.reserve(text.text.size());
        for (TextPiece& piece : pieces) {
            const std::size_t begin = normalized.text.size();
            MOESCOPE_CHECK(context.check());
            AlignedText part = text.slice(piece.begin, piece.end);
            if (piece.added < 0)
                MOESCOPE_CHECK(m_parts.normalizer.apply(part));
            normalized.append(part, 0, part.text.size());
            piece.begin = begin;
            piece.end = normalized.text.size();
        }
        text = std::move(normalized);
    }
    if (m_parts.added.hasNormalized()) {
        std::vector<TextPiece> cut;
        for (const TextPiece& piece : pieces) {
            if (piece.added >= 0)
                cut.push_back(piece);
            else
                m_parts.added.split(text.text, piece.begin, piece.end, true, cut);
        }
        pieces = std::move(cut);
    }
    std::erase_if(pieces, [](const TextPiece& piece) { return piece.begin == piece.end; });
    return {};
}

Result<Encoding> JsonTokenizer::encodeText(std::string_view utf8, TaskContext& context) const
{
    context.progress(0, "Splitting the text");
    AlignedText text;
    std::vector<TextPiece> pieces;
    MOESCOPE_CHECK(prepare(utf8, text, pieces, context));
    MOESCOPE_CHECK(m_parts.preTokenizer.apply(text, pieces, context));
    if (text.text.size() > kMaxText)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("The text is {} long after normalization; at most {} can be tokenized.",
                formatBytes(text.text.size()), formatBytes(kMaxText)));

    Encoding encoding;
    const auto append
        = [&](std::int32_t id, std::size_t begin, std::size_t end, std::string_view token) {
              ByteSpan span = text.origin(begin, end);
              if (m_parts.postProcessor.trimOffsets) {
                  const bool first = encoding.ids.empty() || span.begin == 0;
                  trim(span, token, first && m_parts.postProcessor.keepFirstSpace, utf8);
              }
              encoding.ids.push_back(id);
              encoding.offsets.emplace_back(span.begin, span.end);
          };
    BpeEncoder encoder(*m_parts.model, &context);
    std::vector<ModelToken> tokens;
    std::size_t nextCheck = 0;
    for (const TextPiece& piece : pieces) {
        if (piece.begin >= nextCheck) {
            MOESCOPE_CHECK(context.check());
            const double done = static_cast<double>(piece.begin);
            context.progress(kSplittingShare
                    + (1 - kSplittingShare) * done / static_cast<double>(text.text.size()),
                "Merging pieces into tokens");
            nextCheck = piece.begin + kCheckedBytes;
        }
        const std::string_view content
            = std::string_view(text.text).substr(piece.begin, piece.end - piece.begin);
        if (piece.added >= 0) {
            append(piece.added, piece.begin, piece.end, content);
            continue;
        }
        tokens.clear();
        MOESCOPE_CHECK(encoder.encode(content, tokens));
        for (const ModelToken& token : tokens) {
            const std::size_t begin = piece.begin + token.begin;
            append(token.id, begin, std::min(begin + token.size, piece.end),
                m_parts.model->vocabulary().token(token.id).value_or(""));
        }
    }
    return encoding;
}

std::string JsonTokenizer::decode(std::span<const std::int32_t> ids) const
{
    std::vector<std::string> tokens;
    tokens.reserve(ids.size());
    for (const std::int32_t id : ids) {
        if (const AddedToken* added = m_parts.added.find(id))
            tokens.push_back(added->normalizedContent);
        else if (const auto token = m_parts.model->vocabulary().token(id))
            tokens.emplace_back(*token);
    }
    return m_parts.decoder.decode(std::move(tokens));
}

std::string JsonTokenizer::tokenBytes(std::int32_t id) const
{
    if (const AddedToken* added = m_parts.added.find(id))
        return added->content;
    const auto token = m_parts.model->vocabulary().token(id);
    return token ? m_parts.decoder.bytesOf(*token) : std::string();
}

std::size_t JsonTokenizer::vocabularySize() const
{
    return m_parts.model->vocabulary().size() + m_parts.added.countBeyondVocabulary();
}

bool JsonTokenizer::isSpecial(std::int32_t id) const
{
    const AddedToken* added = m_parts.added.find(id);
    return added && added->special;
}

std::optional<std::int32_t> JsonTokenizer::bosId() const
{
    const auto& before = m_parts.postProcessor.before;
    return before.empty() ? m_promptBos : std::optional(before.front());
}

std::string_view JsonTokenizer::kind() const
{
    if (m_parts.preTokenizer.isByteLevel() || m_parts.decoder.isByteLevel())
        return "byte-level BPE";
    return m_parts.model->hasByteFallback() ? "sentencepiece BPE" : "BPE";
}

} // namespace moescope::tokenization
