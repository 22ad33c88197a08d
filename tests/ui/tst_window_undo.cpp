// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractSpinBox>
#include <QFileDialog>
#include <QPushButton>

#include "tests/ui/window_desk.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/standard_pages.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

constexpr const char* kPrompt = "King is to queen as man is to woman";

/// The real window with its real pages, and the focus.
struct Window : Desk {
    Window()
    {
        addStandardPages(program);
        window().showPage(QStringLiteral("explore"));
        window().resize(1400, 900);
    }
    bool begin(const StartOptions& options = {})
    {
        if (!start(options))
            return false;
        window().activateWindow();
        return QTest::qWaitForWindowActive(&window()) && quiet();
    }
    bool quiet()
    {
        return QTest::qWaitFor(
            [this] {
                return session().explore() && !window().currentPage()->isBusy()
                    && !program.context().runner.isBusy() && !program.context().explore.isRunning();
            },
            kPatience);
    }
    void click(const char* button) { QTest::mouseClick(find<QPushButton>(button), Qt::LeftButton); }
    /// To whatever has the keyboard, as a person would.
    void press(int key, Qt::KeyboardModifiers modifiers = {})
    {
        QTest::keyClick(window().windowHandle(), Qt::Key(key), modifiers);
    }
    const RoutingTrace& trace() { return session().explore()->a.trace; }
    bool continueToTheEnd()
    {
        click("openGenerate");
        click("generatePlay");
        return quiet() && !trace().tokens.empty() && trace().tokens.back().generated;
    }
    /// A prompt that no text spells: a character cut in two.
    std::vector<std::int32_t> giveIds()
    {
        const auto halves = session().model()->tokenizer->encode("\xE2\x99\x9E");
        TraceRequest prompt;
        prompt.ids = session().model()->tokenizer->encode("Cats sleep")->ids;
        prompt.ids.push_back(halves->ids.front());
        program.context().explore.submit(prompt, std::nullopt);
        return prompt.ids;
    }
};

} // namespace

/// Undo from the keyboard, and prompts that are ids.
class TestWindowUndo : public QObject {
    Q_OBJECT

private slots:
    void aNumberThatWasTakenOverHandsUndoOn()
    {
        Window desk;
        QVERIFY(desk.begin());
        desk.click("openInterventions");
        auto* field = desk.find<QAbstractSpinBox>("topKSpin");
        field->setFocus();
        field->selectAll();
        desk.press(Qt::Key_2);
        // Not taken over yet: undo is the field's.
        desk.press(Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(field->text(), QStringLiteral("4"));
        field->selectAll();
        desk.press(Qt::Key_2);
        desk.press(Qt::Key_Return);
        QVERIFY(desk.quiet());
        QCOMPARE(desk.session().interventions().current().topK, std::optional(2U));
        QVERIFY(field->hasFocus());
        desk.press(Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(desk.session().interventions().isEmpty());
        QVERIFY(desk.quiet());
        QCOMPARE(field->text(), QStringLiteral("4"));
        desk.press(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(desk.session().interventions().current().topK, std::optional(2U));
        QVERIFY(desk.quiet());
    }

    void everyNumberOfTheContinuationHandsUndoOn()
    {
        Window desk;
        QVERIFY(desk.begin());
        desk.click("openGenerate");
        for (const char* name : {"generateTemperature", "generateSeed", "generateMost"}) {
            desk.session().interventions().setTopK(2);
            QVERIFY(desk.quiet());
            auto* field = desk.find<QAbstractSpinBox>(name);
            field->setFocus();
            field->selectAll();
            desk.press(Qt::Key_3);
            desk.press(Qt::Key_Return);
            desk.press(Qt::Key_Z, Qt::ControlModifier);
            QVERIFY2(desk.session().interventions().isEmpty(), name);
            QVERIFY(desk.quiet());
        }
    }

    void anEmptyPartOfThePageTakesTheKeyboard()
    {
        Window desk;
        QVERIFY(desk.begin());
        desk.click("openInterventions");
        auto* field = desk.find<QAbstractSpinBox>("topKSpin");
        field->setFocus();
        auto* panel = desk.find<QWidget>("exploreControls");
        QTest::mouseClick(panel, Qt::LeftButton, {}, {2, 2});
        QVERIFY(!field->hasFocus());
        QCOMPARE(QApplication::focusWidget(), desk.window().currentPage());
    }

    void aContinuationIsKeptAsTextAndGivenBack()
    {
        Window desk;
        StartOptions options;
        options.prompt = QString::fromUtf8(kPrompt);
        QVERIFY(desk.begin(options));
        QVERIFY(desk.continueToTheEnd());
        const auto& ends = desk.session().model()->model->config().endTokens;
        QVERIFY(std::ranges::find(ends, desk.trace().tokens.back().id) != ends.end());
        const std::size_t shown = desk.trace().tokenCount();
        desk.click("generateKeep");
        QVERIFY(desk.quiet());
        QVERIFY(desk.session().prompt().ids.empty());
        QVERIFY(desk.prompt()->toPlainText().startsWith(QString::fromUtf8(kPrompt)));
        QVERIFY(desk.prompt()->toPlainText().size() > qsizetype(strlen(kPrompt)));
        QCOMPARE(desk.trace().tokenCount(), shown - 1);
        QVERIFY(!desk.find<QPushButton>("promptIds")->isVisible());

        desk.press(Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(desk.quiet());
        QCOMPARE(desk.prompt()->toPlainText(), QString::fromUtf8(kPrompt));
        desk.press(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(desk.quiet());
        QVERIFY(desk.prompt()->toPlainText().size() > qsizetype(strlen(kPrompt)));
    }

    void undoBringsBackAllThatKeepingChanged()
    {
        Window desk;
        QVERIFY(desk.begin());
        desk.session().interventions().setTopK(2);
        QVERIFY(desk.quiet());
        desk.session().interventions().undoStack().undo();
        QVERIFY(desk.quiet());
        TraceRequest a, b;
        a.text = "King is to queen";
        b.text = "Man is to";
        desk.program.context().explore.submit(a, b);
        QVERIFY(desk.quiet());
        desk.click("openGenerate");
        desk.click("generateStep");
        QVERIFY(desk.quiet());
        desk.click("generateKeep");
        QVERIFY(desk.quiet());
        QVERIFY(desk.session().prompt().text != a.text);
        QVERIFY(desk.session().comparePrompt()->text != b.text);
        desk.session().interventions().setTopK(3);
        QVERIFY(desk.quiet());

        QUndoStack& undo = desk.session().interventions().undoStack();
        undo.undo(); // the three experts
        undo.undo(); // the kept prompt
        QVERIFY(desk.quiet());
        QCOMPARE(desk.session().prompt().text, a.text);
        QCOMPARE(desk.session().comparePrompt()->text, b.text);
        QVERIFY(desk.session().interventions().isEmpty());
        QVERIFY(desk.session().explore()->comparison);
    }

    void idsThatNoTextSpellsAreCalledSo()
    {
        Window desk;
        QVERIFY(desk.begin());
        const auto ids = desk.giveIds();
        QVERIFY(desk.quiet());
        auto* mark = desk.find<QPushButton>("promptIds");
        QVERIFY(mark->isVisible());
        QCOMPARE(mark->text(), QStringLiteral("Token ids"));
        QVERIFY(mark->toolTip().contains(QStringLiteral("text")));
        // Enter runs them as what they are.
        desk.prompt()->setFocus();
        desk.press(Qt::Key_Return);
        QVERIFY(desk.quiet());
        QCOMPARE(desk.session().prompt().ids, ids);
        QCOMPARE(desk.trace().tokenCount(), ids.size());
        desk.click("promptIds");
        QVERIFY(desk.quiet());
        QVERIFY(desk.session().prompt().ids.empty());
        QVERIFY(desk.prompt()->toPlainText().startsWith(QStringLiteral("Cats sleep")));
        QVERIFY(!mark->isVisible());
        // Words are a text again without more ado.
        desk.giveIds();
        QVERIFY(desk.quiet());
        desk.type(QStringLiteral("2 + 3 = 5"));
        QVERIFY(desk.quiet());
        QCOMPARE(desk.session().prompt().text, std::string("2 + 3 = 5"));
        QVERIFY(!mark->isVisible());
    }

    void idsComeBackWithTheSession()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("s.ini"));
        const QString workspace = folder.filePath(QStringLiteral("w.moescope"));
        std::vector<std::int32_t> ids;
        {
            Window desk;
            QVERIFY(desk.begin());
            ids = desk.giveIds();
            QVERIFY(desk.quiet());
            desk.window().actions().saveWorkspace->trigger();
            auto* dialog = desk.find<QFileDialog>("saveWorkspaceDialog");
            emit dialog->fileSelected(workspace);
            dialog->reject();
            desk.window().close();
            const auto kept = Settings::inFile(desk.settingsFile)->lastSession();
            QVERIFY(kept);
            Settings::inFile(file)->setLastSession(*kept);
        }
        const auto last = Settings::inFile(file)->lastSession();
        QVERIFY(last);
        QCOMPARE(last->promptIds, ids);
        QVERIFY(last->prompt.startsWith(QStringLiteral("Cats sleep")));
        for (const bool other : {false, true}) {
            Program program(resources(), Settings::inFile(file));
            addStandardPages(program);
            StartOptions options;
            if (other)
                options.model = QStringLiteral("upcycled");
            program.start(options);
            Session& session = program.context().session;
            QVERIFY(QTest::qWaitFor([&] { return session.explore() != nullptr; }, kPatience));
            // In another model the numbers would mean other tokens.
            QCOMPARE(session.prompt().ids.empty(), other);
            QCOMPARE(session.prompt().text, other ? last->prompt.toStdString() : std::string());
        }
        Window desk;
        QVERIFY(desk.begin());
        desk.window().openWorkspace(workspace);
        QTRY_COMPARE_WITH_TIMEOUT(desk.session().prompt().ids, ids, kPatience);
        QVERIFY(desk.quiet());
        QCOMPARE(desk.trace().tokenCount(), ids.size());
    }
};

QTEST_MAIN(TestWindowUndo)
#include "tst_window_undo.moc"
