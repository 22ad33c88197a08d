// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tokenizer/character_pairs.h"

namespace moescope::tokenization {

/// What a sentencepiece .model says about itself, read without the library.
struct SentencePieceFacts {
    enum class Type { Unigram = 1, Bpe = 2, Word = 3, Character = 4 };
    Type type = Type::Unigram;
    bool byteFallback = false;
    bool addsDummyPrefix = true;
    /// Whether the text can be encoded part by part, cut where no piece has that pair of
    /// characters.
    bool cuttable = false;
    CharacterPairs pairs; ///< of the pieces; "▁" stands for a space
};

/// Checks what the library takes on trust: the message's structure and the tables of its
/// normalizers, which it follows without looking at their bounds.
Result<SentencePieceFacts> inspectSentencePieceModel(
    std::string_view bytes, std::string_view source);

enum class TextPart { Beginning, Continuation };
/// The model without its self-test, whose results the library would print; for text that goes on
/// from an earlier part also without the space that is put before a text.
std::string modelFor(TextPart part, std::string_view bytes);

} // namespace moescope::tokenization
