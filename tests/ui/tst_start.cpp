// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileInfo>
#include <QImage>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

#include "core/io/file_write.h"
#include "tests/ui/window_desk.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/shot.h"
#include "ui/style/inline_message.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestStart : public QObject {
    Q_OBJECT

private slots:
    void settingsAreKeptAndTakeEffect()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.window().actions().settings->trigger();
        auto* dialog = desk.find<QDialog>("settingsDialog");
        QVERIFY(dialog);
        dialog->findChild<QComboBox*>(QStringLiteral("themeChoice"))->setCurrentIndex(2);
        dialog->findChild<QDoubleSpinBox*>(QStringLiteral("fontSize"))->setValue(12);
        dialog->findChild<QSpinBox*>(QStringLiteral("threads"))->setValue(1);
        dialog->findChild<QDoubleSpinBox*>(QStringLiteral("memoryLimit"))->setValue(1.5);
        dialog->findChild<QLineEdit*>(QStringLiteral("hubFolder"))->setText(desk.folder.path());
        auto* buttons = dialog->findChild<QDialogButtonBox*>(QStringLiteral("settingsButtons"));
        QTest::mouseClick(buttons->button(QDialogButtonBox::Ok), Qt::LeftButton);
        const UiContext& context = desk.program.context();
        QCOMPARE(context.style.mode(), ThemeMode::Dark);
        QCOMPARE(context.style.fontSize(), 12.0);
        QCOMPARE(context.runner.threads(), 1U);
        QCOMPARE(context.runner.memoryLimit(), std::uint64_t(1'500'000'000));
        QCOMPARE(
            context.models.hubCache(), std::filesystem::path(desk.folder.path().toStdString()));

        const auto again = Settings::inFile(desk.settingsFile);
        QCOMPARE(again->theme(), ThemeMode::Dark);
        QCOMPARE(again->fontSize(), 12.0);
        QCOMPARE(again->threads(), 1U);
        QCOMPARE(again->memoryLimit(), std::uint64_t(1'500'000'000));
        desk.window().actions().normalText->trigger();
        QCOMPARE(context.style.fontSize(), 10.0);
        desk.window().actions().themeLight->trigger();
        QCOMPARE(context.style.mode(), ThemeMode::Light);
        QVERIFY(desk.window().actions().themeLight->isChecked());
    }

    void numbersAreIdsWhereThereIsNoTokenizer()
    {
        Desk desk;
        StartOptions options;
        options.model = family("deepseek_v3");
        options.prompt = QStringLiteral("5, 9 17");
        options.compare = QStringLiteral("5 9 3");
        QVERIFY(desk.start(options));
        QCOMPARE(desk.session().prompt().ids, (std::vector<std::int32_t>{5, 9, 17}));
        QVERIFY(desk.session().comparePrompt());
        QCOMPARE(desk.session().comparePrompt()->ids, (std::vector<std::int32_t>{5, 9, 3}));
        QTRY_COMPARE_WITH_TIMEOUT(
            desk.session().explore()->a.trace.tokenCount(), std::size_t{3}, kPatience);
        QVERIFY(desk.session().explore()->b);
    }

    void theLastSessionComesBack()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        const auto addPages = [](Program& program) {
            program.window().addPage(new PlainPage(QStringLiteral("first"), true));
            program.window().addPage(new PlainPage(QStringLiteral("second"), false));
        };
        {
            Program program(resources(), Settings::inFile(file));
            addPages(program);
            StartOptions options;
            options.model = QStringLiteral("upcycled");
            options.prompt = QStringLiteral("Remember me");
            options.compare = QStringLiteral("Remember you");
            options.page = QStringLiteral("second");
            options.layer = 2;
            program.start(options);
            program.window().show();
            QVERIFY(QTest::qWaitFor(
                [&] { return program.context().session.explore() != nullptr; }, kPatience));
            program.window().showPage(QStringLiteral("first")); // the other one has no inspector
            program.window().actions().toggleInspector->trigger(); // off
            program.window().showPage(QStringLiteral("second"));
            program.window().close();
        }
        Program program(resources(), Settings::inFile(file));
        addPages(program);
        program.start({});
        const Session& session = program.context().session;
        QVERIFY(QTest::qWaitFor([&] { return session.explore() != nullptr; }, kPatience));
        QCOMPARE(session.model()->name, std::string("Upcycled sample"));
        QCOMPARE(session.prompt().text, std::string("Remember me"));
        QCOMPARE(session.comparePrompt()->text, std::string("Remember you"));
        QCOMPARE(session.selection().layer, std::optional(LayerId(2)));
        QCOMPARE(program.window().currentPage()->id(), QStringLiteral("second"));
        QVERIFY(!program.window().actions().toggleInspector->isChecked());
    }

    void aLostModelOfTheLastSessionIsReplacedByASample()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        Settings::LastSession last;
        last.model = folder.filePath(QStringLiteral("gone"));
        last.prompt = QStringLiteral("Hello");
        Settings::inFile(file)->setLastSession(last);
        Program program(resources(), Settings::inFile(file));
        program.start({});
        QVERIFY(QTest::qWaitFor(
            [&] { return program.context().session.model() != nullptr; }, kPatience));
        QCOMPARE(program.context().session.model()->name, std::string("Native sample"));
        QVERIFY(program.window().message().text().contains(QStringLiteral("gone")));
    }

    void aShotHasTheSizeThatWasAskedFor()
    {
        QTemporaryDir folder;
        Program program(resources(), Settings::transient());
        program.window().addPage(new TensorPage(program.context()), false);
        ShotOptions options;
        options.picture = folder.filePath(QStringLiteral("shot.png"));
        options.report = folder.filePath(QStringLiteral("report.json"));
        Shot shot(program, options);
        QSignalSpy finished(&shot, &Shot::finished);
        StartOptions start;
        start.model = QStringLiteral("native");
        start.page = QStringLiteral("tensors");
        start.size = QSize(1000, 700);
        program.window().setAttribute(Qt::WA_DontShowOnScreen);
        program.start(start);
        program.window().show();
        QVERIFY(finished.wait(kPatience));
        QVERIFY(!finished.front().front().value<std::shared_ptr<const Error>>());
        const QImage picture(options.picture);
        QCOMPARE(picture.size(), QSize(1000, 700) * program.window().devicePixelRatioF());
        QVERIFY(QFileInfo(options.report).size() > 1000);
    }

    void aShotOfSomethingWrongSaysWhy_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("page");
        QTest::addColumn<int>("layer");
        QTest::addColumn<int>("code");
        QTest::newRow("no model") << QStringLiteral("nowhere") << QString() << -1
                                  << static_cast<int>(ErrorCode::NotFound);
        QTest::newRow("no page") << QStringLiteral("native") << QStringLiteral("nosuch") << -1
                                 << static_cast<int>(ErrorCode::InvalidArgument);
        QTest::newRow("no layer") << QStringLiteral("native") << QString() << 40
                                  << static_cast<int>(ErrorCode::InvalidArgument);
    }

    void aShotOfSomethingWrongSaysWhy()
    {
        QFETCH(QString, model);
        QFETCH(QString, page);
        QFETCH(int, layer);
        QFETCH(int, code);
        Program program(resources(), Settings::transient());
        program.window().addPage(new PlainPage(QStringLiteral("first"), true));
        Shot shot(program, {QStringLiteral("/nonexistent/shot.png"), {}, {}});
        QSignalSpy finished(&shot, &Shot::finished);
        StartOptions start;
        start.model = model;
        start.page = page;
        if (layer >= 0)
            start.layer = static_cast<std::uint32_t>(layer);
        program.start(start);
        QVERIFY(finished.count() > 0 || finished.wait(kPatience));
        const auto error = finished.front().front().value<std::shared_ptr<const Error>>();
        QVERIFY(error);
        QCOMPARE(static_cast<int>(error->code), code);
    }

    void aBrokenTokenizerIsToldAndRefusesAGivenPrompt()
    {
        QTemporaryDir folder;
        const auto model = std::filesystem::path(folder.path().toStdString()) / "broken";
        std::filesystem::copy(resources() / "samples" / "native", model);
        VERIFY_OK(writeFileAtomically(model / "tokenizer.json", "\x01\xff\x02"));
        StartOptions start;
        start.model = QString::fromStdString(model.string());
        {
            Program program(resources(), Settings::transient());
            program.window().addPage(new PlainPage(QStringLiteral("first"), true));
            QSignalSpy opened(&program.context().session, &Session::modelOpened);
            program.start(start);
            QVERIFY(opened.count() > 0 || opened.wait(kPatience));
            const InlineMessage& message = program.window().message();
            QVERIFY(!message.isHidden());
            QVERIFY2(message.text().contains(QStringLiteral("tokenizer.json is broken")),
                qPrintable(message.text()));
        }
        start.prompt = QStringLiteral("Hi");
        Program program(resources(), Settings::transient());
        program.window().addPage(new PlainPage(QStringLiteral("first"), true));
        Shot shot(program, {QStringLiteral("/nonexistent/shot.png"), {}, {}});
        QSignalSpy finished(&shot, &Shot::finished);
        program.start(start);
        QVERIFY(finished.count() > 0 || finished.wait(kPatience));
        const auto error = finished.front().front().value<std::shared_ptr<const Error>>();
        QVERIFY(error);
        QCOMPARE(error->code, ErrorCode::BadFormat);
    }
};

QTEST_MAIN(TestStart)
#include "tst_start.moc"
