// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/model/moe_model.h"
#include "core/tokenizer/tokenizer.h"

namespace moescope {

/// Everything a person means by "open a model". The checkpoint is always there; the model is
/// missing when its family is not known (the tensors can still be inspected) and the tokenizer when
/// the folder has none.
struct OpenModel {
    std::string name; ///< "Native sample", what a GGUF file calls itself, or the folder's name
    std::filesystem::path path;
    std::shared_ptr<const Checkpoint> checkpoint;
    std::shared_ptr<const MoeModel> model;
    Error modelError; ///< why `model` is null
    std::shared_ptr<const Tokenizer> tokenizer;
    Error tokenizerError; ///< why `tokenizer` is null
    std::string modelType; ///< from config.json or the GGUF file; empty when there is none
};

/// "org/name" for what lies in the hub cache, else the name of the folder or file.
std::string modelTitle(const std::filesystem::path& path);

enum class OpenFor : std::uint8_t {
    Use,
    /// Weights that contradict their config are opened without a model, too; a config.json that is
    /// none is still an error.
    Inspection,
};
/// Opens a folder or file. Fails only when the weights themselves cannot be opened or contradict
/// their config.
Result<std::shared_ptr<const OpenModel>> openModel(
    const std::filesystem::path& path, std::string name = {}, OpenFor purpose = OpenFor::Use);

struct SampleModel {
    std::string id; ///< "native"
    std::string title; ///< "Native sample"
    std::filesystem::path folder;
    std::string history; ///< one sentence from its history.json
};
/// The bundled samples below `resources`/samples, "native" first.
std::vector<SampleModel> listSamples(const std::filesystem::path& resources);

/// Resolves what a user typed: an existing path, a sample's id, or a hub-cache name. NotFound names
/// what was tried.
Result<std::filesystem::path> resolveModel(std::string_view text,
    const std::filesystem::path& resources, const std::filesystem::path& hubCache);

} // namespace moescope
