// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/lens_section.h"

#include <algorithm>
#include <cmath>

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/experiments/logit_lens.h"
#include "ui/figures/figure_words.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/explore/bar_rows.h"
#include "ui/pages/explore/lens_table.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/explore_controller.h"
#include "ui/shell/page.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kRestMilliseconds = 80;

QString key()
{
    return QStringLiteral("lens");
}

} // namespace

LensSection::LensSection(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_readingBox(new QWidget(this))
    , m_readingLayer(makeLabel(QStringLiteral("muted"), {}, m_readingBox))
    , m_reading(new BarRows(context.style, m_readingBox))
    , m_table(new LensTable(context.style, this))
    , m_explanation(
          makeLabel(QStringLiteral("muted"), tr("what it would say after that layer"), this))
    , m_button(new QPushButton(tr("Read every layer"), this))
    , m_note(makeLabel(QStringLiteral("muted"), {}, this))
{
    setObjectName(QStringLiteral("lensSection"));
    m_table->setObjectName(QStringLiteral("lensTable"));
    m_table->setAccessibleName(tr("Next token, layer by layer"));
    m_button->setObjectName(QStringLiteral("readLens"));
    m_note->setWordWrap(true);
    auto* reading = new QVBoxLayout(m_readingBox);
    reading->setContentsMargins(0, 0, 0, context.style.pxInt(8));
    reading->setSpacing(context.style.pxInt(6));
    auto* head = new QHBoxLayout;
    auto* readingTitle
        = makeLabel(QStringLiteral("section"), tr("WHAT THE ROUTER READ"), m_readingBox);
    readingTitle->setToolTip(
        tr("The router reads the sum of everything that was added to this token so far. Shares of "
           "that sum, measured along it; they make 100 %, and what works against the rest is "
           "below 0."));
    head->addWidget(readingTitle, 1);
    head->addWidget(m_readingLayer);
    reading->addLayout(head);
    reading->addWidget(m_reading);
    m_reading->setObjectName(QStringLiteral("routerReading"));
    m_reading->setAccessibleName(tr("What the router read"));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(context.style.pxInt(6));
    column->addWidget(m_readingBox);
    auto* title = makeLabel(QStringLiteral("section"), tr("NEXT TOKEN, LAYER BY LAYER"), this);
    const QString help
        = tr("The logit lens: final norm and head of what stands in the residual stream after each "
             "layer. It shows what the model would say if it stopped there. Five most likely "
             "tokens a row, a stronger colour is more likely.");
    title->setToolTip(help);
    column->addWidget(title);
    m_explanation->setWordWrap(true);
    column->addWidget(m_explanation);
    column->addWidget(m_table);
    column->addWidget(m_button, 0, Qt::AlignLeft);
    column->addWidget(m_note);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMilliseconds);
    connect(&m_rest, &QTimer::timeout, this, &LensSection::read);
    connect(m_button, &QPushButton::clicked, this, &LensSection::read);
    clear();
}

LensSection::~LensSection() = default;

void LensSection::clear()
{
    m_readings.clear();
    m_readingBox->hide();
    m_rest.stop();
    m_wanted.reset();
    m_context.runner.cancel(key());
    m_table->clear();
    m_table->hide();
    m_button->hide();
    m_note->hide();
}

bool LensSection::isBusy() const
{
    return m_rest.isActive() || m_context.runner.isRunning(key());
}

void LensSection::showScene(const ExploreScene& scene, std::size_t token)
{
    if (scene.isDense())
        m_table->setCurrentRow(-1);
    else
        m_table->setCurrentLayer(scene.layer());
    m_layer = scene.isDense() ? std::nullopt : std::optional(scene.layer());
    showReading();
    const Key wanted{scene.result, scene.focus(), token};
    if (m_wanted == wanted)
        return;
    m_wanted = wanted;
    m_context.runner.cancel(key());
    const bool atOnce = m_context.explore.followsTyping();
    m_button->setVisible(!atOnce);
    m_table->setVisible(atOnce && m_table->rowCount() > 0);
    m_note->hide();
    if (atOnce)
        m_rest.start();
}

void LensSection::showReading()
{
    const auto reading = std::ranges::find_if(
        m_readings, [this](const RouterReading& r) { return m_layer && r.layer == *m_layer; });
    m_readingBox->setVisible(reading != m_readings.end());
    if (reading == m_readings.end())
        return;
    m_readingLayer->setText(tr("layer %1").arg(m_layer->value));
    const auto bar = [](const QString& label, double share, const QString& note) {
        const QString number = numberText(std::round(share * 1000) / 10, 1) + QStringLiteral(" %");
        return BarRows::Bar{label, share, number, tr("%1: %2").arg(number, note)};
    };
    m_reading->setBars(
        {bar(tr("the token"), reading->token, tr("the token's own embedding")),
            bar(tr("context here"), reading->attentionHere,
                tr("what attention of layer %1 added, from this token and those before it")
                    .arg(m_layer->value)),
            bar(tr("context before"), reading->attentionBefore,
                tr("what attention of earlier layers added, from this token and those before it")),
            bar(tr("experts before"), reading->mlpBefore,
                tr("what the experts of earlier layers added"))},
        1);
}

void LensSection::read()
{
    if (!m_wanted)
        return;
    const Key wanted = *m_wanted;
    const ExploreResult& result = *wanted.result;
    const RoutingTrace& trace
        = (wanted.side == PromptSide::B && result.b ? *result.b : result.a).trace;
    LogitLensSpec spec;
    for (std::size_t t = 0; t <= wanted.token && t < trace.tokenCount(); ++t)
        spec.ids.push_back(trace.tokens[t].id);
    spec.token = wanted.token;
    spec.interventions = trace.interventions;
    auto work = [model = result.model, spec](
                    TaskContext& context) { return logitLens(*model->model, spec, context); };
    auto done = [this, wanted](const auto& answer) {
        if (m_wanted != wanted)
            return;
        m_button->setVisible(!answer->has_value());
        m_table->setVisible(answer->has_value());
        m_note->setVisible(!answer->has_value());
        m_readings = answer->has_value() ? (*answer)->readings : std::vector<RouterReading>{};
        showReading();
        if (answer->has_value())
            m_table->setLens(**answer, *wanted.result->model);
        else if (answer->error().code == ErrorCode::Cancelled)
            m_note->setText(tr("Stopped."));
        else
            m_note->setText(QString::fromStdString(answer->error().message));
    };
    m_button->hide();
    if (m_table->rowCount() == 0) {
        m_note->setText(tr("Reading the layers…"));
        m_note->show();
    }
    m_context.runner.start(
        {key(), tr("Reading the layers"), JobSlot::Light}, this, std::move(work), std::move(done));
}

} // namespace moescope::ui
