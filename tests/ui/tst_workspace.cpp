// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QFileDialog>
#include <QPushButton>

#include "core/experiments/text_set_summary.h"
#include "core/io/json.h"
#include "tests/support/tokenizer_builder.h"
#include "tests/ui/window_desk.h"
#include "ui/shell/page_window.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/workspace.h"
#include "ui/style/inline_message.h"
#include "ui/style/save_dialog.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;
namespace fs = std::filesystem;

class TestWorkspace : public QObject {
    Q_OBJECT

private slots:
    void aWorkspaceBringsEverythingBack()
    {
        QTemporaryDir folder;
        const QString texts = folder.filePath(QStringLiteral("texts.jsonl"));
        QFile file(texts);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n");
        file.close();
        const QString path = folder.filePath(QStringLiteral("kept.moescope"));
        {
            Desk desk;
            StartOptions options;
            options.model = QStringLiteral("upcycled");
            options.prompt = QStringLiteral("Keep me");
            options.compare = QStringLiteral("Keep you");
            options.layer = 3;
            options.texts = texts;
            QVERIFY(desk.start(options));
            QVERIFY(QTest::qWaitFor([&] { return desk.session().texts() != nullptr; }, kPatience));
            desk.window().showPage(QStringLiteral("second"));
            desk.window().actions().saveWorkspace->trigger();
            auto* dialog = desk.find<QFileDialog>("saveWorkspaceDialog");
            QVERIFY(dialog);
            emit dialog->fileSelected(path);
            dialog->reject();
            QVERIFY(QFile::exists(path));
        }
        for (const bool argument : {true, false}) {
            Desk desk;
            StartOptions options;
            if (argument)
                options.model = path;
            QVERIFY(desk.start(options));
            if (!argument) {
                QCOMPARE(desk.session().model()->name, std::string("Native sample"));
                QVERIFY(drop(desk.window(), path));
            }
            QTRY_COMPARE_WITH_TIMEOUT(
                desk.session().model()->name, std::string("Upcycled sample"), kPatience);
            QVERIFY(desk.analysed());
            QCOMPARE(desk.session().prompt().text, std::string("Keep me"));
            QCOMPARE(desk.session().comparePrompt()->text, std::string("Keep you"));
            QCOMPARE(desk.session().selection().layer, std::optional(LayerId(3)));
            QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("second"));
            QVERIFY(QTest::qWaitFor([&] { return desk.session().texts() != nullptr; }, kPatience));
            QCOMPARE(desk.session().texts()->all.documents, 2U);
        }
    }

    void aWorkspaceWithoutItsModelLeavesTheNextOneAlone()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("gone.moescope"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{\"moescope_workspace\": 1, \"model\": \"/no/such/model\", \"layer\": 1, "
                   "\"texts\": \"/no/such/texts.txt\"}");
        file.close();
        Desk desk;
        QVERIFY(desk.start());
        QSignalSpy failed(&desk.session(), &Session::modelFailed);
        desk.window().openWorkspace(path);
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, kPatience);
        desk.session().selectLayer(LayerId(5));
        QVERIFY(desk.opened(QStringLiteral("upcycled")));
        QCOMPARE(desk.session().selection().layer, std::optional(LayerId(5)));
    }

    void brokenWorkspacesAreNamed_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("words");
        QTest::newRow("no JSON") << QByteArray("{") << "is broken";
        QTest::newRow("another file") << QByteArray("{\"a\": 1}") << "is not a Moescope workspace";
        QTest::newRow("newer") << QByteArray("{\"moescope_workspace\": 2}") << "version 2";
        QTest::newRow("no model") << QByteArray("{\"moescope_workspace\": 1}") << "names no model";
        QTest::newRow("wrong type")
            << QByteArray("{\"moescope_workspace\": 1, \"model\": 5}") << "\"model\" should be";
        QTest::newRow("wrong ids")
            << QByteArray("{\"moescope_workspace\": 1, \"model\": \"native\", "
                          "\"prompt_ids\": [1, -2]}")
            << "no list of token ids";
        QTest::newRow("wrong layer")
            << QByteArray("{\"moescope_workspace\": 1, \"model\": \"native\", \"layer\": \"x\"}")
            << "\"layer\" should be";
    }
    void brokenWorkspacesAreNamed()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, words);
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("broken.moescope"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes);
        file.close();
        const auto workspace = readWorkspace(path);
        QVERIFY(!workspace);
        const QString message = QString::fromStdString(workspace.error().message);
        QVERIFY2(message.contains(words) && message.contains(QStringLiteral("broken.moescope")),
            qPrintable(message));
    }

    void aPageFloatsAndComesBack()
    {
        Desk desk;
        QVERIFY(desk.start());
        desk.window().showPage(QStringLiteral("first"));
        desk.window().actions().floatPage->trigger();
        auto* floating = desk.find<PageWindow>("pageWindow.first");
        QVERIFY(floating && floating->isVisible() && floating->isWindow());
        QVERIFY(desk.first->isVisible() && desk.first->window() == floating);
        QVERIFY(desk.first->inspector()->isVisible());
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("second"));
        // The rail leads to the other window.
        QVERIFY(desk.window().showPage(QStringLiteral("first")));
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("second"));
        // One page stays.
        desk.window().floatPage(QStringLiteral("second"));
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("second"));
        floating->close();
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("first"));
        QVERIFY(desk.first->window() == &desk.window());
        QVERIFY(desk.first->isVisible() && desk.first->inspector()->isVisible());
        QTRY_VERIFY(!desk.find<PageWindow>("pageWindow.first"));
    }

    void savingBeginsInTheChosenFolder()
    {
        Desk desk;
        QVERIFY(desk.start());
        QTemporaryDir folder;
        setSaveFolder(folder.path());
        desk.window().actions().exportPng->trigger();
        auto* dialog = desk.find<QFileDialog>("exportDialog");
        QVERIFY(dialog);
        QCOMPARE(dialog->directory().canonicalPath(), QDir(folder.path()).canonicalPath());
        dialog->reject();
        setSaveFolder({});
    }

    void savingNeverBeginsWhereAModelWasOpened()
    {
        Desk desk;
        QVERIFY(desk.start());
        const auto folderOf = [&desk](QAction* action, const char* name, const QString& file = {}) {
            action->trigger();
            auto* dialog = desk.find<QFileDialog>(name);
            if (!dialog)
                return QString();
            const QString folder = dialog->directory().canonicalPath();
            if (!file.isEmpty())
                emit dialog->fileSelected(file);
            dialog->reject();
            QTest::qWait(0); // it deletes itself
            return folder;
        };
        const ShellActions& actions = desk.window().actions();
        const QString models = folderOf(actions.openFile, "openDialog");
        QVERIFY(models.startsWith(QString::fromStdString(resources().string())));
        QTemporaryDir folder;
        const QString saved = QDir(folder.path()).canonicalPath();
        const QString first
            = folderOf(actions.exportPng, "exportDialog", folder.filePath(QStringLiteral("a.png")));
        QVERIFY2(
            !first.startsWith(QString::fromStdString(resources().string())), qPrintable(first));
        folderOf(actions.openFile, "openDialog");
        QCOMPARE(folderOf(actions.exportPng, "exportDialog"), saved);
        desk.window().close();
        QCOMPARE(Settings::inFile(desk.settingsFile)->lastSaveFolder(), saved);
        setLastSaveFolder({});
    }

    void aChatModelShapesThePrompt()
    {
        QTemporaryDir folder;
        const fs::path model = folder.path().toStdString();
        for (const char* name : {"config.json", "model.safetensors"})
            fs::copy_file(fixtures() / "families" / "qwen3_moe" / name, model / name);
        std::vector<std::string> letters;
        for (char c = 'a'; c <= 'z'; ++c)
            letters.emplace_back(1, c);
        letters.insert(letters.end(), {"\n", " "});
        TokenizerBuilder tokenizer(letters, {});
        for (const char* marker : {"<|im_start|>", "<|im_end|>"})
            tokenizer.addToken(marker, Json{{"special", true}});
        const auto write = [&model](const char* name, const std::string& text) {
            QFile file(QString::fromStdString((model / name).string()));
            return file.open(QIODevice::WriteOnly)
                && file.write(text.data(), static_cast<qint64>(text.size())) >= 0;
        };
        QVERIFY(write("tokenizer.json", dumpJson(tokenizer.json)));
        QVERIFY(write("chat_template.jinja", "<|im_start|>{{ x }}<|im_end|>"));

        Desk desk;
        QVERIFY(desk.start());
        auto* chat = desk.find<QPushButton>("chat");
        QVERIFY(chat->isVisible() && !chat->isEnabled()); // the sample is no chat model
        QVERIFY(chat->toolTip().contains(QStringLiteral("chat template")));
        QVERIFY(desk.opened(QString::fromStdString(model.string())));
        QVERIFY(chat->isEnabled() && !chat->isChecked());
        desk.type(QStringLiteral("hello"));
        chat->click();
        QCOMPARE(desk.prompt()->toPlainText(),
            QStringLiteral("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n"));
        QVERIFY(chat->isChecked());
        QTRY_VERIFY_WITH_TIMEOUT(desk.session().explore()
                && desk.session().explore()->a.trace.prompt.starts_with("<|im_start|>"),
            kPatience);
        QVERIFY(desk.session().explore()->a.trace.tokens[0].special);
        chat->click();
        QCOMPARE(desk.prompt()->toPlainText(), QStringLiteral("hello"));
        QVERIFY(!chat->isChecked());
    }
};

QTEST_MAIN(TestWorkspace)
#include "tst_workspace.moc"
