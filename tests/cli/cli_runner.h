// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/io/json.h"

#include <QtCore/QStringList>

namespace moescope::test {

/// What one run of the built moescope-cli gave.
struct CliRun {
    int code = -1; ///< -1 when it did not end by itself
    std::string out;
    std::string err;

    Json json() const; ///< of standard output; null when it is not JSON alone
    /// "" when standard error is exactly one sentence that begins as it should and holds `part`;
    /// else what is wrong.
    std::string errorProblem(const std::string& part) const;
};

QString cliProgram();
/// Runs to the end, with empty caches and state folders; `environment` adds "NAME=value".
CliRun runCli(const QStringList& arguments, const QStringList& environment = {},
    const QByteArray& input = {});
QString fixture(const char* relative); ///< below tests/fixtures

} // namespace moescope::test

/// The run ended with `expected`; else its error output is shown.
#define VERIFY_EXIT(run, expected)                                                                 \
    QVERIFY2((run).code == (expected),                                                             \
        qPrintable(QStringLiteral("exit code %1, expected %2: %3")                                 \
                       .arg((run).code)                                                            \
                       .arg(expected)                                                              \
                       .arg(QString::fromStdString((run).err))))

/// Exit code, an empty standard output, and one clear sentence.
#define VERIFY_FAILS(run, expected, part)                                                          \
    do {                                                                                           \
        const auto run_ = (run);                                                                   \
        VERIFY_EXIT(run_, expected);                                                               \
        QCOMPARE(run_.out, std::string());                                                         \
        const std::string problem_ = run_.errorProblem(part);                                      \
        QVERIFY2(problem_.empty(), problem_.c_str());                                              \
    } while (false)
