// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace moescope {

/// Closed list of what can go wrong. The CLI turns each into an exit code.
enum class ErrorCode {
    Cancelled,
    NotFound, ///< a file, model or tensor that was named does not exist
    Io, ///< an input could not be read
    BadFormat, ///< an input is broken or contradicts itself
    Unsupported, ///< recognised, but this program cannot do it
    InvalidArgument, ///< the caller asked for something that makes no sense
    OutOfMemory, ///< estimated or real
    CannotWrite, ///< an output could not be written
    Internal, ///< our own fault
};

/// One plain English sentence (no trailing newline) that names file, tensor, expected and actual.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message)
{
    return tl::unexpected<Error>(Error {code, std::move(message)});
}

} // namespace moescope

#define MOESCOPE_CONCAT_IMPL(a, b) a##b
#define MOESCOPE_CONCAT(a, b) MOESCOPE_CONCAT_IMPL(a, b)

/// `MOESCOPE_TRY(auto x, f());` unwraps a Result or returns its error from the enclosing function.
#define MOESCOPE_TRY(declaration, expression)                                                      \
    auto MOESCOPE_CONCAT(result_, __LINE__) = (expression);                                        \
    if (!MOESCOPE_CONCAT(result_, __LINE__))                                                       \
        return tl::unexpected(std::move(MOESCOPE_CONCAT(result_, __LINE__)).error());              \
    declaration = std::move(*MOESCOPE_CONCAT(result_, __LINE__))

/// Same for a Status, which has no value.
#define MOESCOPE_CHECK(expression)                                                                 \
    do {                                                                                           \
        if (auto status_ = (expression); !status_)                                                 \
            return tl::unexpected(std::move(status_).error());                                     \
    } while (false)
