// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QMainWindow>

#include "core/base/result.h"
#include "ui/shell/page.h"
#include "ui/shell/settings.h"

class QDockWidget;
class QHBoxLayout;
class QStackedWidget;

namespace moescope::ui {

class CommandPalette;
class InlineMessage;
class ModelButton;
class ModelMenu;
class PageRail;
class PromptBar;
class ShellActions;
class StatusPanel;
class TextsBar;

/// Brings the settings into force.
void applySettings(const Settings& settings, const UiContext& context);

/// The frame: top bar, rail, one page at a time, its inspector, the status line. Knows pages only
/// by their interface.
class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    /// Both must outlive the window.
    MainWindow(UiContext& context, Settings& settings, QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Takes the page over. `onRail` false: reached from menus, and on the rail only while it is
    /// shown.
    void addPage(Page* page, bool onRail = true);
    /// False when there is no such page.
    bool showPage(const QString& id);
    /// The page in a window of its own until that is closed. One page of the rail stays.
    void floatPage(const QString& id);
    /// Model, prompts, layer, page, texts and window as a workspace file says. The errors of what
    /// it names arrive as those of any model or text.
    void openWorkspace(const QString& path);
    Page* currentPage() const;
    QStringList pageIds() const;

    /// What happened, in the strip under the top bar.
    void showError(const QString& message, const QString& action = {});
    InlineMessage& message() const { return *m_message; }
    ShellActions& actions() const { return *m_actions; }

    void restoreWindow();
    /// Model, prompts, layer, page and the window itself, for the next start.
    void saveSession() const;
    CommandPalette* openPalette();

protected:
    void closeEvent(QCloseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void buildFrame();
    void connectSession();
    void connectActions();
    void connectLook();
    void restyle();
    void onModelOpened();
    void remember(const std::filesystem::path& model);
    void onModelButtonText();
    void onPromptFailed(const QString& message);
    void updateHistoryActions();
    void updateInspector();
    void fitInspector();
    void updateInspectOnly();
    void askForModel(bool folder);
    void askForTexts();
    void askForWorkspace();
    void saveWorkspace();
    Settings::LastSession currentSession() const;
    void takeBack(Page* page, QWidget* inspector);
    void showTexts();
    void updateTextActions();
    void exportTo(const QString& suffix);
    void finishExport(const Status& status, const QString& path);
    void showFacts();
    void showKeys();
    void showSettings();
    void changeTextSize(double step);

    UiContext& m_context;
    Settings& m_settings;
    ShellActions* m_actions;
    ModelButton* m_modelButton;
    ModelMenu* m_modelMenu;
    PromptBar* m_promptBar;
    TextsBar* m_textsBar;
    PageRail* m_rail;
    InlineMessage* m_message;
    QHBoxLayout* m_messageRow = nullptr;
    QStackedWidget* m_stack;
    QDockWidget* m_dock;
    QStackedWidget* m_inspectors;
    StatusPanel* m_status;
    std::vector<QAction*> m_pageActions;
    bool m_narrow = false;
    bool m_inspectorGaveWay = false; ///< hidden by a narrow window, not by anyone
    double m_inspectorScale = 0; ///< at which its width was set
    QString m_beforeTensors; ///< page to return to from a model that could only be inspected
    bool m_inspectMessage = false; ///< the strip offers the tensors of such a model
    bool m_promptMessage = false; ///< the strip speaks of the prompt, which a good run answers
};

} // namespace moescope::ui
