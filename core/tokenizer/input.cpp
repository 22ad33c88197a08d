// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/input.h"

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

Status checkInput(std::string_view utf8)
{
    if (utf8.size() > kMaxText)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("The text is {} long; at most {} can be tokenized.",
                formatBytes(utf8.size()), formatBytes(kMaxText)));
    if (const auto at = firstInvalidUtf8(utf8))
        return fail(ErrorCode::InvalidArgument,
            fmt::format("The text is not valid UTF-8 at byte {}.", *at));
    return {};
}

void frame(Encoding& encoding, std::span<const std::int32_t> before,
    std::span<const std::int32_t> after, std::size_t textSize)
{
    const auto end = static_cast<std::uint32_t>(textSize);
    encoding.ids.insert(encoding.ids.begin(), before.begin(), before.end());
    encoding.offsets.insert(encoding.offsets.begin(), before.size(), {0, 0});
    encoding.ids.insert(encoding.ids.end(), after.begin(), after.end());
    encoding.offsets.insert(encoding.offsets.end(), after.size(), {end, end});
}

} // namespace moescope::tokenization
