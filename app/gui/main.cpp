// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include <QApplication>
#include <QTimer>

#include "app/cli/exit_code.h"
#include "core/base/version.h"
#include "core/io/resources.h"
#include "ui/shell/icons.h"
#include "ui/shell/program.h"
#include "ui/shell/shot.h"
#include "ui/shell/standard_pages.h"

using namespace moescope;
using namespace moescope::ui;

namespace {

struct Arguments {
    StartOptions start;
    ShotOptions shot;
    double scale = 0;
    std::string resources;

    bool isShot() const
    {
        return !shot.picture.isEmpty() || !shot.report.isEmpty() || !shot.figures.isEmpty();
    }
};

/// "1600x1000"
QSize parseSize(const std::string& text)
{
    const QStringList parts = QString::fromStdString(text).split(QLatin1Char('x'));
    return parts.size() == 2 ? QSize(parts[0].toInt(), parts[1].toInt()) : QSize();
}

/// Nothing when the program should go on, else the exit code.
std::optional<int> parse(int argc, char** argv, Arguments& arguments)
{
    CLI::App app(
        "Opens a Mixture-of-Experts language model and shows which expert every token goes to.",
        "moescope");
    app.set_version_flag("--version", std::string("moescope ") + kVersion);
    std::string theme;
    std::string size;
    const auto text = [&app](const std::string& name, QString& target, const std::string& help) {
        return app.add_option_function<std::string>(
            name, [&target](const std::string& value) { target = QString::fromStdString(value); },
            help);
    };
    const auto optionalText = [&app](const std::string& name, std::optional<QString>& target,
                                  const std::string& help) {
        return app.add_option_function<std::string>(
            name, [&target](const std::string& value) { target = QString::fromStdString(value); },
            help);
    };
    StartOptions& start = arguments.start;
    text("model,-m,--model", start.model,
        "Folder, file, workspace (.moescope), name of a sample (native, upcycled, dense_parent) or "
        "name in the Hugging Face cache")
        ->type_name("MODEL");
    optionalText("--prompt", start.prompt, "Prompt to analyse")->type_name("TEXT");
    text("--texts", start.texts, "Text set to open: a .jsonl or .txt file")->type_name("FILE");
    optionalText("-c,--compare", start.compare, "Second prompt to compare with")->type_name("TEXT");
    text("--page", start.page, "Page to show: explore, weights or tensors")->type_name("PAGE");
    app.add_option("--layer", start.layer, "Block number of the layer to show")->type_name("N");
    app.add_option("--token", start.token, "Position of the token to select")->type_name("N");
    app.add_option("--theme", theme, "light, dark or system")
        ->check(CLI::IsMember({"light", "dark", "system"}));
    app.add_option("--size", size, "Size of the window in logical pixels, such as 1600x1000")
        ->type_name("WxH");
    app.add_option("--scale", arguments.scale, "Device pixels of a logical one, such as 2")
        ->check(CLI::Range(0.5, 8.0))
        ->type_name("X");
    text("--shot", arguments.shot.picture,
        "Write a PNG of the window once its work is done, and exit")
        ->type_name("FILE");
    text("--report", arguments.shot.report,
        "Write the page's report (.json, .md, .html or .pdf), and exit")
        ->type_name("FILE");
    text("--figures", arguments.shot.figures,
        "Write every figure of the page as PNG, SVG and CSV, and exit")
        ->type_name("DIR");
    app.add_option("--resources", arguments.resources, "Folder with the samples and the lexicon")
        ->type_name("DIR");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : cli::kExitWrongUse;
    }
    if (theme == "light" || theme == "dark")
        start.theme = theme == "dark" ? ThemeMode::Dark : ThemeMode::Light;
    else if (theme == "system")
        start.theme = ThemeMode::System;
    if (!size.empty()) {
        constexpr int kSmallest = 320;
        constexpr int kLargest = 8192;
        start.size = parseSize(size);
        if (start.size.width() < kSmallest || start.size.height() < kSmallest
            || start.size.width() > kLargest || start.size.height() > kLargest) {
            std::cerr << "moescope: --size " << size
                      << " is not a size such as 1600x1000, each side from " << kSmallest << " to "
                      << kLargest << ".\n";
            return cli::kExitWrongUse;
        }
    }
    return std::nullopt;
}

bool isSet(const char* variable)
{
    const char* value = std::getenv(variable);
    return value && *value;
}

/// Qt reads these when the application object is made.
void prepareEnvironment(const Arguments& arguments)
{
    const bool display = isSet("DISPLAY") || isSet("WAYLAND_DISPLAY");
    // A picture has the size that was asked for, whatever the screen at hand is like.
    if (!isSet("QT_QPA_PLATFORM") && (!display || arguments.isShot()))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    if (arguments.scale > 0)
        qputenv("QT_SCALE_FACTOR", QByteArray::number(arguments.scale));
}

/// Exit code of it.
int complain(const Error& error)
{
    std::cerr << "moescope: " << error.message << '\n';
    return cli::exitCode(error.code);
}

QtMessageHandler g_qtMessages = nullptr;

/// Without a screen Qt remarks on every size hint that nobody will look at.
void skipPlatformRemarks(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    if (!message.startsWith(QLatin1String("This plugin does not support"))
        && !message.startsWith(QLatin1String("QStandardPaths: XDG_RUNTIME_DIR")))
        g_qtMessages(type, context, message);
}

int runShot(Program& program, const Arguments& arguments)
{
    Shot shot(program, arguments.shot);
    int exitCode = 0;
    QObject::connect(&shot, &Shot::finished, qApp, [&exitCode](const auto& error) {
        if (error)
            exitCode = complain(*error);
        QTimer::singleShot(0, qApp, &QCoreApplication::quit);
    });
    program.context().style.setMotion(false);
    program.window().setAttribute(Qt::WA_DontShowOnScreen);
    program.start(arguments.start);
    program.window().show();
    QApplication::exec();
    return exitCode;
}

} // namespace

int main(int argc, char** argv)
{
    Arguments arguments;
    if (const auto done = parse(argc, argv, arguments))
        return *done;
    prepareEnvironment(arguments);
    QGuiApplication::setHighDpiScaleFactorRoundingPolicy(
        Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    if (qgetenv("QT_QPA_PLATFORM") == "offscreen")
        g_qtMessages = qInstallMessageHandler(skipPlatformRemarks);
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Moescope"));
    QApplication::setDesktopFileName(QStringLiteral("io.github.moescope.Moescope"));
    QApplication::setApplicationVersion(QLatin1String(kVersion));
    QApplication::setWindowIcon(programIcon());

    auto resources = arguments.resources.empty()
        ? findResources()
        : Result<std::filesystem::path>(arguments.resources);
    if (!resources)
        return complain(resources.error());
    // A picture is the same for everybody and leaves no trace in anybody's settings.
    Program program(*resources, arguments.isShot() ? Settings::transient() : Settings::user());
    addStandardPages(program);
    if (arguments.isShot())
        return runShot(program, arguments);
    if (arguments.start.page.isEmpty() && !arguments.start.model.isEmpty())
        arguments.start.page = QStringLiteral("explore");
    program.start(arguments.start);
    program.window().show();
    return QApplication::exec();
}
