// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QComboBox>
#include <QFile>
#include <QFileDialog>
#include <QPushButton>
#include <QTableView>
#include <QToolButton>

#include "core/experiments/text_set_summary.h"
#include "tests/ui/window_desk.h"
#include "ui/figures/figure_table_view.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/texts_dialog.h"
#include "ui/style/inline_message.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

struct TextDesk : Desk {
    QString write(const char* name, const QByteArray& bytes)
    {
        const QString path = folder.filePath(QString::fromLatin1(name));
        QFile file(path);
        return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() ? path
                                                                                    : QString();
    }
    bool opensTexts(const QString& path)
    {
        QSignalSpy spy(&session(), &Session::textsChanged);
        return drop(window(), path) && spy.wait(kPatience);
    }
    QString place() { return find<QLabel>("textsPlace")->text(); }
    bool shows(const char* prompt)
    {
        return QTest::qWaitFor(
            [&] {
                return session().explore() && session().explore()->a.trace.prompt == prompt
                    && !program.context().explore.isRunning();
            },
            kPatience);
    }
};

const QByteArray kThree = "{\"domain\": \"zoo\", \"doc\": \"z1\", \"text\": \"The lion sleeps.\"}\n"
                          "{\"domain\": \"sums\", \"doc\": \"s1\", \"text\": \"2 + 3 = 5\"}\n"
                          "{\"domain\": \"zoo\", \"doc\": \"z2\", \"text\": \"The bear eats.\"}\n";

} // namespace

class TestTexts : public QObject {
    Q_OBJECT

private slots:
    void aDroppedSetIsCountedAndWalkedThrough()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.find<QWidget>("textsBar")->isHidden());
        QVERIFY(desk.opensTexts(desk.write("three.jsonl", kThree)));
        QVERIFY(desk.find<QWidget>("textsBar")->isVisible());
        const auto summary = desk.session().texts();
        const QString counts = desk.find<QLabel>("textsCounts")->text();
        QVERIFY2(
            counts.startsWith(QStringLiteral("3 documents · 2 domains · ")), qPrintable(counts));
        QVERIFY(counts.endsWith(QStringLiteral("%1 tokens").arg(summary->all.tokens)));
        QVERIFY(!desk.session().document());

        auto* next = desk.find<QToolButton>("nextDocument");
        auto* previous = desk.find<QToolButton>("previousDocument");
        QVERIFY(next->isEnabled() && !previous->isEnabled());
        next->click();
        QVERIFY(desk.shows("The lion sleeps."));
        QCOMPARE(desk.place(), QStringLiteral("1 of 3"));
        desk.window().actions().nextDocument->trigger();
        QVERIFY(desk.shows("2 + 3 = 5"));
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("2 + 3 = 5"));

        // Another domain: the walk goes on from where it is.
        auto* domain = desk.find<QComboBox>("textsDomain");
        QCOMPARE(domain->count(), 3);
        domain->setCurrentIndex(1);
        QCOMPARE(desk.place(), QStringLiteral("sums"));
        next->click();
        QVERIFY(desk.shows("The bear eats."));
        QCOMPARE(desk.place(), QStringLiteral("2 of 2"));
        QVERIFY(!next->isEnabled());
        desk.window().actions().previousDocument->trigger();
        QVERIFY(desk.shows("The lion sleeps."));
        QVERIFY(!previous->isEnabled());

        desk.find<QToolButton>("closeTexts")->click();
        QVERIFY(desk.find<QWidget>("textsBar")->isHidden());
        QVERIFY(!desk.session().texts());
        QVERIFY(!desk.window().actions().nextDocument->isEnabled());
    }

    void aTextOfOneDocumentBecomesThePrompt()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opensTexts(desk.write("short.txt", "The cat sat on the mat.\n")));
        QVERIFY(desk.shows("The cat sat on the mat."));
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("The cat sat on the mat."));
        QCOMPARE(desk.place(), QStringLiteral("1 of 1"));
    }

    void ofALongTextTheBeginningBecomesThePrompt()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opensTexts(
            desk.write("long.txt", QByteArray("The cat sat on the mat. ").repeated(2000))));
        QVERIFY(QTest::qWaitFor(
            [&] {
                return desk.session().explore()->a.trace.prompt.size() > 1000
                    && !desk.program.context().explore.isRunning();
            },
            kPatience));
        QCOMPARE(desk.session().explore()->a.trace.countedTokens(), TextsController::kPromptTokens);
        QCOMPARE(desk.place(), QStringLiteral("1 of 1, its first 512 tokens"));
    }

    void anotherModelCountsAgain()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opensTexts(desk.write("three.jsonl", kThree)));
        const auto before = desk.session().texts();
        desk.find<QToolButton>("nextDocument")->click();
        QSignalSpy spy(&desk.session(), &Session::textsChanged);
        QVERIFY(desk.opened(family("mixtral")));
        QVERIFY(QTest::qWaitFor([&] { return desk.session().texts() != before; }, kPatience));
        QVERIFY(desk.session().texts()->texts == before->texts);
        QCOMPARE(desk.session().document(), std::optional<std::size_t>(0));
        // The reference checkpoint has no tokenizer.
        QVERIFY(!desk.session().texts()->tokens);
        QVERIFY(!desk.find<QToolButton>("nextDocument")->isEnabled());
        QVERIFY(desk.find<QLabel>("textsCounts")
                    ->text()
                    .contains(QStringLiteral("no usable tokenizer")));
        desk.program.context().texts.show(1);
        QVERIFY(desk.window().message().text().contains(QStringLiteral("no usable tokenizer")));
    }

    void aBrokenSetIsNamedAndTheOldOneStays()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opensTexts(desk.write("three.jsonl", kThree)));
        const auto before = desk.session().texts();
        QVERIFY(drop(desk.window(), desk.write("broken.jsonl", "{\"text\": \n")));
        QVERIFY(
            QTest::qWaitFor([&] { return !desk.window().message().text().isEmpty(); }, kPatience));
        QVERIFY(desk.window().message().text().contains(QStringLiteral("broken.jsonl, line 1")));
        QVERIFY(desk.session().texts() == before);
    }

    void theTablesListEverything()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        desk.window().actions().bundledTexts->trigger();
        QVERIFY(QTest::qWaitFor([&] { return desk.session().texts() != nullptr; }, kPatience));
        desk.find<QPushButton>("textsDetails")->click();
        auto* dialog = desk.find<TextsDialog>("textsDialog");
        QVERIFY(dialog);
        const auto tables = dialog->findChildren<FigureTableView*>();
        QCOMPARE(tables.size(), 2);
        FigureTableView* documents
            = tables[0]->table()->model()->rowCount() == 16 ? tables[1] : tables[0];
        QCOMPARE(documents->table()->model()->rowCount(),
            static_cast<int>(desk.session().texts()->texts->documents.size()));
        documents->setCurrentRow(2);
        dialog->findChild<QPushButton*>(QStringLiteral("analyseDocument"))->click();
        QVERIFY(desk.shows(desk.session().texts()->texts->documents[2].text.c_str()));
        QCOMPARE(desk.session().document(), std::optional<std::size_t>(2));
        desk.program.context().texts.close();
        QTRY_VERIFY(!desk.find<TextsDialog>("textsDialog"));
    }

    void theDialogOpensAFile()
    {
        TextDesk desk;
        QVERIFY(desk.start());
        const QString path = desk.write("three.jsonl", kThree);
        desk.window().actions().openTexts->trigger();
        auto* dialog = desk.find<QFileDialog>("openTextsDialog");
        QVERIFY(dialog);
        emit dialog->fileSelected(path);
        dialog->reject();
        QVERIFY(QTest::qWaitFor([&] { return desk.session().texts() != nullptr; }, kPatience));
    }
};

QTEST_MAIN(TestTexts)
#include "tst_texts.moc"
