// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include <QDockWidget>
#include <QEvent>
#include <QHBoxLayout>
#include <QRegularExpression>
#include <QScrollArea>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolButton>
#include <QUndoStack>
#include <QVBoxLayout>

#include "core/checkpoint/recent_models.h"
#include "core/model/open_model.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/shell/icons.h"
#include "ui/shell/model_button.h"
#include "ui/shell/model_facts.h"
#include "ui/shell/model_menu.h"
#include "ui/shell/page_rail.h"
#include "ui/shell/page_window.h"
#include "ui/shell/prompt_bar.h"
#include "ui/shell/settings.h"
#include "ui/shell/shell_actions.h"
#include "ui/shell/status_panel.h"
#include "ui/shell/texts_bar.h"
#include "ui/shell/token_ids.h"
#include "ui/shell/top_bar.h"
#include "ui/style/inline_message.h"
#include "ui/style/save_dialog.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kInspectorWidth = 300;
constexpr int kInspectorLeast = 260; ///< its numbers are cut below this
constexpr int kPageMargin = 12;
constexpr int kNarrow = 960; ///< a window that leaves no room for the inspector beside a page
/// Below this the window's parts are cut. Without a least size of its own it would follow the
/// widest page, and a wanted size would not be kept.
constexpr QSize kLeastWindow(480, 360);
const QString kTensors = QStringLiteral("tensors");

} // namespace

void applySettings(const Settings& settings, const UiContext& context)
{
    context.style.setMode(settings.theme());
    context.style.setFontSize(settings.fontSize());
    context.style.setMotion(settings.motion());
    context.runner.setThreads(settings.threads());
    context.runner.setMemoryLimit(settings.memoryLimit());
    context.models.setHubCache(settings.hubCache().toStdString());
    setSaveFolder(settings.reportFolder());
}

MainWindow::MainWindow(UiContext& context, Settings& settings, QWidget* parent)
    : QMainWindow(parent)
    , m_context(context)
    , m_settings(settings)
    , m_actions(new ShellActions(this))
    , m_modelButton(new ModelButton(context.style, this))
    , m_modelMenu(new ModelMenu(context.models, context.session, settings, this))
    , m_promptBar(new PromptBar(context.style, context.session, context.explore, settings, this))
    , m_textsBar(new TextsBar(context.style, context.session, context.texts, this))
    , m_rail(new PageRail(context.style, this))
    , m_message(new InlineMessage(context.style, this))
    , m_stack(new QStackedWidget(this))
    , m_dock(new QDockWidget(tr("Inspector"), this))
    , m_inspectors(new QStackedWidget(m_dock))
    , m_status(
          new StatusPanel(context.style, context.runner, context.session, context.explore, this))
{
    setObjectName(QStringLiteral("mainWindow"));
    setLastSaveFolder(settings.lastSaveFolder());
    setWindowTitle(tr("Moescope"));
    setWindowIcon(programIcon());
    setAcceptDrops(true);
    setMinimumSize(kLeastWindow);
    buildFrame();
    connectActions();
    connectLook();
    connectSession();
    connect(&m_context.style, &Style::changed, this, &MainWindow::restyle);
    restyle();
    updateHistoryActions();
    updateTextActions();
    updateInspector();
}

MainWindow::~MainWindow() = default;

void MainWindow::buildFrame()
{
    auto* top = new TopBar(m_context.style, m_modelButton, m_promptBar, this);
    top->moreButton()->setMenu(m_actions->makeMenu(top->moreButton()));
    m_modelMenu->addLastActions({m_actions->openFolder, m_actions->openFile, m_actions->modelFacts,
        m_actions->showTensors});
    m_modelButton->setMenu(m_modelMenu);
    setMenuWidget(top);

    auto* middle = new QWidget(this);
    auto* columns = new QHBoxLayout(middle);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(0);
    columns->addWidget(m_rail);
    auto* rows = new QVBoxLayout;
    m_message->setObjectName(QStringLiteral("message"));
    m_messageRow = new QHBoxLayout;
    m_messageRow->addWidget(m_message);
    m_message->installEventFilter(this);
    rows->setSpacing(0);
    rows->addWidget(m_textsBar);
    rows->addLayout(m_messageRow);
    m_stack->setObjectName(QStringLiteral("pages"));
    rows->addWidget(m_stack, 1);
    columns->addLayout(rows, 1);
    setCentralWidget(middle);

    m_dock->setObjectName(QStringLiteral("inspectorDock"));
    m_dock->setAccessibleName(tr("Inspector"));
    m_dock->setFeatures(QDockWidget::NoDockWidgetFeatures);
    m_dock->setAllowedAreas(Qt::RightDockWidgetArea);
    auto* noTitle = new QWidget(m_dock); // the page's own headings say what it is
    noTitle->setFixedHeight(0);
    m_dock->setTitleBarWidget(noTitle);
    m_dock->setWidget(m_inspectors);
    m_inspectors->setAutoFillBackground(true);
    addDockWidget(Qt::RightDockWidgetArea, m_dock);
    resizeDocks({m_dock}, {m_context.style.pxInt(kInspectorWidth)}, Qt::Horizontal);
    m_inspectorScale = m_context.style.px(1);

    statusBar()->setSizeGripEnabled(false);
    statusBar()->setContentsMargins(0, 0, 0, 0);
    statusBar()->addWidget(m_status, 1);
    setContextMenuPolicy(Qt::NoContextMenu); // no list of docks to hide
}

/// Pages leave their own margins; the message has one only while it is there.
bool MainWindow::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::ShowToParent || event->type() == QEvent::HideToParent)
        restyle();
    return QMainWindow::eventFilter(watched, event);
}

void MainWindow::restyle()
{
    const int gap = m_message->isHidden() ? 0 : m_context.style.pxInt(kPageMargin);
    m_messageRow->setContentsMargins(gap, gap, gap, 0);
    if (const double scale = m_context.style.px(1); scale != m_inspectorScale) {
        const double wider = scale / std::exchange(m_inspectorScale, scale);
        for (QScrollArea* area : m_inspectors->findChildren<QScrollArea*>(
                 QRegularExpression(QStringLiteral("^inspector\\.")), Qt::FindDirectChildrenOnly))
            area->setMinimumWidth(m_context.style.pxInt(kInspectorLeast));
        resizeDocks(
            {m_dock}, {static_cast<int>(std::lround(m_dock->width() * wider))}, Qt::Horizontal);
        fitInspector();
    }
    QPalette palette = m_inspectors->palette();
    palette.setColor(QPalette::Window, m_context.style.theme().panel);
    m_inspectors->setPalette(palette);
}

void MainWindow::connectSession()
{
    Session& session = m_context.session;
    connect(&session, &Session::modelOpened, this, &MainWindow::onModelOpened);
    connect(&session, &Session::modelFailed, this, [this](const QString&, const QString& message) {
        showError(message, tr("Open another…"));
    });
    connect(&session, &Session::exploreFailed, this, [this](const QString& message) {
        // What comes of an intervention is said on the page, where it was made.
        if (m_context.session.interventions().isEmpty())
            onPromptFailed(message);
    });
    connect(&m_context.texts, &TextsController::failed, this,
        [this](const QString& message) { showError(message); });
    connect(&session, &Session::textsChanged, this, &MainWindow::updateTextActions);
    connect(m_textsBar, &TextsBar::detailsWanted, this, &MainWindow::showTexts);
    connect(m_promptBar, &PromptBar::rejected, this, &MainWindow::onPromptFailed);
    connect(&session, &Session::exploreChanged, this, [this] {
        if (m_context.session.explore() && m_promptMessage)
            m_message->clear();
    });
    connect(m_message, &InlineMessage::actionTriggered, this, [this] {
        if (m_inspectMessage)
            showPage(kTensors);
        else
            m_modelButton->openMenu();
    });
    connect(
        &m_context.models, &ModelController::openingChanged, this, &MainWindow::onModelButtonText);
    connect(&session, &Session::selectionChanged, this, &MainWindow::updateHistoryActions);
    connect(m_modelMenu, &ModelMenu::chosen, &m_context.models, &ModelController::open);
    connect(m_rail, &PageRail::chosen, this, &MainWindow::showPage);
}

void MainWindow::addPage(Page* page, bool onRail)
{
    m_stack->addWidget(page);
    const QString id = page->id();
    auto* action = new QAction(page->title(), this);
    action->setObjectName(QStringLiteral("page.") + id);
    if (onRail) {
        const int number = static_cast<int>(m_pageActions.size()) + 1;
        action->setShortcut(QKeySequence(QStringLiteral("Ctrl+%1").arg(number)));
        addAction(action);
        m_pageActions.push_back(action);
        connect(action, &QAction::triggered, this, [this, id] { showPage(id); });
    }
    m_rail->addPage(
        id, page->title(), page->iconName(), action->shortcut().toString(QKeySequence::NativeText));
    m_rail->setPageVisible(id, onRail);
    if (QWidget* inspector = page->inspector()) {
        auto* scroll = new QScrollArea(m_inspectors);
        scroll->setObjectName(QStringLiteral("inspector.") + id);
        scroll->setWidgetResizable(true);
        scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        scroll->setMinimumWidth(m_context.style.pxInt(kInspectorLeast));
        scroll->setWidget(inspector);
        inspector->setAutoFillBackground(false); // the dock's colour shows through
        scroll->viewport()->setAutoFillBackground(false);
        m_inspectors->addWidget(scroll);
    }
    const bool first = onRail && m_pageActions.size() == 1;
    if (first || m_stack->count() == 1)
        showPage(id);
}

bool MainWindow::showPage(const QString& id)
{
    if (auto* floating = findChild<PageWindow*>(QStringLiteral("pageWindow.") + id)) {
        floating->raise();
        floating->activateWindow();
        m_rail->setCurrent(currentPage() ? currentPage()->id() : QString());
        return true;
    }
    for (int i = 0; i < m_stack->count(); ++i) {
        auto* page = static_cast<Page*>(m_stack->widget(i));
        if (page->id() != id)
            continue;
        for (int other = 0; other < m_stack->count(); ++other) {
            // Pages that are not seen must not widen the window.
            const auto policy = other == i ? QSizePolicy::Preferred : QSizePolicy::Ignored;
            m_stack->widget(other)->setSizePolicy(policy, policy);
        }
        m_stack->setCurrentIndex(i);
        updateInspectOnly();
        m_rail->setCurrent(id);
        updateInspector();
        page->activate();
        return true;
    }
    return false;
}

void MainWindow::floatPage(const QString& id)
{
    Page* page = nullptr;
    Page* other = nullptr;
    for (int i = 0; i < m_stack->count(); ++i) {
        auto* candidate = static_cast<Page*>(m_stack->widget(i));
        if (candidate->id() == id)
            page = candidate;
        else if (!other && candidate->id() != kTensors)
            other = candidate;
    }
    if (!page || !other) {
        m_status->setNote(tr("The last page stays in the window."));
        return;
    }
    showPage(other->id());
    auto* inspector = m_inspectors->findChild<QWidget*>(QStringLiteral("inspector.") + id);
    m_stack->removeWidget(page);
    if (inspector)
        m_inspectors->removeWidget(inspector);
    auto* window = new PageWindow(m_context.style, page, inspector, this);
    connect(window, &PageWindow::handedBack, this, &MainWindow::takeBack);
    window->show();
    page->activate();
}

void MainWindow::takeBack(Page* page, QWidget* inspector)
{
    if (inspector)
        m_inspectors->addWidget(inspector);
    m_stack->addWidget(page);
    // The window that had it still counts as its place until it is gone.
    if (auto* window = qobject_cast<PageWindow*>(sender()))
        window->setObjectName({});
    showPage(page->id());
}

Page* MainWindow::currentPage() const
{
    return static_cast<Page*>(m_stack->currentWidget());
}

QStringList MainWindow::pageIds() const
{
    QStringList ids;
    for (int i = 0; i < m_stack->count(); ++i)
        ids.append(static_cast<Page*>(m_stack->widget(i))->id());
    return ids;
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    fitInspector();
}

/// Where the window becomes narrow the inspector gives way to the page; F9 shows it all the same.
void MainWindow::fitInspector()
{
    const bool narrow = width() < m_context.style.px(kNarrow);
    QAction* toggle = m_actions->toggleInspector;
    if (narrow && !m_narrow && toggle->isChecked()) {
        m_inspectorGaveWay = true;
        toggle->setChecked(false);
    } else if (!narrow && std::exchange(m_inspectorGaveWay, false)) {
        toggle->setChecked(true);
    }
    m_narrow = narrow;
    updateInspector();
}

void MainWindow::updateInspector()
{
    const Page* page = currentPage();
    auto* inspector = page
        ? m_inspectors->findChild<QWidget*>(QStringLiteral("inspector.") + page->id())
        : nullptr;
    if (inspector)
        m_inspectors->setCurrentWidget(inspector);
    m_dock->setVisible(inspector && m_actions->toggleInspector->isChecked());
    m_actions->toggleInspector->setEnabled(inspector);
}

/// A model that cannot be run has nothing but its tensors to show: they stay in reach.
void MainWindow::updateInspectOnly()
{
    const auto open = m_context.session.model();
    const bool only = open && !open->model;
    const bool there = currentPage() && currentPage()->id() == kTensors;
    m_rail->setPageVisible(kTensors, only || there);
    if (only && !there) {
        m_message->showMessage(InlineMessage::Kind::Warning,
            tr("This model can be inspected, but not run."), tr("Show its tensors"));
        m_inspectMessage = true;
    } else if (std::exchange(m_inspectMessage, false)) {
        m_message->clear();
    }
}

void MainWindow::onModelOpened()
{
    const OpenModel& open = *m_context.session.model();
    m_message->clear();
    m_promptMessage = m_inspectMessage = false;
    if (open.tokenizer && !open.tokenizer->warning().empty())
        m_message->showMessage(
            InlineMessage::Kind::Warning, QString::fromStdString(open.tokenizer->warning()));
    if (open.model && !open.tokenizer && open.tokenizerError.code != ErrorCode::NotFound)
        m_message->showMessage(InlineMessage::Kind::Error,
            tr("Prompts are token ids, for the tokenizer cannot be used: %1")
                .arg(QString::fromStdString(open.tokenizerError.message)));
    onModelButtonText();
    setWindowTitle(tr("%1 – Moescope").arg(QString::fromStdString(open.name)));
    if (!m_context.models.isSample(open.path))
        remember(open.path);
    const Page* page = currentPage();
    if (!open.model && page && page->id() != kTensors) {
        m_beforeTensors = page->id();
        showPage(kTensors);
    } else if (open.model && !m_beforeTensors.isEmpty()) {
        showPage(std::exchange(m_beforeTensors, {}));
    } else if (currentPage()) {
        updateInspectOnly();
        currentPage()->activate();
    }
}

void MainWindow::remember(const std::filesystem::path& model)
{
    auto work = [file = m_settings.recentFile(), model](TaskContext&) -> Result<bool> {
        MOESCOPE_CHECK(addRecentModel(file, model));
        return true;
    };
    auto done = [this](const auto& answer) {
        if (!*answer)
            m_status->setNote(QString::fromStdString(answer->error().message));
    };
    const QString key = QStringLiteral("recent ") + QString::fromStdString(model.string());
    m_context.runner.start(
        {key, tr("Remembering the model"), JobSlot::Files}, this, std::move(work), std::move(done));
}

void MainWindow::onModelButtonText()
{
    const auto open = m_context.session.model();
    if (m_context.models.isOpening() && !open)
        m_modelButton->setModel(tr("Opening…"), {});
    else if (open)
        m_modelButton->setModel(QString::fromStdString(open->name), familyOf(*open));
    else
        m_modelButton->setModel({}, {});
    m_actions->modelFacts->setEnabled(open != nullptr);
    m_actions->showTensors->setEnabled(open != nullptr);
}

void MainWindow::onPromptFailed(const QString& message)
{
    showError(message);
    m_promptMessage = true;
}

void MainWindow::showError(const QString& message, const QString& action)
{
    m_promptMessage = m_inspectMessage = false;
    m_message->showMessage(InlineMessage::Kind::Error, message, action);
}

void MainWindow::updateHistoryActions()
{
    m_actions->back->setEnabled(m_context.session.canGoBack());
    m_actions->forward->setEnabled(m_context.session.canGoForward());
}

void MainWindow::restoreWindow()
{
    if (!restoreGeometry(m_settings.windowGeometry()))
        resize(m_context.style.pxInt(1440), m_context.style.pxInt(900));
    restoreState(m_settings.windowState());
    // The dock is also hidden by pages that have nothing to show in it.
    m_actions->toggleInspector->setChecked(m_settings.inspectorShown());
    m_narrow = m_inspectorGaveWay = false;
    fitInspector();
}

Settings::LastSession MainWindow::currentSession() const
{
    const Session& session = m_context.session;
    Settings::LastSession last;
    std::error_code error;
    if (session.model())
        last.model = QString::fromStdString(
            std::filesystem::absolute(session.model()->path, error).string());
    const auto words = [&session](const TraceRequest& request) {
        if (request.ids.empty())
            return QString::fromStdString(request.text);
        return session.model() ? spellTokenIds(*session.model(), request.ids) : QString();
    };
    last.prompt = words(session.prompt());
    last.promptIds = session.prompt().ids;
    last.addSpecial = session.prompt().addSpecial;
    if (const auto& compare = session.comparePrompt()) {
        last.compare = words(*compare);
        last.compareIds = compare->ids;
    }
    if (session.selection().layer)
        last.layer = session.selection().layer->value;
    if (currentPage())
        last.page = currentPage()->id();
    return last;
}

void MainWindow::saveSession() const
{
    m_settings.setWindow(saveGeometry(), saveState());
    m_settings.setLastSaveFolder(lastSaveFolder());
    m_settings.setInspectorShown(m_actions->toggleInspector->isChecked() || m_inspectorGaveWay);
    if (m_context.session.model())
        m_settings.setLastSession(currentSession());
}

} // namespace moescope::ui
