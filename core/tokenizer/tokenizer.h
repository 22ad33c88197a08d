// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/task/task_context.h"

namespace moescope {

/// Ids and the half-open byte range of the input that each came from. A token that is part of a
/// character has the whole character's range (byte-level BPE); tokens that a post-processor added
/// have an empty range.
struct Encoding {
    std::vector<std::int32_t> ids;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> offsets;
};

/// Text to token ids and back. Immutable after loading; safe to use from several threads.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Without added special tokens; special tokens that stand in the text are recognised. Texts
    /// over 4 GiB are refused. A long text reports its progress and can be stopped.
    virtual Result<Encoding> encode(std::string_view utf8, TaskContext& context) const = 0;
    /// Puts around the encoding of a text what the model's own processing adds (BOS and so on).
    virtual void addSpecial(Encoding& encoding, std::size_t textBytes) const = 0;
    /// The same for a prompt that a model is given. Some files leave BOS to the class that
    /// tokenizer_config.json names.
    virtual void addPromptSpecial(Encoding& encoding, std::size_t textBytes) const
    {
        addSpecial(encoding, textBytes);
    }

    Result<Encoding> encode(std::string_view utf8) const
    {
        TaskContext alone;
        return encode(utf8, alone);
    }
    Result<Encoding> encodeWithSpecial(std::string_view utf8, TaskContext& context) const
    {
        MOESCOPE_TRY(Encoding encoding, encode(utf8, context));
        addSpecial(encoding, utf8.size());
        return encoding;
    }
    Result<Encoding> encodeWithSpecial(std::string_view utf8) const
    {
        TaskContext alone;
        return encodeWithSpecial(utf8, alone);
    }
    Result<Encoding> encodePrompt(std::string_view utf8) const
    {
        MOESCOPE_TRY(Encoding encoding, encode(utf8));
        addPromptSpecial(encoding, utf8.size());
        return encoding;
    }
    /// Special tokens are kept. Invalid UTF-8 becomes U+FFFD.
    virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
    /// The raw bytes one token stands for in running text (" queen"), which need not be valid UTF-8
    /// alone.
    virtual std::string tokenBytes(std::int32_t id) const = 0;

    virtual std::size_t vocabularySize() const = 0;
    virtual bool isSpecial(std::int32_t id) const = 0;
    virtual std::optional<std::int32_t> bosId() const = 0; ///< set when encodePrompt begins with it
    virtual std::string_view kind() const = 0; ///< "byte-level BPE", "sentencepiece BPE", ...
    virtual std::filesystem::path source() const = 0; ///< the file it was read from
    virtual std::string warning() const
    {
        return {};
    } ///< one sentence on what may be wrong; mostly empty
};

/// `path`: a tokenizer.json, a sentencepiece .model, a GGUF file, or a model folder (tokenizer.json
/// wins over tokenizer.model, and both over a GGUF model; tokenizer_config.json beside it decides
/// about BOS for .model files, and for prompts where a tokenizer.json adds none). NotFound when a
/// folder has none of them.
Result<std::shared_ptr<const Tokenizer>> loadTokenizer(const std::filesystem::path& path);

} // namespace moescope
