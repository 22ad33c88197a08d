// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>

#include "core/checkpoint/metadata.h"
#include "core/tokenizer/tokenizer.h"

namespace moescope {

/// The tokenizer that a GGUF file carries (`tokenizer.ggml.*`): byte-level BPE ("gpt2") or
/// sentencepiece with scores
/// ("llama"). A split rule that is not known is replaced by the default one and named in warning().
/// `path` names the file; NotFound when it has no tokenizer, Unsupported for other kinds.
Result<std::shared_ptr<const Tokenizer>> makeGgufTokenizer(
    const Metadata& metadata, const std::filesystem::path& path);

} // namespace moescope
