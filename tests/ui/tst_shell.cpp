// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QAbstractButton>
#include <QLineEdit>

#include "tests/ui/window_desk.h"
#include "ui/pages/explore/explore_page.h"
#include "ui/shell/command.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/facts_dialog.h"
#include "ui/shell/model_menu.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/standard_pages.h"
#include "ui/shell/status_panel.h"
#include "ui/style/inline_message.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestShell : public QObject {
    Q_OBJECT

private slots:
    void firstStartShowsASampleAnalysed()
    {
        Desk desk;
        QVERIFY(desk.start());
        QCOMPARE(desk.session().model()->name, std::string("Native sample"));
        QCOMPARE(desk.prompt()->toPlainText(), QString::fromUtf8(kDefaultPrompt.data()));
        QVERIFY(desk.window().windowTitle().contains(QStringLiteral("Native sample")));
        const QString facts = desk.find<QLabel>("modelFacts")->text();
        for (const char* part : {"OLMoE", "8 layers", "16 experts, top-4", "bf16", "this machine"})
            QVERIFY2(facts.contains(QString::fromUtf8(part)), qPrintable(facts));
        QVERIFY(QTest::qWaitFor(
            [&] {
                return desk.find<QLabel>("statusText")
                    ->text()
                    .startsWith(QStringLiteral("Ready · "));
            },
            kPatience));
    }

    void everyControlHasANameAndCanBeReached()
    {
        Desk desk;
        QVERIFY(desk.start());
        for (const char* name : {"modelButton", "prompt", "examples", "bos", "addCompare",
                 "analyse", "moreButton", "rail.first", "rail.second"}) {
            auto* widget = desk.find<QWidget>(name);
            QVERIFY2(widget, name);
            QVERIFY2(widget->focusPolicy() & Qt::TabFocus, name);
            const auto* button = qobject_cast<QAbstractButton*>(widget);
            QVERIFY2(
                !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()), name);
        }
    }

    void theModelMenuListsWhatCanBeOpened()
    {
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opened(family("mixtral")));
        QVERIFY(
            QTest::qWaitFor([&] { return !desk.program.context().runner.isBusy(); }, kPatience));
        auto* menu = desk.find<ModelMenu>("modelMenu");
        emit menu->aboutToShow();
        const QStringList list = titles(*menu);
        QVERIFY(list.contains(QStringLiteral("Samples")));
        QVERIFY(list.contains(QStringLiteral("Native sample")));
        QVERIFY(list.contains(QStringLiteral("Recent")));
        QCOMPARE(list.count(QStringLiteral("Native sample")), 1); // a sample is no news
        QVERIFY(list.contains(QStringLiteral("mixtral")));
        QVERIFY(list.contains(QStringLiteral("Open folder…")));
        QVERIFY(list.contains(QStringLiteral("Model facts")));
        emit menu->aboutToShow(); // filling again repeats nothing
        QCOMPARE(titles(*menu), list);

        for (QAction* action : menu->actions())
            if (action->text().startsWith(QStringLiteral("Native sample")))
                action->trigger();
        QVERIFY(QTest::qWaitFor(
            [&] { return desk.session().model()->name == "Native sample"; }, kPatience));
    }

    void keysReachPagesAndTheInspector()
    {
        Desk desk;
        QVERIFY(desk.start());
        auto* dock = desk.find<QWidget>("inspectorDock");
        QVERIFY(QTest::qWaitForWindowActive(&desk.window()));
        desk.window().showPage(QStringLiteral("first"));
        QVERIFY(dock->isVisible());
        QTest::keyClick(&desk.window(), Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(desk.window().currentPage(), desk.second);
        QCOMPARE(desk.second->activations, 1);
        QVERIFY(!dock->isVisible()); // it has no inspector
        QTest::keyClick(&desk.window(), Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(desk.window().currentPage(), desk.first);
        QVERIFY(dock->isVisible());
        QTest::keyClick(&desk.window(), Qt::Key_F9);
        QVERIFY(!dock->isVisible());
        QTest::keyClick(&desk.window(), Qt::Key_F9);
        QVERIFY(dock->isVisible());
        QTest::mouseClick(desk.find<QAbstractButton>("rail.second"), Qt::LeftButton);
        QCOMPARE(desk.window().currentPage(), desk.second);
    }

    void theWindowHasTheSizeThatIsAskedFor()
    {
        Desk desk;
        desk.window().addPage(new ExplorePage(desk.program.context()));
        QVERIFY(desk.start());
        desk.window().showPage(QStringLiteral("explore"));
        auto* dock = desk.find<QWidget>("inspectorDock");
        QAction* toggle = desk.window().actions().toggleInspector;
        for (const QSize size : {QSize(1440, 900), QSize(1024, 700), QSize(800, 600)}) {
            desk.window().resize(size);
            QCOMPARE(desk.window().grab().size(), size);
        }
        // There the inspector gives way, and can still be called.
        QVERIFY(!dock->isVisible());
        QVERIFY(!toggle->isChecked());
        toggle->trigger();
        QVERIFY(dock->isVisible());
        toggle->trigger();
        desk.window().resize(1440, 900);
        QVERIFY(!dock->isVisible()); // hidden by hand
        toggle->trigger();
        desk.window().resize(800, 600);
        QVERIFY(!dock->isVisible());
        desk.window().resize(1440, 900);
        QVERIFY(dock->isVisible());
    }

    void theInspectorIsAsWideAsItsTextNeeds()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.window().showPage(QStringLiteral("first"));
        desk.window().resize(1600, 1000);
        desk.window().grab();
        auto* dock = desk.find<QWidget>("inspectorDock");
        const int before = dock->width();
        Style& style = desk.program.context().style;
        const double points = style.fontSize();
        style.setFontSize(points * 1.5);
        const bool follows = QTest::qWaitFor(
            [&] { return std::abs(dock->width() - 1.5 * before) < 4; }, kPatience / 10);
        const int after = dock->width();
        style.setFontSize(points);
        QVERIFY2(follows, qPrintable(QStringLiteral("%1 to %2").arg(before).arg(after)));
    }

    void selectionsWalkBackWithKeys()
    {
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(QTest::qWaitForWindowActive(&desk.window()));
        desk.session().selectToken(1);
        desk.session().selectToken(2);
        desk.find<QWidget>("rail.first")->setFocus();
        QTest::keyClick(&desk.window(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(desk.session().selection().token(), std::optional<std::size_t>(1));
        QTest::keyClick(&desk.window(), Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(desk.session().selection().token(), std::optional<std::size_t>(2));
        QTest::keyClick(&desk.window(), Qt::Key_Escape);
        QVERIFY(!desk.session().selection().tokens);
    }

    void theSheetOfKeysNamesThem()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.find<QWidget>("rail.first")->setFocus();
        QTest::keyClick(desk.find<QWidget>("rail.first"), Qt::Key_Question);
        auto* sheet = desk.find<FactsDialog>("keySheet");
        QVERIFY(sheet);
        QStringList words;
        for (const QLabel* label : sheet->findChildren<QLabel*>())
            words.append(label->text());
        for (const char* key : {"Ctrl+K", "Ctrl+1", "F9", "Alt+Left", "Shift+Enter"})
            QVERIFY2(words.contains(QString::fromLatin1(key)), key);
    }

    void theSheetOfKeysLacksNoAction()
    {
        Desk desk;
        addStandardPages(desk.program);
        QVERIFY(desk.start());
        QTest::keyClick(desk.find<QWidget>("rail.first"), Qt::Key_Question);
        QStringList words;
        for (const QLabel* label : desk.find<FactsDialog>("keySheet")->findChildren<QLabel*>())
            words += label->text().split(QStringLiteral(", "));
        for (const char* key : {"Ctrl+F", "Ctrl+E", "Ctrl+G", "Ctrl+C", "Ctrl+Shift+C",
                 "Ctrl+Alt+C", "Ctrl+=", "Ctrl+K"})
            QCOMPARE(words.count(QString::fromLatin1(key)) >= 1, true);
        for (const QAction* action : desk.window().findChildren<QAction*>())
            for (const QKeySequence& key : action->shortcuts())
                QVERIFY2(words.contains(key.toString(QKeySequence::NativeText)),
                    qPrintable(action->text()));
        QCOMPARE(words.count(QStringLiteral("Ctrl+Shift+C")), 1); // of many figures
    }

    void thePaletteSaysWhatIsDense()
    {
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opened(family("deepseek_v3")));
        CommandPalette* palette = desk.window().openPalette();
        auto* line = palette->findChild<QLineEdit*>(QStringLiteral("paletteLine"));
        line->setText(QStringLiteral("layer 0"));
        QCOMPARE(
            palette->shownTitles().front(), QStringLiteral("Layer 0 is dense: it has no experts"));
        line->setText(QStringLiteral("layer 99"));
        QVERIFY(palette->shownTitles().front().startsWith(QStringLiteral("There is no layer 99")));
    }

    void theStatusLineSaysHowFastMemoryIsRead()
    {
        Desk desk;
        QVERIFY(desk.start());
        auto* facts = desk.find<QLabel>("modelFacts");
        QVERIFY(!facts->text().contains(QStringLiteral("GB/s"))); // pictures stay the same
        desk.find<StatusPanel>("statusPanel")->measureMachine();
        QVERIFY(QTest::qWaitFor(
            [&] { return facts->text().endsWith(QStringLiteral(" GB/s")); }, kPatience));
        QVERIFY(facts->toolTip().contains(QStringLiteral("memory")));
    }

    void thePaletteGoesToExpertsLayersAndPages()
    {
        Desk desk;
        QVERIFY(desk.start());
        CommandPalette* palette = desk.window().openPalette();
        QVERIFY(palette->shownTitles().contains(QStringLiteral("Layer 5")));
        QVERIFY(palette->shownTitles().contains(QStringLiteral("Upcycled sample")));
        auto* line = palette->findChild<QLineEdit*>(QStringLiteral("paletteLine"));
        line->setText(QStringLiteral("go to expert 11 of layer 5"));
        QCOMPARE(palette->shownTitles().front(), QStringLiteral("Go to expert 11, layer 5"));
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(QTest::qWaitFor(
            [&] { return desk.session().selection().expert() == ExpertId(11); }, kPatience));
        QCOMPARE(desk.session().selection().layer, std::optional(LayerId(5)));

        palette = desk.window().openPalette();
        line = palette->findChild<QLineEdit*>(QStringLiteral("paletteLine"));
        line->setText(QStringLiteral("expert 99 layer 5")); // there is none
        QCOMPARE(palette->shownTitles(),
            QStringList{QStringLiteral("There is no expert 99: a layer has experts 0 to 15")});
        QTest::keyClick(line, Qt::Key_Return); // says so, and does nothing
        QVERIFY(palette->isVisible());
        line->setText(QStringLiteral("zyzzyva"));
        QCOMPARE(
            palette->shownTitles(), QStringList{QStringLiteral("Nothing is called \"zyzzyva\"")});
        line->setText(QStringLiteral("second"));
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(
            QTest::qWaitFor([&] { return desk.window().currentPage() == desk.second; }, kPatience));
    }

    void goToIsUnderstood_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QList<int>>("wanted"); // layer, expert, token; -1 = none
        QTest::newRow("sentence") << QStringLiteral("go to expert 5 of layer 12")
                                  << QList<int>{12, 5, -1};
        QTest::newRow("short") << QStringLiteral("L3 e7") << QList<int>{3, 7, -1};
        QTest::newRow("joined") << QStringLiteral("e7,l3") << QList<int>{3, 7, -1};
        QTest::newRow("token") << QStringLiteral("token 4") << QList<int>{-1, -1, 4};
        QTest::newRow("word") << QStringLiteral("export") << QList<int>{};
        QTest::newRow("tail") << QStringLiteral("layer 3 please") << QList<int>{};
        QTest::newRow("empty") << QString() << QList<int>{};
    }

    void goToIsUnderstood()
    {
        QFETCH(QString, text);
        QFETCH(QList<int>, wanted);
        const auto target = parseGoTo(text);
        QCOMPARE(target.has_value(), !wanted.isEmpty());
        if (!target)
            return;
        const auto number = [](const auto& value) { return value ? static_cast<int>(*value) : -1; };
        QCOMPARE((QList<int>{number(target->layer), number(target->expert), number(target->token)}),
            wanted);
    }

    void droppedFoldersOpen()
    {
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(drop(desk.window(), family("mixtral")));
        QVERIFY(
            QTest::qWaitFor([&] { return desk.session().model()->name == "mixtral"; }, kPatience));
        QCOMPARE(desk.session().model()->name, std::string("mixtral"));
    }

    void aBrokenModelIsNamedInTheStrip()
    {
        Desk desk;
        QVERIFY(desk.start());
        const QString path = desk.folder.filePath(QStringLiteral("broken.safetensors"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("not a checkpoint at all");
        file.close();
        desk.program.context().models.open(path);
        QVERIFY(
            QTest::qWaitFor([&] { return !desk.window().message().text().isEmpty(); }, kPatience));
        QVERIFY(desk.window().message().isVisible());
        QCOMPARE(desk.window().message().kind(), InlineMessage::Kind::Error);
        QVERIFY(desk.window().message().text().contains(QStringLiteral("broken.safetensors")));
        QCOMPARE(desk.session().model()->name, std::string("Native sample"));
        QVERIFY(desk.opened(QStringLiteral("upcycled")));
        QVERIFY(!desk.window().message().isVisible());
    }
};

QTEST_MAIN(TestShell)
#include "tst_shell.moc"
