// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "core/tokenizer/tokenizer.h"

namespace moescope::tokenization {

/// Offsets have 32 bits.
inline constexpr std::size_t kMaxText = 0xFFFFFFFEU;
inline constexpr std::size_t kMaxFile = 256U << 20;

/// InvalidArgument for a text that is too long or not UTF-8; names the byte.
Status checkInput(std::string_view utf8);

/// Puts tokens around an encoding; they get empty ranges at the start and the end of the text.
void frame(Encoding& encoding, std::span<const std::int32_t> before,
    std::span<const std::int32_t> after, std::size_t textSize);

template <typename R, typename F>
R withoutExceptions(F&& work)
{
    try {
        return std::forward<F>(work)();
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, "There is not enough memory for the tokenizer.");
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, std::string("The tokenizer failed: ") + e.what() + ".");
    }
}

} // namespace moescope::tokenization
