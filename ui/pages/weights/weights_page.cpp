// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/weights/weights_page.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "core/model/open_model.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/heat_map_view.h"
#include "ui/figures/line_chart_view.h"
#include "ui/figures/verdict_card_view.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/weights/deck_layout.h"
#include "ui/pages/weights/pill_strip.h"
#include "ui/pages/weights/weight_notes.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/weights_controller.h"
#include "ui/style/inline_message.h"
#include "ui/style/progress_placeholder.h"
#include "ui/style/segmented_control.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

std::shared_ptr<const Figure> shared(Figure figure)
{
    return std::make_shared<const Figure>(std::move(figure));
}

std::shared_ptr<const LayerWeights> findLayer(const MoeTypeResult& result, LayerId layer)
{
    const auto it
        = std::ranges::find(result.layers, layer, [](const auto& entry) { return entry->layer; });
    return it == result.layers.end() ? nullptr : *it;
}

SegmentedControl* makeSegments(
    Style& style, const QStringList& labels, const QString& name, const char* objectName)
{
    auto* segments = new SegmentedControl(style, labels);
    segments->setName(name);
    segments->setObjectName(QLatin1String(objectName));
    return segments;
}

/// A chart narrower than this, at 100 %, says little.
constexpr double kLeastChart = 330;
/// More layers than this scroll rather than take the row for themselves.
constexpr double kMostForLayers = 440;

enum { kEmpty, kRunning, kResult };

} // namespace

WeightsPage::WeightsPage(const UiContext& context, QWidget* parent)
    : Page(parent)
    , m_context(context)
{
    setObjectName(QStringLiteral("weightsPage"));
    build();
    restyle();
    connect(&context.style, &Style::changed, this, &WeightsPage::restyle);
    connect(&context.weights, &WeightsController::changed, this, &WeightsPage::showState);
    connect(&context.session, &Session::modelOpened, this, [this] {
        showState();
        if (isVisible())
            activate();
    });
    connect(&context.session, &Session::modelClosed, this, &WeightsPage::showState);
    connect(&context.session, &Session::selectionChanged, this, &WeightsPage::showFigures);
    connect(&context.runner, &JobRunner::jobsChanged, this, &WeightsPage::showProgress);
    showState();
}

void WeightsPage::build()
{
    Style& style = m_context.style;
    auto* outer = new QVBoxLayout(this);
    m_message = new InlineMessage(style);
    outer->addWidget(m_message);
    connect(
        m_message, &InlineMessage::actionTriggered, this, [this] { m_context.weights.resume(); });

    m_stack = new QStackedWidget;
    outer->addWidget(m_stack, 1);
    m_empty = new QLabel;
    m_empty->setObjectName(QStringLiteral("weightsEmpty"));
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    m_stack->addWidget(m_empty);
    m_progress = new ProgressPlaceholder(style);
    connect(
        m_progress, &ProgressPlaceholder::cancelled, this, [this] { m_context.weights.cancel(); });
    m_stack->addWidget(m_progress);

    auto* result = new QWidget;
    m_column = new QVBoxLayout(result);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->addWidget(makeVerdicts());
    m_column->addWidget(makeControls());
    // The charts take what is left, and the page scrolls when that is too little.
    m_column->addWidget(makeCharts(), 1);
    m_notes = new WeightNotes(style, m_context.models.resources());
    m_column->addWidget(m_notes);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("weightsScroll"));
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(result);
    scroll->viewport()->setAutoFillBackground(false);
    result->setAutoFillBackground(false);
    m_stack->addWidget(scroll);
}

void WeightsPage::fitControls()
{
    // The layers get a row of their own before they have to scroll.
    const Style& style = m_context.style;
    QWidget* layers = m_layerRow->parentWidget();
    const int words = layers->sizeHint().width() - m_layers->sizeHint().width();
    layers->setMinimumWidth(words + std::min(m_layers->tightWidth(), style.pxInt(kMostForLayers)));
}

void WeightsPage::restyle()
{
    const Style& style = m_context.style;
    const int edge = style.pxInt(12);
    layout()->setContentsMargins(edge, edge, edge, edge);
    m_column->setSpacing(edge);
    m_chartDeck->setSpacing(edge);
    m_verdictDeck->setSpacing(style.pxInt(32));
    m_controlDeck->setSpacing(style.pxInt(16));
    m_choiceRow->setSpacing(style.pxInt(16));
    m_layerRow->setSpacing(style.pxInt(16));
    fitControls();
    for (FigurePanel* panel : {m_decay, m_similarity, m_byLayer})
        panel->setMinimumWidth(
            std::max(panel->minimumSizeHint().width(), style.pxInt(kLeastChart)));
}

Panel* WeightsPage::makeVerdicts()
{
    Style& style = m_context.style;
    m_origin = new VerdictCardView(style);
    m_origin->setObjectName(QStringLiteral("originVerdict"));
    m_compressible = new VerdictCardView(style);
    m_compressible->setObjectName(QStringLiteral("compressibleVerdict"));
    for (VerdictCardView* card : {m_origin, m_compressible})
        card->setSource(QStringLiteral("moe-type-analyze"));
    auto* body = new QWidget;
    m_verdictDeck = new DeckLayout(body);
    // Values with their range need more room than ranks.
    m_verdictDeck->add(m_origin, 6);
    m_verdictDeck->add(m_compressible, 5);
    auto* panel = new Panel(style);
    panel->setBody(body);
    panel->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    return panel;
}

Panel* WeightsPage::makeControls()
{
    Style& style = m_context.style;
    auto* body = new QWidget;
    m_controlDeck = new DeckLayout(body);
    auto* layers = new QWidget;
    m_layerRow = new QHBoxLayout(layers);
    m_layerRow->setContentsMargins(0, 0, 0, 0);
    auto* label = new QLabel(tr("Layers"));
    label->setObjectName(QStringLiteral("layersLabel"));
    label->setProperty("role", QStringLiteral("heading"));
    m_layerRow->addWidget(label);
    m_layers = new PillStrip(style, tr("layer"));
    m_layers->setObjectName(QStringLiteral("layerStrip"));
    m_layerRow->addWidget(m_layers, 1);
    auto* choices = new QWidget;
    m_choiceRow = new QHBoxLayout(choices);
    m_choiceRow->setContentsMargins(0, 0, 0, 0);
    m_controlDeck->add(layers, 1);
    m_controlDeck->add(choices, 0);
    m_projection
        = makeSegments(style, {tr("gate"), tr("up"), tr("down")}, tr("projection"), "projection");
    m_projection->setToolTip(tr("Which of an expert's three matrices the charts below show"));
    m_choiceRow->addWidget(m_projection);
    m_kind = makeSegments(style, {tr("differences from the mean"), tr("whole matrices")},
        tr("spectrum of"), "spectrumKind");
    m_kind->setSegmentToolTip(
        0, tr("W minus the mean of all experts: what sets each expert apart"));
    m_kind->setSegmentToolTip(1, tr("W itself"));
    m_choiceRow->addWidget(m_kind);
    connect(m_layers, &PillStrip::chosen, this, &WeightsPage::chooseLayer);
    connect(m_projection, &SegmentedControl::currentChanged, this, &WeightsPage::showFigures);
    connect(m_kind, &SegmentedControl::currentChanged, this, &WeightsPage::showFigures);
    auto* panel = new Panel(style);
    panel->setBody(body);
    panel->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    return panel;
}

QWidget* WeightsPage::makeCharts()
{
    Style& style = m_context.style;
    auto* charts = new QWidget;
    m_chartDeck = new DeckLayout(charts);
    const auto add = [this](FigurePanel* panel, int stretch) {
        m_chartDeck->add(panel, stretch, [panel](int width) { return panel->leastHeight(width); });
    };

    m_decay = new FigurePanel(style, new LineChartView(style));
    m_decay->setObjectName(QStringLiteral("decayPanel"));
    m_experts = new PillStrip(style, tr("expert"));
    m_experts->setObjectName(QStringLiteral("expertStrip"));
    m_decay->addFooterWidget(m_experts);
    connect(m_experts, &PillStrip::chosen, this, &WeightsPage::chooseExpert);
    add(m_decay, 13);

    m_map = new HeatMapView(style);
    m_similarity = new FigurePanel(style, m_map);
    m_similarity->setObjectName(QStringLiteral("similarityPanel"));
    m_order = makeSegments(
        style, {tr("id"), tr("clustered")}, tr("order of experts"), "similarityOrder");
    m_order->setSegmentToolTip(1, tr("Similar experts side by side (average linkage)"));
    m_range = makeSegments(
        style, {tr("fixed colours"), tr("automatic")}, tr("colour range"), "similarityRange");
    m_range->setSegmentToolTip(
        0, tr("The same colour means the same cosine in every model and layer"));
    m_range->setSegmentToolTip(1, tr("Stretched over the values that occur here"));
    m_similarity->addFooterWidget(m_order);
    m_similarity->addFooterSpace();
    m_similarity->addFooterWidget(m_range);
    m_similarity->addFooterStretch();
    connect(m_order, &SegmentedControl::currentChanged, this, [this](int i) {
        m_map->setOrder(i == 1 ? HeatMapView::Order::Clustered : HeatMapView::Order::Id);
    });
    connect(m_range, &SegmentedControl::currentChanged, this, [this](int i) {
        m_map->setRange(i == 1 ? HeatMapView::Range::Automatic : HeatMapView::Range::Fixed);
    });
    connect(
        m_map, &HeatMapView::cellClicked, this, [this](int expert, int) { chooseExpert(expert); });
    add(m_similarity, 10);

    m_byLayer = new FigurePanel(style, new LineChartView(style));
    m_byLayer->setObjectName(QStringLiteral("byLayerPanel"));
    m_measure = makeSegments(style, {tr("rank"), tr("cosine")}, tr("measure"), "byLayerMeasure");
    m_share = makeSegments(
        style, {tr("90 %"), tr("95 %"), tr("99 %")}, tr("share of energy"), "energyShare");
    m_share->setToolTip(tr("Rank: how many singular values hold this share of the squared sum"));
    m_share->setCurrent(1);
    m_byLayer->addFooterWidget(m_measure);
    m_byLayer->addFooterSpace();
    m_byLayer->addFooterWidget(m_share);
    m_byLayer->addFooterStretch();
    connect(m_measure, &SegmentedControl::currentChanged, this, &WeightsPage::showFigures);
    connect(m_share, &SegmentedControl::currentChanged, this, &WeightsPage::showFigures);
    add(m_byLayer, 12);
    for (FigurePanel* panel : {m_decay, m_similarity, m_byLayer})
        panel->view()->setSource(QStringLiteral("moe-type-analyze"));
    return charts;
}

void WeightsPage::showEvent(QShowEvent* event)
{
    Page::showEvent(event);
    showFigures();
}

void WeightsPage::activate()
{
    m_context.weights.ensureStarted();
}

bool WeightsPage::isBusy() const
{
    const auto state = m_context.weights.state();
    return state == WeightsController::State::Running
        || (state == WeightsController::State::NotStarted && m_context.session.model()
            && reasonForNothing().isEmpty());
}

std::optional<Report> WeightsPage::report() const
{
    const auto result = m_context.weights.result();
    if (!result || result->layers.empty())
        return std::nullopt;
    return moeTypeReport(*result, view());
}

QString WeightsPage::reasonForNothing() const
{
    const auto& open = m_context.session.model();
    if (!open)
        return tr("Open a model to see what its experts are made of.");
    if (!open->model)
        return QString::fromStdString(open->modelError.message);
    if (open->model->mixtureLayers().empty())
        return tr("%1 is a dense model: it has one MLP a layer and no experts to compare.")
            .arg(QString::fromStdString(open->name));
    return {};
}

void WeightsPage::showState()
{
    using State = WeightsController::State;
    const State state = m_context.weights.state();
    const auto result = m_context.weights.result();
    const QString reason = reasonForNothing();
    if (state == State::Failed)
        m_message->showMessage(InlineMessage::Kind::Error,
            QString::fromStdString(m_context.weights.error().message), tr("Try again"));
    else if (state == State::Cancelled)
        m_message->showMessage(InlineMessage::Kind::Note,
            tr("Stopped after %1 of %2 layers; what is shown is incomplete.")
                .arg(result ? result->layers.size() : 0)
                .arg(result ? result->spec.layers.size() : 0),
            tr("Go on"));
    else
        m_message->clear();

    if (!reason.isEmpty()) {
        m_empty->setText(reason);
        m_stack->setCurrentIndex(kEmpty);
    } else if (result && !result->layers.empty()) {
        m_stack->setCurrentIndex(kResult);
        showLayers();
        showFigures();
    } else if (state == State::Failed || state == State::Cancelled) {
        m_empty->setText(tr("No layer was finished."));
        m_stack->setCurrentIndex(kEmpty);
    } else {
        m_stack->setCurrentIndex(kRunning);
        showProgress();
    }
    emit stateChanged();
}

void WeightsPage::showProgress()
{
    if (m_stack->currentIndex() != kRunning)
        return;
    for (const JobInfo& job : m_context.runner.jobs()) {
        if (job.key != QLatin1String("weights"))
            continue;
        const QString left
            = job.secondsLeft ? tr("%1 s left").arg(qRound(*job.secondsLeft)) : QString();
        m_progress->setProgress(job.waiting ? -1 : job.fraction,
            job.stage.isEmpty() ? tr("Reading the experts' weights") : job.stage, left);
        return;
    }
    m_progress->setProgress(-1, tr("Reading the experts' weights"));
}

void WeightsPage::showLayers()
{
    const auto result = m_context.weights.result();
    const bool running = m_context.weights.state() == WeightsController::State::Running;
    std::vector<PillStrip::Pill> pills;
    bool nextIsRunning = running;
    for (const LayerId layer : result->spec.layers) {
        PillStrip::Pill pill;
        pill.label = QString::number(layer.value);
        if (findLayer(*result, layer)) {
            pill.mark = QStringLiteral("✓");
            pill.toolTip = tr("Layer %1: finished").arg(layer.value);
        } else {
            pill.enabled = false;
            pill.mark = nextIsRunning ? QStringLiteral("◔") : QStringLiteral("·");
            pill.toolTip = nextIsRunning ? tr("Layer %1: being analysed").arg(layer.value)
                                         : tr("Layer %1: waiting").arg(layer.value);
            nextIsRunning = false;
        }
        pills.push_back(pill);
    }
    m_layers->setPills(pills);
    fitControls();

    std::vector<PillStrip::Pill> experts;
    for (std::uint32_t e = 0; e < result->spec.experts; ++e)
        experts.push_back({QStringLiteral("E%1").arg(e), {}, tr("Expert %1").arg(e), true});
    if (experts.size() != m_experts->count())
        m_experts->setPills(experts);
}

const LayerWeights* WeightsPage::shownLayer() const
{
    const auto result = m_context.weights.result();
    if (!result || result->layers.empty())
        return nullptr;
    if (const auto selected = m_context.session.selection().layer) {
        if (const auto layer = findLayer(*result, *selected))
            return layer.get();
    }
    return result->layers.back().get();
}

Projection WeightsPage::projection() const
{
    return kProjections[std::clamp(m_projection->current(), 0, 2)];
}

bool WeightsPage::differences() const
{
    return m_kind->current() != 1;
}

double WeightsPage::share() const
{
    static constexpr double shares[] = {0.90, 0.95, 0.99};
    return shares[std::clamp(m_share->current(), 0, 2)];
}

ExpertId WeightsPage::expert() const
{
    const auto result = m_context.weights.result();
    const auto selected = m_context.session.selection().expert();
    return selected && result && selected->value < result->spec.experts ? *selected : ExpertId(0);
}

MoeTypeView WeightsPage::view() const
{
    MoeTypeView view;
    if (const LayerWeights* layer = shownLayer())
        view.layer = layer->layer;
    view.projection = projection();
    view.expert = expert();
    view.differences = differences();
    view.share = share();
    return view;
}

void WeightsPage::showFigures()
{
    // Walking through tokens on another page must not draw these charts again and again.
    if (!isVisible())
        return;
    const auto result = m_context.weights.result();
    const LayerWeights* layer = shownLayer();
    if (!result || !layer || m_stack->currentIndex() != kResult)
        return;
    const auto at = std::ranges::find(result->spec.layers, layer->layer);
    m_layers->setCurrent(static_cast<int>(at - result->spec.layers.begin()));
    m_experts->setCurrent(static_cast<int>(expert().value));

    m_origin->setFigure(shared(originFigure(*result)));
    m_compressible->setFigure(shared(compressibleFigure(*result)));
    m_decay->setFigure(shared(decayFigure(*layer, projection(), differences(), expert(), share())));
    m_similarity->setFigure(shared(similarityFigure(*layer, projection())));
    m_notes->showResult(*result);
    const bool ranks = m_measure->current() != 1;
    m_byLayer->setFigure(shared(
        ranks ? rankByLayerFigure(*result, share(), differences()) : cosineByLayerFigure(*result)));
}

void WeightsPage::chooseLayer(int index)
{
    const auto result = m_context.weights.result();
    if (result && index >= 0 && index < static_cast<int>(result->spec.layers.size()))
        m_context.session.selectLayer(result->spec.layers[static_cast<std::size_t>(index)]);
}

void WeightsPage::chooseExpert(int index)
{
    if (index >= 0)
        m_context.session.selectExpert(ExpertId(static_cast<std::uint32_t>(index)));
}

} // namespace moescope::ui
