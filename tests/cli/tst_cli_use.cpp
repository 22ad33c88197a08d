// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <fstream>

#include "core/base/version.h"
#include "core/io/file_write.h"
#include "tests/cli/cli_runner.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtCore/QTemporaryDir>

#include <signal.h>
#include <sys/stat.h>

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

const QStringList kCommands = {QStringLiteral("explore"), QStringLiteral("moe-type-analyze"),
    QStringLiteral("inspect"), QStringLiteral("models"), QStringLiteral("trace"),
    QStringLiteral("tokenize"), QStringLiteral("generate")};

QStringList words(const char* text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '));
}

/// A copy of a fixture family that a test may break.
fs::path copyOf(const char* family, const QTemporaryDir& work)
{
    const fs::path folder = fs::path(work.path().toStdString()) / family;
    fs::copy(fixtures() / "families" / family, folder, fs::copy_options::recursive);
    return folder;
}

CliRun inspect(const fs::path& path)
{
    return runCli({QStringLiteral("inspect"), QString::fromStdString(path.string())});
}

} // namespace

class TestCliUse : public QObject {
    Q_OBJECT

private slots:
    void helpHasExamples()
    {
        const CliRun run = runCli({QStringLiteral("--help")});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.err, std::string());
        for (const QString& command : kCommands) {
            QVERIFY(run.out.find(command.toStdString()) != std::string::npos);
            const CliRun help = runCli({command, QStringLiteral("--help")});
            VERIFY_EXIT(help, 0);
            QVERIFY(help.out.find("Examples:\n  moescope-cli " + command.toStdString())
                != std::string::npos);
        }
        const CliRun version = runCli({QStringLiteral("--version")});
        VERIFY_EXIT(version, 0);
        QVERIFY(version.out.starts_with("moescope-cli " + std::string(kVersion)));
    }

    void manualAndCompletionsKnowEveryOption()
    {
        const fs::path packaging = fs::path(MOESCOPE_PACKAGING);
        for (const char* file : {"moescope-cli.1", "completions/moescope-cli.bash",
                 "completions/_moescope-cli", "completions/moescope-cli.fish"}) {
            const auto text = readTextFile(packaging / file);
            VERIFY_OK(text);
            QString known = QString::fromStdString(*text);
            known.remove(QLatin1Char('\\')); // roff writes \-
            for (const QString& command : kCommands) {
                QVERIFY2(known.contains(command),
                    qPrintable(command + QStringLiteral(" in ") + QLatin1String(file)));
                const CliRun help = runCli({command, QStringLiteral("--help")});
                static const QRegularExpression option(QStringLiteral("^ +(?:-\\w,)?--([a-z-]+)"),
                    QRegularExpression::MultilineOption);
                auto matches = option.globalMatch(QString::fromStdString(help.out));
                QVERIFY(matches.hasNext());
                while (matches.hasNext()) {
                    const QString name = matches.next().captured(1);
                    // fish names long options by "-l".
                    const bool there = known.contains(QStringLiteral("--") + name)
                        || known.contains(QStringLiteral("-l ") + name);
                    QVERIFY2(there,
                        qPrintable(QStringLiteral("--%1 of %2 in %3")
                                       .arg(name, command, QLatin1String(file))));
                }
            }
        }
    }

    void wrongUseIsTwo()
    {
        VERIFY_FAILS(runCli({}), 2, "command");
        VERIFY_FAILS(runCli({QStringLiteral("nonsense")}), 2, "nonsense");
        VERIFY_FAILS(runCli(words("inspect")), 2, "--model");
        VERIFY_FAILS(runCli(words("--nonsense")), 2, "--nonsense");
        VERIFY_FAILS(runCli(words("inspect native --nonsense")), 2, "--nonsense");
        VERIFY_FAILS(runCli(words("explore native")), 2, "--prompt");
        VERIFY_FAILS(runCli(words("explore native --prompt a --layer 99")), 2, "99");
        VERIFY_FAILS(runCli(words("explore native --prompt a --layer -1")), 2, "-1");
        VERIFY_FAILS(runCli(words("explore native --prompt a --register loud")), 2, "loud");
        VERIFY_FAILS(runCli(words("generate native --prompt a --max-tokens many")), 2, "many");
        VERIFY_FAILS(
            runCli(words("generate native --prompt a --temperature -1")), 2, "temperature");
        VERIFY_FAILS(
            runCli(words("generate native --prompt a --temperature nan")), 2, "temperature");
        VERIFY_FAILS(runCli(words("trace native --prompt a")), 2, "--out");
        VERIFY_FAILS(runCli(words("inspect native --memory lots")), 2, "lots");
        VERIFY_FAILS(runCli(words("inspect native --threads 99999")), 2, "--threads");
    }

    void wrongUseSaysWhatToDo()
    {
        VERIFY_FAILS(runCli(words("trace native --prompt a --out t --precision foo")), 2,
            "--precision must be float32 or bf16, but is \"foo\".");
        VERIFY_FAILS(runCli(words("bench --type q9")), 2, "bf16 or q8_0 or q4_k or mxfp4");
        VERIFY_FAILS(runCli(words("bench --runs 0")), 2, "from 1 to 100, but is \"0\".");
        VERIFY_FAILS(runCli(words("bench native --type bf16")), 2, "--type");
        VERIFY_FAILS(runCli(words("explore native -c a -c b -p c")), 2,
            "--compare can be given only once, but is there 2 times.");
        VERIFY_FAILS(runCli(words("explore native -p")), 2, "--prompt needs a value");
        VERIFY_FAILS(runCli(words("generate native -p a -n -3")), 2, "is \"-3\".");
        VERIFY_FAILS(runCli(words("generate native -p a --seed -1")), 2, "is \"-1\".");
        VERIFY_FAILS(runCli(words("generate native -p a --temperature x")), 2, "--temperature");
        VERIFY_FAILS(runCli(words("generate native --ids 1,,2")), 2, "\"1,,2\"");
        VERIFY_FAILS(runCli(words("generate native --ids 1,2,")), 2, "missing");
        VERIFY_FAILS(runCli(words("explore native -p two words")), 2, "\"words\"");
        VERIFY_FAILS(runCli(words("models -x")), 2, "models has no option -x");
        VERIFY_FAILS(runCli(words("moe-type-analyze native --layer 8")), 2,
            "There is no layer 8: native has the layers 0 to 7.");
        const std::string help = runCli(words("bench --help")).out;
        QVERIFY(help.find(" in [") == std::string::npos);
        QVERIFY(help.find("[256]") != std::string::npos);
    }

    void optionsMayStandBeforeTheCommand()
    {
        const CliRun run = runCli(words("-q -m native --prompt models explore --json -"));
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.json()["spec"]["prompt"].get<std::string>(), std::string("models"));
        VERIFY_FAILS(runCli(words("-m native")), 2, "No command");
    }

    void pipesInAModelFolderAreNotOpened()
    {
        const QTemporaryDir work;
        const fs::path folder = copyOf("olmoe", work);
        const QString name = QString::fromStdString(folder.string());
        const auto tokenize = [](const QString& model) {
            return runCli(
                {QStringLiteral("tokenize"), model, QStringLiteral("--text"), QStringLiteral("a")});
        };
        for (const char* file : {"tokenizer.json", "tokenizer_config.json",
                 "generation_config.json", "chat_template.jinja"}) {
            fs::remove(folder / file);
            QCOMPARE(::mkfifo((folder / file).c_str(), 0600), 0);
        }
        VERIFY_FAILS(tokenize(name), 3, "tokenizer.json is a device, pipe or socket");
        VERIFY_FAILS(
            tokenize(name + QStringLiteral("/tokenizer.json")), 3, "a device, pipe or socket");
        VERIFY_FAILS(tokenize(QStringLiteral("/dev/zero")), 3, "a device, pipe or socket");
        VERIFY_FAILS(inspect(folder), 3, "generation_config.json is a device, pipe or socket");
        fs::remove(folder / "generation_config.json");
        VERIFY_EXIT(inspect(folder), 0);
        VERIFY_FAILS(inspect(folder / "tokenizer.json"), 3, "a device, pipe or socket");
        VERIFY_FAILS(inspect("/dev/zero"), 3, "a device, pipe or socket");
        const fs::path index = folder / "model.safetensors.index.json";
        QCOMPARE(::mkfifo(index.c_str(), 0600), 0);
        VERIFY_EXIT(inspect(folder), 0); // the weights are there without it
        VERIFY_FAILS(inspect(index), 3, "a device, pipe or socket");
        for (const char* file : {"config.json", "model.safetensors"}) {
            fs::remove(folder / file);
            QCOMPARE(::mkfifo((folder / file).c_str(), 0600), 0);
            VERIFY_FAILS(inspect(folder), 3, folder.string());
            fs::remove(folder / file);
            fs::create_directory(folder / file);
            VERIFY_FAILS(inspect(folder), 3, folder.string());
            fs::remove(folder / file);
        }
    }

    void fewerThreadsThanAskedForWillDo()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("Sanitizers need more address space than this leaves.");
#endif
        QProcess shell;
        shell.start(QStringLiteral("/bin/bash"),
            {QStringLiteral("-c"),
                QStringLiteral(
                    "ulimit -v 3000000; exec \"$0\" inspect native --threads 1024 --json -"),
                cliProgram()});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(shell.readAllStandardError(), QByteArray());
        QCOMPARE(shell.exitStatus(), QProcess::NormalExit);
        QCOMPARE(shell.exitCode(), 0);
    }

    void promptsMayLookLikeAnything()
    {
        for (const char* prompt : {"models", "trace", "[1,2]", "{\"a\": 1}", "a=b", "--",
                 "\xE6\xBC\xA2 \xF0\x9F\x99\x82", "%s\\n"}) {
            const CliRun run = runCli({QStringLiteral("explore"), QStringLiteral("native"),
                QStringLiteral("--prompt=") + QString::fromUtf8(prompt), QStringLiteral("--json"),
                QStringLiteral("-")});
            VERIFY_EXIT(run, 0);
            QCOMPARE(run.json()["spec"]["prompt"].get<std::string>(), std::string(prompt));
        }
        const CliRun apart = runCli(words("explore native --prompt models --json -"));
        VERIFY_EXIT(apart, 0);
        QCOMPARE(apart.json()["spec"]["prompt"].get<std::string>(), std::string("models"));
        VERIFY_FAILS(runCli({QStringLiteral("explore"), QStringLiteral("native"),
                         QStringLiteral("--prompt"), QString()}),
            2, "empty");
    }

    void missingInputIsThree()
    {
        VERIFY_FAILS(runCli(words("inspect /no/such/model")), 3, "/no/such/model");
        VERIFY_FAILS(runCli(words("explore nowhere --prompt a")), 3, "nowhere");
        VERIFY_FAILS(
            runCli(words("inspect native --resources /no/such/folder")), 3, "/no/such/folder");
        const QTemporaryDir empty;
        VERIFY_FAILS(inspect(empty.path().toStdString()), 3, empty.path().toStdString());
        VERIFY_FAILS(
            runCli({QStringLiteral("inspect"), QStringLiteral("evil\x1b[2J\nname")}), 3, "‹1b›");
    }

    void brokenModelsAreThree()
    {
        const QTemporaryDir work;
        const fs::path cut = copyOf("olmoe", work);
        fs::resize_file(cut / "model.safetensors", fs::file_size(cut / "model.safetensors") / 2);
        VERIFY_FAILS(inspect(cut), 3, "model.safetensors");

        const fs::path sharded = copyOf("mixtral_sharded", work);
        fs::remove(sharded / "model-00002-of-00003.safetensors");
        VERIFY_FAILS(inspect(sharded), 3, "model-00002-of-00003.safetensors");

        const fs::path lying = copyOf("mixtral", work);
        VERIFY_OK(writeFileAtomically(
            lying / "model.safetensors", safetensorsBytes(std::uint64_t{1} << 60, "{}", "")));
        VERIFY_FAILS(inspect(lying), 3, "model.safetensors");

        const fs::path shapes = copyOf("olmoe_f32", work);
        const auto config = readTextFile(shapes / "config.json");
        VERIFY_OK(config);
        Json json = Json::parse(*config);
        json["hidden_size"] = 64;
        VERIFY_OK(writeFileAtomically(shapes / "config.json", json.dump()));
        VERIFY_FAILS(runCli({QStringLiteral("generate"), QString::fromStdString(shapes.string()),
                         QStringLiteral("--ids"), QStringLiteral("1")}),
            3, "model.safetensors");

        VERIFY_OK(writeFileAtomically(shapes / "config.json", "{\"model_type\": \"olmoe\", "));
        VERIFY_FAILS(inspect(shapes), 3, "config.json");
    }

    void brokenPartsOfModelsAreThree()
    {
        const QTemporaryDir work;
        const auto explore = [](const fs::path& model) {
            return runCli({QStringLiteral("explore"), QString::fromStdString(model.string()),
                QStringLiteral("--prompt"), QStringLiteral("aaaaaaaaaaaaaaaaaaaaaaaa")});
        };
        const fs::path model = fs::path(work.path().toStdString()) / "model";
        fs::copy(resources() / "samples" / "native", model);

        VERIFY_OK(writeFileAtomically(model / "generation_config.json", "{\"a\":"));
        VERIFY_FAILS(explore(model), 3, "generation_config.json");
        fs::remove(model / "generation_config.json");

        // A token that the model does not have.
        const auto text = readTextFile(model / "tokenizer.json", 1U << 26);
        VERIFY_OK(text);
        Json tokenizer = Json::parse(*text);
        Json added = tokenizer["added_tokens"].front();
        added["id"] = 11143;
        added["content"] = "aaa";
        tokenizer["added_tokens"].push_back(added);
        VERIFY_OK(writeFileAtomically(model / "tokenizer.json", tokenizer.dump()));
        VERIFY_FAILS(explore(model), 3, "but the model's vocabulary");

        // Steps that feed one another make gigabytes of a short text.
        tokenizer = Json::parse(*text);
        const Json step{{"type", "Replace"}, {"pattern", {{"String", "a"}}},
            {"content", std::string(1000, 'a')}};
        tokenizer["normalizer"] = {{"type", "Sequence"}, {"normalizers", {step, step, step, step}}};
        VERIFY_OK(writeFileAtomically(model / "tokenizer.json", tokenizer.dump()));
        VERIFY_FAILS(explore(model), 3, "times as long");

        fs::remove(model / "tokenizer.json");
        fs::create_symlink("nowhere", model / "tokenizer.json");
        VERIFY_FAILS(explore(model), 3, "tokenizer.json is a link to a file that is missing");

        VERIFY_FAILS(runCli(words("tokenize native --file /dev/zero")), 3, "/dev/zero");
        VERIFY_FAILS(
            runCli(words("trace native --prompts /dev/zero --out x.safetensors")), 3, "/dev/zero");
    }

    void unknownFamiliesAreFourButCanBeInspected()
    {
        const QTemporaryDir work;
        const fs::path folder = copyOf("olmoe", work);
        VERIFY_OK(writeFileAtomically(folder / "config.json", "{\"model_type\": \"mamba\"}"));
        const CliRun run
            = runCli({QStringLiteral("inspect"), QString::fromStdString(folder.string()),
                QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        QVERIFY(!run.json()["fields"]["runnable"].get<bool>());
        QVERIFY(
            run.json()["fields"]["why_not"].get<std::string>().find("mamba") != std::string::npos);
        const QString name = QString::fromStdString(folder.string());
        VERIFY_FAILS(runCli({QStringLiteral("generate"), name, QStringLiteral("--ids"),
                         QStringLiteral("1")}),
            4, "mamba");
        VERIFY_FAILS(
            runCli({QStringLiteral("explore"), name, QStringLiteral("--ids"), QStringLiteral("1")}),
            4, "mamba");
        VERIFY_FAILS(runCli({QStringLiteral("moe-type-analyze"), name}), 4, "mamba");
    }

    void littleMemoryIsFive()
    {
        const QTemporaryDir work;
        const QStringList limit = words("--memory 1M");
        VERIFY_FAILS(
            runCli(words("generate native --prompt a --max-tokens 2000") + limit), 5, "1.0 MB");
        VERIFY_FAILS(runCli(words("explore native --prompt")
                         + QStringList{QStringLiteral("one two ").repeated(500)} + limit),
            5, "--memory");
        VERIFY_FAILS(runCli(words("trace native --prompt a --out")
                         + QStringList{work.filePath(QStringLiteral("t.safetensors"))}
                         + words("--memory 1k")),
            5, "--memory");
        QVERIFY(fs::is_empty(work.path().toStdString()));
    }

    void unwritableOutputIsSix()
    {
        VERIFY_FAILS(runCli(words("explore native --prompt a --json /no/such/folder/a.json")), 6,
            "/no/such/folder");
        VERIFY_FAILS(runCli(words("explore native --prompt a -o /no/such/folder/a.html")), 6,
            "/no/such/folder");
        VERIFY_FAILS(runCli(words("trace native --prompt a --out /no/such/folder/a.safetensors")),
            6, "/no/such/folder");
        VERIFY_FAILS(runCli(words("explore native --prompt a --json /dev/full")), 6, "/dev/full");
        VERIFY_FAILS(runCli(words("explore native --prompt a -o /dev/full")), 6, "/dev/full");
        VERIFY_FAILS(runCli(words("generate native --prompt a -o /dev/full")), 6, "/dev/full");
        QProcess process;
        process.setStandardOutputFile(QStringLiteral("/dev/full"));
        process.start(cliProgram(), words("inspect native"));
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 6);
        QVERIFY(process.readAllStandardError().startsWith("moescope-cli: Standard output"));
    }

    void closedPipesEndQuietly()
    {
        QProcess shell;
        shell.start(QStringLiteral("/bin/bash"),
            {QStringLiteral("-c"),
                QStringLiteral("set -o pipefail; \"$0\" inspect native --json - | head -c 10"),
                cliProgram()});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(shell.exitCode(), 0);
        QCOMPARE(shell.readAllStandardError(), QByteArray());
        QCOMPARE(shell.readAllStandardOutput().size(), qsizetype{10});
    }

    void interruptsAre130AndLeaveNothing()
    {
        const QTemporaryDir work;
        const QString out = work.filePath(QStringLiteral("out.json"));
        QProcess process;
        // The first tokens on standard output tell that the work has begun.
        process.start(cliProgram(),
            words("generate native --prompt a --max-tokens 100000 --ignore-eos --memory 100T"));
        QVERIFY(process.waitForReadyRead());
        QCOMPARE(::kill(static_cast<pid_t>(process.processId()), SIGINT), 0);
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
        QVERIFY(process.readAllStandardError().startsWith("moescope-cli: "));

        // A long text on standard input keeps tokenize waiting, whose file must not appear.
        QProcess waiting;
        waiting.start(cliProgram(), words("tokenize native --file - --json") + QStringList{out});
        QVERIFY(waiting.waitForStarted());
        waiting.write("{\"text\": \"a\"}\n");
        QVERIFY(waiting.waitForBytesWritten());
        // The temporary file beside the target is made after the interrupt handler.
        QTRY_VERIFY_WITH_TIMEOUT(!fs::is_empty(work.path().toStdString()), 60'000);
        QCOMPARE(::kill(static_cast<pid_t>(waiting.processId()), SIGINT), 0);
        QVERIFY(waiting.waitForFinished()); // no further line comes, nor the end of them
        QCOMPARE(waiting.state(), QProcess::NotRunning);
        QCOMPARE(waiting.exitCode(), 130);
        QVERIFY(fs::is_empty(work.path().toStdString()));
    }
};

QTEST_GUILESS_MAIN(TestCliUse)
#include "tst_cli_use.moc"
