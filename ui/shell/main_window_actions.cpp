// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDragEnterEvent>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QKeyEvent>
#include <QMimeData>
#include <QUndoStack>

#include "core/experiments/text_set_summary.h"
#include "core/model/open_model.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/facts_dialog.h"
#include "ui/shell/main_window.h"
#include "ui/shell/model_facts.h"
#include "ui/shell/page_export.h"
#include "ui/shell/palette_commands.h"
#include "ui/shell/prompt_bar.h"
#include "ui/shell/settings.h"
#include "ui/shell/settings_dialog.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/status_panel.h"
#include "ui/shell/texts_bar.h"
#include "ui/shell/texts_dialog.h"
#include "ui/shell/workspace.h"
#include "ui/style/inline_message.h"
#include "ui/style/save_dialog.h"
#include "ui/style/style.h"

namespace moescope::ui {

void MainWindow::connectActions()
{
    Session& session = m_context.session;
    const auto on
        = [this](QAction* action, auto run) { connect(action, &QAction::triggered, this, run); };
    on(m_actions->openFolder, [this] { askForModel(true); });
    on(m_actions->openFile, [this] { askForModel(false); });
    on(m_actions->modelFacts, [this] { showFacts(); });
    on(m_actions->showTensors, [this] { showPage(QStringLiteral("tensors")); });
    on(m_actions->focusPrompt, [this] { m_promptBar->focusPrompt(); });
    on(m_actions->analyse, [this] { m_promptBar->submit(); });
    on(m_actions->comparePrompts,
        [this] { m_promptBar->setComparing(!m_promptBar->isComparing()); });
    on(m_actions->openTexts, [this] { askForTexts(); });
    on(m_actions->bundledTexts, [this] {
        const auto file = m_context.models.resources() / "samples" / "texts.jsonl";
        m_context.texts.open(QString::fromStdString(file.string()));
    });
    on(m_actions->openWorkspace, [this] { askForWorkspace(); });
    on(m_actions->saveWorkspace, [this] { saveWorkspace(); });
    on(m_actions->floatPage, [this] {
        if (Page* page = currentPage())
            floatPage(page->id());
    });
    on(m_actions->previousDocument, [this] { m_textsBar->step(-1); });
    on(m_actions->nextDocument, [this] { m_textsBar->step(1); });
    on(m_actions->cancelJobs, [this] { m_context.runner.cancelAll(); });
    on(m_actions->back, [&session] { session.goBack(); });
    on(m_actions->forward, [&session] { session.goForward(); });
    on(m_actions->toggleInspector, [this] {
        m_inspectorGaveWay = false;
        updateInspector();
    });
    on(m_actions->exportJson, [this] { exportTo(QStringLiteral("json")); });
    on(m_actions->exportMarkdown, [this] { exportTo(QStringLiteral("md")); });
    on(m_actions->exportHtml, [this] { exportTo(QStringLiteral("html")); });
    on(m_actions->exportPdf, [this] { exportTo(QStringLiteral("pdf")); });
    on(m_actions->exportPng, [this] { exportTo(QStringLiteral("png")); });
    on(m_actions->palette, [this] { openPalette(); });
    on(m_actions->settings, [this] { showSettings(); });
    on(m_actions->keys, [this] { showKeys(); });
    on(m_actions->about, [this] {
        (new FactsDialog(m_context.style, tr("About Moescope"), aboutRows(), this))->show();
    });
    on(m_actions->quit, [this] { close(); });

    QUndoStack& undo = session.interventions().undoStack();
    on(m_actions->undo, [&undo] { undo.undo(); });
    on(m_actions->redo, [&undo] { undo.redo(); });
    const auto refresh = [this, &undo] {
        m_actions->undo->setEnabled(undo.canUndo());
        m_actions->redo->setEnabled(undo.canRedo());
        m_actions->undo->setText(
            undo.canUndo() ? tr("&Undo: %1").arg(undo.undoText()) : tr("&Undo"));
        m_actions->redo->setText(
            undo.canRedo() ? tr("&Redo: %1").arg(undo.redoText()) : tr("&Redo"));
    };
    connect(&undo, &QUndoStack::indexChanged, this, refresh);
    refresh();
}

void MainWindow::connectLook()
{
    const auto theme = [this](QAction* action, ThemeMode mode) {
        action->setChecked(m_context.style.mode() == mode);
        connect(action, &QAction::triggered, this, [this, mode] {
            m_settings.setTheme(mode);
            m_context.style.setMode(mode);
        });
        connect(&m_context.style, &Style::changed, action,
            [this, action, mode] { action->setChecked(m_context.style.mode() == mode); });
    };
    theme(m_actions->themeSystem, ThemeMode::System);
    theme(m_actions->themeLight, ThemeMode::Light);
    theme(m_actions->themeDark, ThemeMode::Dark);
    connect(m_actions->largerText, &QAction::triggered, this, [this] { changeTextSize(0.5); });
    connect(m_actions->smallerText, &QAction::triggered, this, [this] { changeTextSize(-0.5); });
    connect(m_actions->normalText, &QAction::triggered, this, [this] { changeTextSize(0); });
}

void MainWindow::changeTextSize(double step)
{
    constexpr double kNormal = 10;
    m_settings.setFontSize(step == 0 ? kNormal : m_settings.fontSize() + step);
    m_context.style.setFontSize(m_settings.fontSize());
}

void MainWindow::askForModel(bool folder)
{
    auto* dialog
        = new QFileDialog(this, folder ? tr("Open a model's folder") : tr("Open a model's file"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("openDialog"));
    dialog->setFileMode(folder ? QFileDialog::Directory : QFileDialog::ExistingFile);
    if (!folder)
        dialog->setNameFilters(
            {tr("Weights (*.safetensors *.safetensors.index.json *.gguf)"), tr("All files (*)")});
    if (const auto open = m_context.session.model())
        dialog->setDirectory(QString::fromStdString(open->path.parent_path().string()));
    connect(dialog, &QFileDialog::fileSelected, &m_context.models, &ModelController::open);
    dialog->open();
}

void MainWindow::askForTexts()
{
    auto* dialog = new QFileDialog(this, tr("Open texts"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("openTextsDialog"));
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Texts (*.jsonl *.txt)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, &m_context.texts, &TextsController::open);
    dialog->open();
}

void MainWindow::askForWorkspace()
{
    auto* dialog = new QFileDialog(this, tr("Open a workspace"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("openWorkspaceDialog"));
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Workspaces (*.moescope)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openWorkspace);
    dialog->open();
}

void MainWindow::saveWorkspace()
{
    const Settings::LastSession session = currentSession();
    if (session.model.isEmpty()) {
        showError(tr("Open a model first: a workspace is made around one."));
        return;
    }
    auto* dialog = makeSaveDialog(this, tr("Save the workspace"),
        QFileInfo(session.model).completeBaseName(), QStringLiteral("moescope"));
    dialog->setObjectName(QStringLiteral("saveWorkspaceDialog"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        Workspace workspace{currentSession(), {}, saveGeometry(), saveState()};
        if (const auto& texts = m_context.session.texts())
            workspace.texts = QString::fromStdString(texts->texts->path.string());
        finishExport(writeWorkspace(workspace, path), path);
    });
    dialog->open();
}

void MainWindow::openWorkspace(const QString& path)
{
    const auto workspace = readWorkspace(path);
    if (!workspace) {
        showError(QString::fromStdString(workspace.error().message));
        return;
    }
    restoreGeometry(workspace->geometry);
    restoreState(workspace->state);
    updateInspector();
    const Settings::LastSession& session = workspace->session;
    m_promptBar->setComparing(session.compare.has_value());
    Settings::LastSession words = session;
    words.promptIds.clear(); // the model that is still open may have other tokens
    words.compareIds.clear();
    m_context.session.setPrompts(words.promptRequest(), words.compareRequest());
    if (!session.page.isEmpty())
        showPage(session.page);
    m_context.models.openThen(session.model, [this, session, texts = workspace->texts] {
        if (!session.promptIds.empty() || !session.compareIds.empty())
            m_context.session.setPrompts(session.promptRequest(), session.compareRequest());
        if (session.layer)
            m_context.session.selectLayer(LayerId(*session.layer));
        if (!texts.isEmpty())
            m_context.texts.open(texts);
    });
}

void MainWindow::showTexts()
{
    if (m_context.session.texts())
        (new TextsDialog(m_context.style, m_context.session, m_context.texts, this))->show();
}

void MainWindow::updateTextActions()
{
    const bool open = m_context.session.texts() != nullptr;
    m_actions->previousDocument->setEnabled(open);
    m_actions->nextDocument->setEnabled(open);
}

void MainWindow::exportTo(const QString& suffix)
{
    Page* page = currentPage();
    if (!page)
        return;
    const auto report = page->report();
    if (!report && suffix != QLatin1String("png")) {
        showError(tr("There is no result on this page to export yet."));
        return;
    }
    auto* dialog = makeSaveDialog(
        this, tr("Export the page"), report ? exportStem(*report) : page->id(), suffix);
    dialog->setObjectName(QStringLiteral("exportDialog"));
    connect(dialog, &QFileDialog::fileSelected, page, [this, page](const QString& path) {
        finishExport(exportPage(*page, m_context.style, path), path);
    });
    dialog->open();
}

void MainWindow::finishExport(const Status& status, const QString& path)
{
    if (status)
        m_status->setNote(tr("Saved %1").arg(QDir::toNativeSeparators(path)));
    else
        showError(QString::fromStdString(status.error().message));
}

void MainWindow::showFacts()
{
    const auto open = m_context.session.model();
    if (!open)
        return;
    auto* dialog = new FactsDialog(m_context.style, tr("Model facts"), factsTable(*open), this);
    dialog->setObjectName(QStringLiteral("factsDialog"));
    dialog->addButton(QStringLiteral("factsTensors"), tr("Tensors"),
        [this] { m_actions->showTensors->trigger(); });
    dialog->show();
}

void MainWindow::showKeys()
{
    auto* dialog
        = new FactsDialog(m_context.style, tr("Keys"), m_actions->keyRows(m_pageActions), this);
    dialog->setObjectName(QStringLiteral("keySheet"));
    dialog->show();
}

void MainWindow::showSettings()
{
    auto* dialog = new SettingsDialog(m_settings, m_context.style, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &SettingsDialog::settingsChanged, this,
        [this] { applySettings(m_settings, m_context); });
    dialog->open();
}

CommandPalette* MainWindow::openPalette()
{
    PaletteSources sources{m_context, m_settings, {m_pageActions.begin(), m_pageActions.end()},
        {m_actions->all().begin(), m_actions->all().end()},
        [this](const QString& what) { m_context.models.open(what); }};
    Session& session = m_context.session;
    auto* palette = new CommandPalette(
        m_context.style, paletteCommands(sources),
        [&session](const QString& text) { return goToCommand(session, text); }, this);
    palette->setAttribute(Qt::WA_DeleteOnClose);
    palette->show();
    return palette;
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    saveSession();
    QMainWindow::closeEvent(event);
}

void MainWindow::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && m_context.session.stepOut())
        return;
    if (event->key() == Qt::Key_Question) {
        showKeys();
        return;
    }
    QMainWindow::keyPressEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile())
            event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (urls.isEmpty() || !urls.front().isLocalFile())
        return;
    event->acceptProposedAction();
    const QString path = urls.front().toLocalFile();
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == QLatin1String("txt") || suffix == QLatin1String("jsonl"))
        m_context.texts.open(path);
    else if (suffix == QLatin1String("moescope"))
        openWorkspace(path);
    else
        m_context.models.open(path);
}

} // namespace moescope::ui
