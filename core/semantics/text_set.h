// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task_context.h"
#include "core/tokenizer/tokenizer.h"

namespace moescope {

struct TextDocument {
    std::string domain; ///< "code", "prose"; empty where the file names none
    std::string name; ///< the file's own, else "line 12"; of a plain text the file's name
    std::string text; ///< valid UTF-8, not blank
};

/// Texts to run through a model, in the order of their file.
struct TextSet {
    std::filesystem::path path;
    std::vector<TextDocument> documents; ///< never empty
};

/// Largest file that is read; a set is held in memory.
inline constexpr std::uintmax_t kMostTextBytes = 256U << 20;

/// Reads `.jsonl` (an object a line: "text", and if known "domain" and "doc") or any other file as
/// one plain UTF-8 text, without the newlines at its end. Lines with a blank text are left out.
Result<TextSet> readTextSet(const std::filesystem::path& path);

/// Tokens of each document, without added special tokens.
Result<std::vector<std::size_t>> countTokens(
    const TextSet& texts, const Tokenizer& tokenizer, TaskContext& context);

/// The beginning of a text, as text: at most `tokens` tokens, never cut inside a character.
Result<std::string> textPrefix(
    const std::string& text, const Tokenizer& tokenizer, std::size_t tokens);

} // namespace moescope
