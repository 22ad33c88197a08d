// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

namespace moescope::cli {

inline constexpr int kExitWrongUse = 2;
inline constexpr int kExitCancelled = 130;

inline int exitCode(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Cancelled:
        return kExitCancelled;
    case ErrorCode::NotFound:
    case ErrorCode::Io:
    case ErrorCode::BadFormat:
        return 3;
    case ErrorCode::Unsupported:
        return 4;
    case ErrorCode::InvalidArgument:
        return kExitWrongUse;
    case ErrorCode::OutOfMemory:
        return 5;
    case ErrorCode::CannotWrite:
        return 6;
    case ErrorCode::Internal:
        break;
    }
    return 1;
}

} // namespace moescope::cli
