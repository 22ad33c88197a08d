// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QPushButton>
#include <QToolButton>

#include "core/semantics/patterns.h"
#include "tests/ui/window_desk.h"
#include "ui/shell/prompt_history.h"
#include "ui/shell/token_ids.h"
#include "ui/style/inline_message.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestPromptBar : public QObject {
    Q_OBJECT

private slots:
    void longPromptsTakeRoomOnlyWhileTheyAreEdited()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.window().activateWindow();
        desk.prompt()->setPlainText(QStringLiteral("word ").repeated(600));
        desk.prompt()->setFocus();
        QVERIFY(QTest::qWaitFor([&] { return desk.prompt()->hasFocus(); }, kPatience));
        const int line = desk.prompt()->fontMetrics().lineSpacing();
        QTRY_VERIFY(desk.prompt()->height() > 5 * line);
        desk.prompt()->clearFocus();
        QTRY_VERIFY(desk.prompt()->height() < 3 * line);
    }

    void examplesFillThePromptAndRun()
    {
        Desk desk;
        QVERIFY(desk.start());
        auto* menu = desk.find<QMenu>("examplesMenu");
        const auto submenus = menu->findChildren<QMenu*>();
        QCOMPARE(static_cast<std::size_t>(submenus.size()), categories().size() + 1);
        submenus[1]->actions().front()->trigger();
        QCOMPARE(desk.prompt()->toPlainText().toStdString(), categories().front().prompts.front());
        QVERIFY(QTest::qWaitFor(
            [&] {
                return desk.session().explore()->a.trace.prompt
                    == categories().front().prompts.front();
            },
            kPatience));
    }

    void enterRunsAndShiftEnterMakesALine()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.prompt()->selectAll();
        QTest::keyClicks(desk.prompt(), QStringLiteral("one"));
        const int height = desk.prompt()->height();
        QTest::keyClick(desk.prompt(), Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClicks(desk.prompt(), QStringLiteral("two"));
        QTest::keyClick(desk.prompt(), Qt::Key_Return);
        QCOMPARE(desk.session().prompt().text, std::string("one\ntwo"));
        QVERIFY(QTest::qWaitFor([&] { return desk.prompt()->height() > height; }, kPatience));
        QVERIFY(desk.analysed());
    }

    void promptHistoryIsWalkedWithArrows()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.type(QStringLiteral("first prompt"));
        desk.type(QStringLiteral("second prompt"));
        desk.prompt()->selectAll();
        QTest::keyClicks(desk.prompt(), QStringLiteral("draft"));
        QTest::keyClick(desk.prompt(), Qt::Key_Up);
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("second prompt"));
        QTest::keyClick(desk.prompt(), Qt::Key_Up);
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("first prompt"));
        QTest::keyClick(desk.prompt(), Qt::Key_Up); // the oldest
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("first prompt"));
        QTest::keyClick(desk.prompt(), Qt::Key_Down);
        QTest::keyClick(desk.prompt(), Qt::Key_Down);
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("draft"));
    }

    void historyForgetsRepeats()
    {
        PromptHistory history;
        history.add(QStringLiteral("a"));
        history.add(QStringLiteral("b"));
        history.add(QStringLiteral("a"));
        history.add(QStringLiteral("  "));
        QCOMPARE(history.entries(), (QStringList{QStringLiteral("b"), QStringLiteral("a")}));
        QCOMPARE(history.older(QStringLiteral("a")), std::optional(QStringLiteral("b")));
        QVERIFY(!history.older(QStringLiteral("b")));
    }

    void aSecondPromptIsComparedAndGivenUp()
    {
        Desk desk;
        QVERIFY(desk.start());
        QTest::mouseClick(desk.find<QToolButton>("addCompare"), Qt::LeftButton);
        auto* other = desk.find<QPlainTextEdit>("comparePrompt");
        QVERIFY(other->isVisible());
        QTest::keyClicks(other, QStringLiteral("King is near"));
        QTest::keyClick(other, Qt::Key_Return);
        QVERIFY(
            QTest::qWaitFor([&] { return desk.session().explore()->b.has_value(); }, kPatience));
        QTest::mouseClick(desk.find<QToolButton>("removeCompare"), Qt::LeftButton);
        QVERIFY(!other->isVisible());
        QVERIFY(
            QTest::qWaitFor([&] { return !desk.session().explore()->b.has_value(); }, kPatience));
    }

    void anEmptyPromptIsAnsweredWithASentence()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.prompt()->clear();
        QTest::mouseClick(desk.find<QPushButton>("analyse"), Qt::LeftButton);
        QVERIFY(desk.window().message().text().startsWith(QStringLiteral("Type a prompt")));
        desk.type(QStringLiteral("King"));
        QVERIFY(
            QTest::qWaitFor([&] { return desk.window().message().text().isEmpty(); }, kPatience));
    }

    void withoutATokenizerIdsAreAsked()
    {
        Desk desk;
        StartOptions options;
        options.model = family("olmoe");
        QVERIFY(desk.start(options));
        QVERIFY(!desk.session().model()->tokenizer);
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("1, 2, 3, 4, 5, 6, 7, 8"));
        QCOMPARE(desk.session().explore()->a.trace.tokenCount(), 8U);
        QVERIFY(!desk.find<QPushButton>("bos")->isEnabled());
        desk.type(QStringLiteral("3 word 4"));
        QVERIFY(desk.window().message().text().contains(QStringLiteral("\"word\"")));
        QVERIFY(desk.opened(QStringLiteral("native")));
        QCOMPARE(desk.prompt()->toPlainText(), QString::fromUtf8(kDefaultPrompt.data()));
        QCOMPARE(
            *parseTokenIds(QStringLiteral("[1, 50;7 ]")), (std::vector<std::int32_t>{1, 50, 7}));
        QVERIFY(!parseTokenIds(QStringLiteral("-1")));
    }
};

QTEST_MAIN(TestPromptBar)
#include "tst_prompt_bar.moc"
