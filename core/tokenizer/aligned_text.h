// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::tokenization {

/// Half-open byte range of the input.
struct ByteSpan {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

/// Text on its way from the input to the model, and for each of its bytes the input character it
/// came from.
struct AlignedText {
    std::string text;
    std::vector<ByteSpan> spans;

    /// `input` must be valid UTF-8 of less than 4 GiB.
    static AlignedText fromInput(std::string_view input);

    void reserve(std::size_t bytes);
    void append(std::string_view content, ByteSpan span);
    void append(const AlignedText& other, std::size_t begin, std::size_t end);
    void append(char32_t codePoint, ByteSpan span);
    AlignedText slice(std::size_t begin, std::size_t end) const;
    /// Input range of a range of this text that is not empty.
    ByteSpan origin(std::size_t begin, std::size_t end) const;
};

/// A part of an AlignedText: still to be tokenized, or (added >= 0) an added token that was found
/// in it.
struct TextPiece {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::int32_t added = -1;
};

/// A part of a searched text that a pattern matched, or the gap between two matches.
struct Segment {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool match = false;
};

enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

/// Turns segments, whose offsets start at the piece, into the pieces that `behavior` asks for.
void cutPiece(const TextPiece& piece, const std::vector<Segment>& segments, SplitBehavior behavior,
    std::vector<TextPiece>& out);

} // namespace moescope::tokenization
