// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/metadata.h"

namespace moescope::tokenization {

/// The entries `tokenizer.ggml.*` of a GGUF file, checked against one another. Borrows from the
/// metadata.
struct GgufVocabulary {
    enum class Type { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

    std::string_view model; ///< "gpt2", "llama", ...
    std::string_view pre; ///< name of the split rule; empty when there is none
    std::vector<std::string_view> tokens;
    std::vector<Type> types; ///< one a token
    std::vector<float> scores; ///< one a token, or none at all
    std::vector<std::string_view> merges;
    bool hasMerges = false; ///< the list is there, though perhaps empty
    std::optional<std::int32_t> bos;
    std::optional<std::int32_t> eos;
    std::optional<std::int32_t> unknown;
    std::optional<bool> addBos;
    std::optional<bool> addEos;
    std::optional<bool> addSpacePrefix;
};

/// `source` is named in errors; NotFound when the file has no tokenizer.
Result<GgufVocabulary> readGgufVocabulary(const Metadata& metadata, std::string_view source);

/// The same tokenizer as the text of a tokenizer.json, for byte-level models. `splitRule` is the
/// rule to use.
struct SplitRule;
std::string tokenizerJsonOf(const GgufVocabulary& vocabulary, const SplitRule& splitRule);
/// The same tokenizer as a sentencepiece .model, for models with scores.
std::string sentencePieceModelOf(const GgufVocabulary& vocabulary);

} // namespace moescope::tokenization
