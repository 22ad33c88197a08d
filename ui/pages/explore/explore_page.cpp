// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/explore_page.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "core/experiments/explore_words.h"
#include "core/runtime/runnable.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_view.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/explore/all_layers_panel.h"
#include "ui/pages/explore/comparison_panel.h"
#include "ui/pages/explore/explore_inspector.h"
#include "ui/pages/explore/generate_bar.h"
#include "ui/pages/explore/generation.h"
#include "ui/pages/explore/intervention_bar.h"
#include "ui/pages/explore/layer_bar.h"
#include "ui/pages/explore/layer_panel.h"
#include "ui/pages/explore/overlap_panel.h"
#include "ui/pages/explore/token_panel.h"
#include "ui/session/explore_controller.h"
#include "ui/session/session.h"
#include "ui/style/progress_placeholder.h"

namespace moescope::ui {

namespace {

/// A run that answers faster than this replaces the old picture without a placeholder between.
constexpr double kQuickSeconds = 0.4;

enum { kEmpty, kRunning, kResult };
enum { kSingle, kPrompts, kChanges, kDense };

} // namespace

ExplorePage::ExplorePage(const UiContext& context, QWidget* parent)
    : Page(parent)
    , m_context(context)
    , m_generation(new Generation(m_context, this))
    , m_inspector(new ExploreInspector(m_context))
{
    setObjectName(QStringLiteral("explorePage"));
    setFocusPolicy(Qt::ClickFocus); // a click beside a field leaves the field
    build();
    makeActions();
    connectSession();
    showBars();
    showState();
}

ExplorePage::~ExplorePage()
{
    delete m_inspector;
}

QWidget* ExplorePage::inspector()
{
    return m_inspector;
}

void ExplorePage::connectSession()
{
    Session& session = m_context.session;
    connect(&session, &Session::exploreChanged, this, [this] {
        m_failure.clear();
        showState();
        refresh();
        emit stateChanged();
    });
    connect(&session, &Session::selectionChanged, this, &ExplorePage::refresh);
    connect(&session.interventions(), &InterventionStack::changed, this, [this] {
        if (!m_context.session.interventions().isEmpty())
            m_openInterventions->setChecked(true);
        refresh();
    });
    connect(&session, &Session::hoverChanged, this, [this] { m_tokens->showHover(); });
    connect(&session, &Session::exploreFailed, this, &ExplorePage::onFailed);
    connect(&session, &Session::modelOpened, this, [this] {
        m_failure.clear();
        showBars();
        showState();
    });
    connect(&session, &Session::modelClosed, this, [this] {
        showBars();
        showState();
    });
    connect(&m_context.explore, &ExploreController::runningChanged, this, [this] {
        showState();
        emit stateChanged();
    });
    connect(&m_context.runner, &JobRunner::jobsChanged, this, &ExplorePage::showState);
    connect(m_generation, &Generation::changed, this, &ExplorePage::stateChanged);
    connect(m_tokens, &TokenPanel::wantedSidesChanged, this, &ExplorePage::refresh);
}

void ExplorePage::onFailed(const QString& message)
{
    m_failure = message;
    if (!m_context.session.interventions().isEmpty()) {
        m_openInterventions->setChecked(true);
        m_interventionBar->showFailure(message);
    }
    showState();
    emit stateChanged();
}

void ExplorePage::showEvent(QShowEvent* event)
{
    Page::showEvent(event);
    if (m_stale)
        refresh();
}

QString ExplorePage::reasonForNothing() const
{
    const auto& open = m_context.session.model();
    if (!open)
        return tr("No model is open. Choose one from the menu at the top left, drop a folder or "
                  "file here, or begin with a sample.");
    if (!open->model)
        return tr("This model can be looked at, but not run. %1")
            .arg(QString::fromStdString(open->modelError.message));
    if (!m_failure.isEmpty())
        return m_failure;
    if (const Status runnable = checkRunnable(open->model->config()); !runnable)
        return QString::fromStdString(runnable.error().message);
    const TraceRequest& prompt = m_context.session.prompt();
    if (!prompt.text.empty() || !prompt.ids.empty())
        return tr("The run was stopped. Press Enter in the prompt above to start it again.");
    return tr("Type a prompt above and press Enter to see where every token goes.");
}

void ExplorePage::showState()
{
    const bool hasResult = m_context.session.explore() != nullptr;
    bool waits = !hasResult && m_context.explore.isRunning();
    for (const JobInfo& job : m_context.runner.jobs()) {
        if (job.key != QLatin1String("explore"))
            continue;
        waits = waits || job.seconds > kQuickSeconds;
        m_progress->setProgress(job.waiting ? -1 : job.fraction,
            job.stage.isEmpty() ? tr("Running the prompt")
                                : tr("Running the prompt: %1").arg(job.stage),
            job.secondsLeft ? tr("about %1 s left").arg(*job.secondsLeft, 0, 'f', 0) : QString());
    }
    if (waits) {
        m_stack->setCurrentIndex(kRunning);
    } else if (hasResult) {
        m_stack->setCurrentIndex(kResult);
    } else {
        m_empty->setText(reasonForNothing());
        m_openSample->setVisible(!m_context.session.model());
        m_stack->setCurrentIndex(kEmpty);
    }
    if (!hasResult && m_inspector)
        m_inspector->clear();
}

void ExplorePage::refresh()
{
    m_stale = !isVisible();
    if (m_stale || !m_context.session.explore() || !m_inspector)
        return;
    m_tokens->showMode(makeScene(m_context.session, ShownSides::Both));
    ExploreScene scene = makeScene(m_context.session, m_tokens->wantedSides());
    if (m_wantsHeads && scene.result != m_headsResult) {
        m_headsResult = scene.result;
        m_headsA = headsOf(sideA(scene.result));
        m_headsB = headsOf(sideB(scene.result));
    }
    if (m_wantsHeads) {
        scene.headsA = m_headsA;
        scene.headsB = m_headsB;
    }
    showScene(scene);
}

void ExplorePage::chooseHeads(bool heads)
{
    m_wantsHeads = heads;
    if (!heads) {
        m_headsResult.reset();
        m_headsA.reset();
        m_headsB.reset();
    }
    refresh();
}

void ExplorePage::showScene(const ExploreScene& scene)
{
    m_tokens->showScene(scene);
    m_inspector->showScene(scene);
    m_layerBar->setVisible(!scene.isDense());
    m_openInterventions->setVisible(!scene.isDense());
    m_interventionBar->setVisible(!scene.isDense() && m_openInterventions->isChecked());
    if (scene.isDense()) {
        showDense(scene);
        showMiddle(kDense);
        return;
    }
    m_layerBar->showScene(scene);
    if (scene.comparing == Comparing::Prompts && scene.shown == ShownSides::Both) {
        m_comparison->showScene(scene);
        m_overlap->showScene(scene);
        showMiddle(kPrompts);
    } else if (scene.comparing == Comparing::Changes && scene.shown == ShownSides::Both) {
        m_untouched->showScene(scene);
        m_changed->showScene(scene);
        showMiddle(kChanges);
    } else {
        m_allLayers->showScene(scene);
        m_layer->showScene(scene);
        showMiddle(kSingle);
    }
}

void ExplorePage::showMiddle(int index)
{
    // Pictures that are not seen must not widen the window.
    for (int i = 0; i < m_middle->count(); ++i) {
        const auto policy = i == index ? QSizePolicy::Preferred : QSizePolicy::Ignored;
        m_middle->widget(i)->setSizePolicy(policy, policy);
    }
    m_middle->setCurrentIndex(index);
}

void ExplorePage::showDense(const ExploreScene& scene)
{
    if (scene.result != m_denseResult)
        fillDense(scene);
    const auto token = scene.tokenOn(PromptSide::A);
    if (auto* table = qobject_cast<FigureTableView*>(m_denseTable->view()))
        table->setCurrentRow(token ? static_cast<int>(*token) : -1);
}

void ExplorePage::fillDense(const ExploreScene& scene)
{
    m_denseResult = scene.result;
    m_denseText->setText(tr("This is a dense model: it has no router, so every token takes the "
                            "same path through all %1 layers.")
                             .arg(scene.result->model->model->config().layerCount()));
    Report report = exploreReport(*scene.result);
    const auto table = std::ranges::find(report.figures, "token-table", &Figure::id);
    if (table != report.figures.end())
        m_denseTable->setFigure(std::make_shared<const Figure>(std::move(*table)));
}

void ExplorePage::showBars()
{
    m_interventionBar->setVisible(
        m_openInterventions->isChecked() && m_openInterventions->isVisibleTo(this));
    m_generateBar->setVisible(m_openGenerate->isChecked());
}

bool ExplorePage::isBusy() const
{
    return m_context.explore.isRunning() || m_generation->isPlaying() || m_generation->isWorking()
        || (m_inspector && m_inspector->isBusy());
}

std::optional<Report> ExplorePage::report() const
{
    const auto& result = m_context.session.explore();
    if (!result)
        return std::nullopt;
    ExploreResult shown = *result;
    if (const auto layer = m_context.session.selection().layer)
        shown.layer = *layer;
    ExploreView view;
    view.cells = static_cast<GridView>(m_layer->viewIndex());
    if (shown.comparison || m_allLayers->viewIndex() != static_cast<int>(LayersView::Overlap))
        view.layers = static_cast<LayersView>(m_allLayers->viewIndex());
    Report report = exploreReport(shown, view);
    addWarnings(report, exploreWarnings(shown));
    report.complete = !m_generation->isPlaying() && !m_generation->isWorking();
    return report;
}

} // namespace moescope::ui
