// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/tokenizer/tokenizer.h"

namespace moescope::tokenization {

/// What a tokenizer_config.json says about the ends of a text.
struct BosSettings {
    bool addBos = true;
    bool addEos = false;
    bool ownPostProcessor = false; ///< its class frames texts by these settings, whatever
                                   ///< tokenizer.json says
    std::optional<std::string> bos; ///< the token; nothing means the model's own
    std::optional<std::string> eos;
};

/// `path` need not exist; families with such models begin their texts with BOS unless the file says
/// otherwise.
Result<BosSettings> readBosSettings(const std::filesystem::path& path);

/// A sentencepiece .model. `bytes` is the file's content, `path` names it in errors.
Result<std::shared_ptr<const Tokenizer>> parseSentencePieceModel(
    std::string_view bytes, const std::filesystem::path& path, const BosSettings& settings);

} // namespace moescope::tokenization
