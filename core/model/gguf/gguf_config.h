// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/config.h"
#include "core/model/gguf/gguf_architectures.h"

namespace moescope::gguf {

struct Description {
    ModelConfig config;
    Layout layout;
};

/// What the metadata say about the model, read by the family that published it: they are put in the
/// words of its config.json, then corrected by what a GGUF file says or does otherwise.
/// Unsupported for an architecture that is not known, naming it.
Result<Description> describe(const Checkpoint& checkpoint);

} // namespace moescope::gguf
