// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/lens_section.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/experiments/logit_lens.h"
#include "ui/jobs/job_runner.h"
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
    , m_table(new LensTable(context.style, this))
    , m_button(new QPushButton(tr("Read every layer"), this))
    , m_note(makeLabel(QStringLiteral("muted"), {}, this))
{
    setObjectName(QStringLiteral("lensSection"));
    m_table->setObjectName(QStringLiteral("lensTable"));
    m_table->setAccessibleName(tr("Next token, layer by layer"));
    m_button->setObjectName(QStringLiteral("readLens"));
    m_note->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(context.style.pxInt(6));
    auto* title = makeLabel(QStringLiteral("section"), tr("NEXT TOKEN, LAYER BY LAYER"), this);
    const QString help
        = tr("The logit lens: final norm and head of what stands in the residual stream after each "
             "layer. It shows what the model would say if it stopped there. Five most likely "
             "tokens a row, darker is more likely.");
    title->setToolTip(help);
    column->addWidget(title);
    column->addWidget(m_table);
    column->addWidget(m_button, 0, Qt::AlignLeft);
    column->addWidget(m_note);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMilliseconds);
    connect(&m_rest, &QTimer::timeout, this, &LensSection::read);
    connect(m_button, &QPushButton::clicked, this, &LensSection::read);
    clear();
}

void LensSection::clear()
{
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
