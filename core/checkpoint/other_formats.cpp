// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/other_formats.h"

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope {

std::optional<Error> recogniseOtherFormat(
    std::span<const std::byte> file, std::string_view source, std::string_view expected)
{
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    const std::string name = displayName(source, 1000);
    if (text.starts_with("version https://git-lfs"))
        return Error{ErrorCode::BadFormat,
            fmt::format(
                "{} is a Git LFS pointer; the weights themselves were not downloaded.", name)};
    if (text.starts_with("GGUF") && expected != "GGUF")
        return Error{ErrorCode::Unsupported,
            fmt::format("{} is a GGUF file, not a {} file.", name, expected)};
    if (text.starts_with("PK\x03\x04"))
        return Error{ErrorCode::Unsupported,
            fmt::format("{} is a PyTorch or zip archive, not a {} file.", name, expected)};
    return std::nullopt;
}

} // namespace moescope
