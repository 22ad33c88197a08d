// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/result.h"

namespace moescope {

/// Says what a file is that should be of the format `expected` ("GGUF", "safetensors"), if it
/// begins like one of the others that are often met in its place.
std::optional<Error> recogniseOtherFormat(
    std::span<const std::byte> file, std::string_view source, std::string_view expected);

} // namespace moescope
