// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include <QFileDialog>
#include <QFileInfo>
#include <QTreeView>

#include "core/base/random.h"
#include "core/io/file_write.h"
#include "tests/support/gguf_builder.h"
#include "tests/ui/window_desk.h"
#include "ui/shell/model_facts.h"
#include "ui/shell/model_menu.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/shot.h"
#include "ui/shell/standard_pages.h"
#include "ui/style/inline_message.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

QString fixture(const char* folder, const char* file = "model.gguf")
{
    return QString::fromStdString((fixtures() / "gguf" / folder / file).string());
}

/// A vocabulary of two letters, whose split rule has the name `pre`.
std::string smallFile(std::string_view architecture, std::string_view pre)
{
    GgufBuilder builder;
    builder.string("general.architecture", architecture);
    builder.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", pre);
    builder.strings("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
    builder.strings("tokenizer.ggml.merges", {});
    builder.tensor("blk.0.odd.weight", 0, {4, 2}, std::string(32, '\0'));
    return builder.bytes();
}

/// A mixture that opens for its weights only.
std::string jambaFile()
{
    GgufBuilder builder;
    builder.string("general.architecture", "jamba");
    for (const auto& [key, value] : {std::pair{"block_count", 1U}, {"embedding_length", 16U},
             {"feed_forward_length", 12U}, {"expert_count", 4U}, {"expert_used_count", 2U}})
        builder.uint32(std::string("jamba.") + key, value);
    Random random(5);
    const auto add = [&](const char* name, std::initializer_list<std::uint64_t> dimensions) {
        std::size_t count = 1;
        for (const std::uint64_t size : dimensions)
            count *= size;
        std::string data;
        for (std::size_t i = 0; i < count; ++i)
            data += GgufBuilder::packed(static_cast<float>(random.normal()));
        builder.tensor(name, 0, dimensions, data);
    };
    add("token_embd.weight", {16, 8});
    add("blk.0.ffn_gate_inp.weight", {16, 4});
    add("blk.0.ffn_gate_exps.weight", {16, 12, 4});
    add("blk.0.ffn_up_exps.weight", {16, 12, 4});
    add("blk.0.ffn_down_exps.weight", {12, 16, 4});
    return builder.bytes();
}

QString fact(const OpenModel& open, const char* name)
{
    for (const auto& [key, value] : factsTable(open)) {
        if (key == QLatin1String(name))
            return value;
    }
    return {};
}

bool nameBecomes(Desk& desk, const char* name)
{
    return QTest::qWaitFor([&] { return desk.session().model()->name == name; }, kPatience);
}

} // namespace

/// GGUF files in the window, by every way in which people open files.
class TestGgufWindow : public QObject {
    Q_OBJECT

private slots:
    void anArgumentOpensAFile()
    {
        Desk desk;
        StartOptions options;
        options.model = fixture("qwen3moe-q4_k_m");
        options.prompt = QStringLiteral("the king of");
        QVERIFY(desk.start(options));
        const OpenModel& open = *desk.session().model();
        QVERIFY(open.model && open.tokenizer);
        QCOMPARE(open.checkpoint->format(), std::string_view("GGUF"));
        QVERIFY(desk.session().explore()->a.trace.tokenCount() > 0);
    }

    void theDialogOpensAFile()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.window().actions().openFile->trigger();
        auto* dialog = desk.find<QFileDialog>("openDialog");
        QVERIFY(dialog);
        QVERIFY(dialog->nameFilters().front().contains(QStringLiteral("*.gguf")));
        dialog->selectFile(fixture("olmoe-bf16"));
        static_cast<QDialog*>(dialog)->accept();
        QVERIFY(nameBecomes(desk, "olmoe-bf16"));
        QVERIFY(desk.session().model()->model);
    }

    void anyPartOpensTheWhole_data()
    {
        QTest::addColumn<QString>("part");
        for (const char* part :
            {"model-00001-of-00003.gguf", "model-00002-of-00003.gguf", "model-00003-of-00003.gguf"})
            QTest::newRow(part) << QString::fromLatin1(part);
    }

    void anyPartOpensTheWhole()
    {
        QFETCH(QString, part);
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(drop(desk.window(), fixture("qwen2moe-split-f16", part.toLatin1().constData())));
        QVERIFY(nameBecomes(desk, "qwen2moe-split-f16"));
        const OpenModel& open = *desk.session().model();
        QVERIFY(open.model && open.tokenizer);
        QCOMPARE(open.checkpoint->files().size(), std::size_t{3});
        QVERIFY(fact(open, "Weights").contains(QStringLiteral("GGUF, 3 files")));
    }

    void recentFilesOutliveTheWindow()
    {
        QTemporaryDir folder;
        const QString settings = folder.filePath(QStringLiteral("settings.ini"));
        {
            Program program(resources(), Settings::inFile(settings));
            program.window().addPage(new PlainPage(QStringLiteral("first"), false));
            program.start({});
            program.window().show();
            QSignalSpy opened(&program.context().session, &Session::modelOpened);
            QVERIFY(opened.count() > 0 || opened.wait(kPatience)); // the sample
            program.context().models.open(fixture("olmoe-bf16"));
            QVERIFY(opened.wait(kPatience));
            program.window().close();
        }
        Program program(resources(), Settings::inFile(settings));
        program.window().addPage(new PlainPage(QStringLiteral("first"), false));
        StartOptions options;
        options.model = QStringLiteral("native");
        program.start(options);
        auto* menu = program.window().findChild<ModelMenu*>(QStringLiteral("modelMenu"));
        emit menu->aboutToShow();
        QAction* recent = nullptr;
        for (QAction* action : menu->actions()) {
            if (action->data().toString() == fixture("olmoe-bf16"))
                recent = action;
        }
        QVERIFY(recent);
        QVERIFY(recent->text() == QStringLiteral("model.gguf\tolmoe-bf16"));
        Session& session = program.context().session;
        QVERIFY(QTest::qWaitFor([&] { return session.model() != nullptr; }, kPatience));
        recent->trigger();
        QVERIFY(QTest::qWaitFor([&] { return session.model()->name == "olmoe-bf16"; }, kPatience));
    }

    void factsNameTypesAndMetadata()
    {
        const auto open = openModel(fixture("qwen3moe-q4_k_m").toStdString());
        VERIFY_OK(open);
        const QStringList types = fact(**open, "Stored as").split(QLatin1Char('\n'));
        QVERIFY(types.size() >= 3);
        double share = 0;
        for (const char* type : {"q4_k", "q6_k", "f32"})
            QVERIFY2(types.join(QLatin1Char(' ')).contains(QLatin1String(type)), type);
        for (const QString& line : types)
            share += line.section(QStringLiteral(", "), -1).remove(QStringLiteral(" %")).toDouble();
        QVERIFY2(std::abs(share - 100) < 0.2, qPrintable(types.join(QLatin1Char('\n'))));
        QCOMPARE(fact(**open, "general.architecture"), QStringLiteral("qwen3moe"));
        QVERIFY(fact(**open, "tokenizer.ggml.tokens").contains(QStringLiteral("in all")));

        const auto plain = openModel(fixtures() / "families" / "olmoe");
        VERIFY_OK(plain);
        QVERIFY(fact(**plain, "Stored as").startsWith(QStringLiteral("bf16: ")));
        QVERIFY(fact(**plain, "Metadata of the file").isEmpty());
    }

    void longMetadataAreCut()
    {
        QTemporaryDir folder;
        GgufBuilder builder;
        for (std::uint32_t i = 0; i < 5000; ++i)
            builder.uint32("key." + std::to_string(i), i);
        const QString path = folder.filePath(QStringLiteral("keys.gguf"));
        VERIFY_OK(writeFileAtomically(path.toStdString(), builder.bytes()));
        const auto open = openModel(path.toStdString());
        VERIFY_OK(open);
        QVERIFY(factsTable(**open).size() < 250);
        QCOMPARE(fact(**open, "and more"), QStringLiteral("5,000 entries in all"));
    }

    void unknownKindsOpenForInspection()
    {
        Desk desk;
        QVERIFY(desk.start());
        const QString path = desk.folder.filePath(QStringLiteral("odd.gguf"));
        VERIFY_OK(writeFileAtomically(path.toStdString(), smallFile("wonderful", "gpt-2")));
        QVERIFY(drop(desk.window(), path));
        QVERIFY(nameBecomes(desk, "odd.gguf"));
        QVERIFY(!desk.session().model()->model);
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("tensors"));
        const auto* reason = desk.window().currentPage()->findChild<InlineMessage*>();
        QVERIFY2(reason->text().contains(QStringLiteral("wonderful")), qPrintable(reason->text()));
        QVERIFY(desk.find<QTreeView>("tensorTree")->model()->rowCount() == 1);
        QVERIFY(desk.window().message().isHidden());
    }

    void weightsOfModelsThatCannotRunAreDrawn()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("jamba.gguf"));
        VERIFY_OK(writeFileAtomically(path.toStdString(), jambaFile()));
        for (const char* page : {"weights", "explore"}) {
            Program program(resources(), Settings::transient());
            addStandardPages(program);
            ShotOptions options;
            options.picture = folder.filePath(QStringLiteral("shot.png"));
            Shot shot(program, options);
            QSignalSpy finished(&shot, &Shot::finished);
            StartOptions start;
            start.model = path;
            start.prompt = QStringLiteral("1 2 3");
            start.page = QLatin1String(page);
            program.window().setAttribute(Qt::WA_DontShowOnScreen);
            program.start(start);
            program.window().show();
            QVERIFY(finished.count() > 0 || finished.wait(kPatience));
            const auto error = finished.front().front().value<std::shared_ptr<const Error>>();
            if (QLatin1String(page) == QLatin1String("weights")) {
                QVERIFY2(!error, error ? error->message.c_str() : "");
                QVERIFY(QFileInfo(options.picture).size() > 10000);
                const auto report = program.window().currentPage()->report();
                QVERIFY(report && report->complete);
            } else {
                QVERIFY(error);
                QCOMPARE(error->code, ErrorCode::Unsupported);
                QVERIFY2(error->message.find("Mamba") != std::string::npos, error->message.c_str());
            }
        }
    }

    void openingWhatCannotRunIsNoError()
    {
        Desk desk;
        QVERIFY(desk.start());
        const QString path = desk.folder.filePath(QStringLiteral("jamba.gguf"));
        VERIFY_OK(writeFileAtomically(path.toStdString(), jambaFile()));
        QVERIFY(desk.opened(path));
        QVERIFY(desk.session().model()->model);
        QTRY_VERIFY_WITH_TIMEOUT(
            !desk.program.context().explore.isRunning() && !desk.program.context().runner.isBusy(),
            kPatience);
        QVERIFY2(desk.window().message().isHidden(), qPrintable(desk.window().message().text()));
        // Who asks for it is told why it cannot be.
        desk.type(QStringLiteral("1 2 3"));
        QTRY_VERIFY_WITH_TIMEOUT(desk.window().message().isVisible(), kPatience);
        QVERIFY(desk.window().message().text().contains(QStringLiteral("Mamba")));
    }

    void unknownSplitRulesAreNamed()
    {
        Desk desk;
        QVERIFY(desk.start());
        const QString path = desk.folder.filePath(QStringLiteral("rule.gguf"));
        VERIFY_OK(writeFileAtomically(path.toStdString(), smallFile("wonderful", "made-up")));
        QVERIFY(desk.opened(path));
        const InlineMessage& message = desk.window().message();
        QVERIFY(message.isVisible());
        QCOMPARE(message.kind(), InlineMessage::Kind::Warning);
        QVERIFY2(message.text().contains(QStringLiteral("\"made-up\", which is not known")),
            qPrintable(message.text()));
        QVERIFY(
            fact(*desk.session().model(), "Tokenizer warning").contains(QStringLiteral("made-up")));
        QVERIFY(desk.opened(QStringLiteral("upcycled")));
        QVERIFY(!message.isVisible());
    }

    void brokenFilesAreNamed()
    {
        Desk desk;
        QVERIFY(desk.start());
        const QString path = desk.folder.filePath(QStringLiteral("cut.gguf"));
        const std::string bytes = smallFile("wonderful", "gpt-2");
        VERIFY_OK(writeFileAtomically(path.toStdString(), bytes.substr(0, bytes.size() - 5)));
        QVERIFY(drop(desk.window(), path));
        QTRY_VERIFY_WITH_TIMEOUT(desk.window().message().isVisible(), kPatience);
        QCOMPARE(desk.window().message().kind(), InlineMessage::Kind::Error);
        QVERIFY(desk.window().message().text().contains(QStringLiteral("cut.gguf is broken")));
        QCOMPARE(desk.session().model()->name, std::string("Native sample"));
    }
};

QTEST_MAIN(TestGgufWindow)
#include "tst_gguf_window.moc"
