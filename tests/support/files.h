// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include <QtTest/QTest>

#include "core/base/result.h"

namespace moescope::test {

std::filesystem::path fixtures(); ///< tests/fixtures
std::filesystem::path resources(); ///< the program's resources

/// Largest |a - b|; the message says which index, and refuses non-finite values and different sizes first.
struct Comparison {
    bool ok = false;
    double worst = 0;
    std::string message;
};
Comparison compareFloats(std::span<const float> actual, std::span<const float> expected, double tolerance);

} // namespace moescope::test

/// Fails the test with the error's own sentence.
#define VERIFY_OK(result)                                                                          \
    do {                                                                                           \
        const auto& result_ = (result);                                                            \
        QVERIFY2(result_.has_value(), result_.has_value() ? "" : result_.error().message.c_str());  \
    } while (false)

#define VERIFY_CLOSE(actual, expected, tolerance)                                                  \
    do {                                                                                           \
        const auto comparison_ = moescope::test::compareFloats(actual, expected, tolerance);       \
        QVERIFY2(comparison_.ok, comparison_.message.c_str());                                     \
    } while (false)
