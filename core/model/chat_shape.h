// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/result.h"

namespace moescope {

struct OpenModel;

/// What stands around a user's turn before the model answers.
struct ChatShape {
    std::string before; ///< "<|im_start|>user\n"
    std::string after; ///< "<|im_end|>\n<|im_start|>assistant\n"
};

/// The family's shape (MODEL_FAMILIES section 4), only where it is sure: the files bring a chat
/// template that uses its markers, and the tokenizer knows each marker as one special token. A
/// system text that a template may add is left out. Unsupported, with the reason, otherwise.
Result<ChatShape> chatShapeOf(const OpenModel& open);

} // namespace moescope
