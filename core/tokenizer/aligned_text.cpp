// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/aligned_text.h"

#include <algorithm>

#include "core/base/text.h"

namespace moescope::tokenization {

AlignedText AlignedText::fromInput(std::string_view input)
{
    AlignedText result;
    result.text = input;
    result.spans.reserve(input.size());
    for (std::size_t i = 0; i < input.size();) {
        const auto lead = static_cast<unsigned char>(input[i]);
        const std::size_t bytes = lead < 0x80 ? 1 : decodeUtf8(input, i).bytes;
        const ByteSpan span{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + bytes)};
        result.spans.insert(result.spans.end(), bytes, span);
        i += bytes;
    }
    return result;
}

void AlignedText::reserve(std::size_t bytes)
{
    text.reserve(bytes);
    spans.reserve(bytes);
}

void AlignedText::append(std::string_view content, ByteSpan span)
{
    text += content;
    spans.insert(spans.end(), content.size(), span);
}

void AlignedText::append(const AlignedText& other, std::size_t begin, std::size_t end)
{
    text.append(other.text, begin, end - begin);
    const auto first = other.spans.begin();
    spans.insert(spans.end(), first + static_cast<std::ptrdiff_t>(begin),
        first + static_cast<std::ptrdiff_t>(end));
}

void AlignedText::append(char32_t codePoint, ByteSpan span)
{
    appendUtf8(text, codePoint);
    spans.resize(text.size(), span);
}

AlignedText AlignedText::slice(std::size_t begin, std::size_t end) const
{
    AlignedText result;
    result.append(*this, begin, end);
    return result;
}

ByteSpan AlignedText::origin(std::size_t begin, std::size_t end) const
{
    return {spans[begin].begin, spans[end - 1].end};
}

namespace {

/// A match joins the part before it (in reading direction); a second match in a row starts a part
/// of its own.
template <typename Range>
void mergeMatches(const Range& segments, bool forward, std::vector<Segment>& parts)
{
    bool previousMatched = false;
    for (const Segment& segment : segments) {
        if (segment.match && !previousMatched && !parts.empty()) {
            if (forward)
                parts.back().end = segment.end;
            else
                parts.back().begin = segment.begin;
        } else {
            parts.push_back(segment);
        }
        previousMatched = segment.match;
    }
}

void joinRuns(const std::vector<Segment>& segments, std::vector<Segment>& parts)
{
    bool previousMatched = false;
    for (const Segment& segment : segments) {
        if (segment.match == previousMatched && !parts.empty())
            parts.back().end = segment.end;
        else
            parts.push_back(segment);
        previousMatched = segment.match;
    }
}

} // namespace

void cutPiece(const TextPiece& piece, const std::vector<Segment>& segments, SplitBehavior behavior,
    std::vector<TextPiece>& out)
{
    const auto emit = [&](const Segment& part) {
        if (part.begin < part.end)
            out.push_back({piece.begin + part.begin, piece.begin + part.end});
    };
    std::vector<Segment> parts;
    switch (behavior) {
    case SplitBehavior::Isolated:
        for (const Segment& segment : segments)
            emit(segment);
        return;
    case SplitBehavior::Removed:
        for (const Segment& segment : segments)
            if (!segment.match)
                emit(segment);
        return;
    case SplitBehavior::Contiguous:
        joinRuns(segments, parts);
        break;
    case SplitBehavior::MergedWithPrevious:
        mergeMatches(segments, true, parts);
        break;
    case SplitBehavior::MergedWithNext: {
        const std::vector<Segment> reversed(segments.rbegin(), segments.rend());
        mergeMatches(reversed, false, parts);
        std::reverse(parts.begin(), parts.end());
        break;
    }
    }
    for (const Segment& part : parts)
        emit(part);
}

} // namespace moescope::tokenization
