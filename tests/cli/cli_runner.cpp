// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/cli_runner.h"

#include <algorithm>

#include "core/base/text.h"
#include "tests/support/files.h"

#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>

namespace moescope::test {

namespace {

constexpr int kTimeout = 300'000;

}

Json CliRun::json() const
{
    const auto parsed = parseJson(out, "standard output");
    return parsed ? *parsed : Json();
}

std::string CliRun::errorProblem(const std::string& part) const
{
    if (!err.starts_with("moescope-cli: "))
        return "standard error does not begin with the program's name: " + err;
    if (std::count(err.begin(), err.end(), '\n') != 1 || err.back() != '\n')
        return "standard error is not one line: " + err;
    if (err.size() < 20 || err.find("\x1b") != std::string::npos || !isValidUtf8(err))
        return "standard error is no plain sentence: " + err;
    if (err.find(part) == std::string::npos)
        return "standard error does not speak of \"" + part + "\": " + err;
    return {};
}

QString cliProgram()
{
    return QStringLiteral(MOESCOPE_CLI);
}

CliRun runCli(const QStringList& arguments, const QStringList& environment, const QByteArray& input)
{
    const QTemporaryDir home;
    QProcessEnvironment variables = QProcessEnvironment::systemEnvironment();
    for (const char* name :
        {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "COLUMNS"})
        variables.remove(QString::fromLatin1(name));
    variables.insert(QStringLiteral("HOME"), home.path());
    for (const QString& entry : environment)
        variables.insert(entry.section(QLatin1Char('='), 0, 0), entry.section(QLatin1Char('='), 1));
    QProcess process;
    process.setProcessEnvironment(variables);
    process.start(cliProgram(), arguments);
    process.write(input);
    process.closeWriteChannel();
    CliRun run;
    if (process.waitForFinished(kTimeout) && process.exitStatus() == QProcess::NormalExit)
        run.code = process.exitCode();
    run.out = process.readAllStandardOutput().toStdString();
    run.err = process.readAllStandardError().toStdString();
    return run;
}

QString fixture(const char* relative)
{
    return QString::fromStdString((fixtures() / relative).string());
}

} // namespace moescope::test
