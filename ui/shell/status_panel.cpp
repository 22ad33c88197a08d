// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/status_panel.h"

#include <algorithm>
#include <cmath>

#include <QGuiApplication>
#include <QHBoxLayout>
#include <QProgressBar>
#include <QToolButton>

#include "core/bench/machine.h"
#include "core/experiments/explore.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/explore_controller.h"
#include "ui/session/session.h"
#include "ui/shell/icons.h"
#include "ui/shell/model_facts.h"
#include "ui/style/elided_label.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

/// Shorter jobs would only flicker.
constexpr double kShownAfterSeconds = 0.25;
constexpr int kBarSteps = 1000;
constexpr std::size_t kReadBuffer = std::size_t{64} << 20;

/// Pictures of the window are to be the same every time.
bool isSeen()
{
    return QGuiApplication::platformName() != QLatin1String("offscreen");
}

QString jobLine(const JobInfo& job)
{
    QString line = job.title;
    if (job.stopping)
        return line + StatusPanel::tr(", stopping");
    if (job.waiting)
        return line + StatusPanel::tr(", waiting");
    if (!job.stage.isEmpty())
        line += QStringLiteral(", ") + job.stage;
    const QString left = timeLeftText(job);
    return left.isEmpty() ? line : line + QStringLiteral(" · ") + left;
}

QString durationText(double seconds)
{
    if (seconds < 0.0995)
        return StatusPanel::tr("%1 ms").arg(std::max(1.0, std::round(seconds * 1000)));
    return StatusPanel::tr("%1 s").arg(seconds, 0, 'f', seconds < 9.95 ? 1 : 0);
}

} // namespace

QString timeLeftText(const JobInfo& job)
{
    if (!job.secondsLeft)
        return {};
    const double seconds = *job.secondsLeft;
    if (seconds < 90)
        return StatusPanel::tr("%1 s left").arg(std::max(1.0, std::round(seconds)));
    if (seconds < 5400)
        return StatusPanel::tr("%1 min left").arg(std::round(seconds / 60));
    return StatusPanel::tr("%1 h left").arg(seconds / 3600, 0, 'f', 1);
}

StatusPanel::StatusPanel(Style& style, JobRunner& runner, const Session& session,
    const ExploreController& explore, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_runner(runner)
    , m_session(session)
    , m_explore(explore)
    , m_layout(new QHBoxLayout(this))
    , m_bar(new QProgressBar(this))
    , m_text(new ElidedLabel(this))
    , m_cancel(new QToolButton(this))
    , m_facts(new ElidedLabel(this))
{
    setObjectName(QStringLiteral("statusPanel"));
    m_bar->setObjectName(QStringLiteral("jobProgress"));
    m_bar->setTextVisible(false);
    m_bar->setRange(0, kBarSteps);
    m_bar->setAccessibleName(tr("Progress"));
    m_text->setObjectName(QStringLiteral("statusText"));
    m_cancel->setObjectName(QStringLiteral("cancelJob"));
    m_cancel->setProperty("role", QStringLiteral("flat"));
    m_cancel->setIcon(themedIcon(style, QStringLiteral("close"), IconInk::Muted));
    m_cancel->setToolTip(tr("Cancel this computation"));
    m_cancel->setAccessibleName(m_cancel->toolTip());
    m_facts->setObjectName(QStringLiteral("modelFacts"));
    m_facts->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    for (QLabel* label : {static_cast<QLabel*>(m_text), static_cast<QLabel*>(m_facts)})
        label->setProperty("role", QStringLiteral("muted"));

    m_layout->addWidget(m_bar);
    m_layout->addWidget(m_text);
    m_layout->addWidget(m_cancel);
    m_layout->addStretch(1);
    m_layout->addWidget(m_facts);

    connect(m_cancel, &QToolButton::clicked, this, [this] { m_runner.cancel(m_shownJob); });
    connect(&runner, &JobRunner::jobsChanged, this, &StatusPanel::refreshJobs);
    const auto resultChanged = [this] {
        m_note.clear();
        refreshJobs();
    };
    connect(&session, &Session::exploreChanged, this, resultChanged);
    connect(&session, &Session::modelOpened, this, &StatusPanel::refreshFacts);
    connect(&session, &Session::modelClosed, this, &StatusPanel::refreshFacts);
    if (isSeen()) // and nothing else runs that would disturb it
        connect(&runner, &JobRunner::idle, this, &StatusPanel::measureMachine);
    connect(&style, &Style::changed, this, &StatusPanel::restyle);
    restyle();
    refreshFacts();
    refreshJobs();
}

void StatusPanel::restyle()
{
    m_layout->setContentsMargins(
        m_style.pxInt(14), m_style.pxInt(2), m_style.pxInt(14), m_style.pxInt(2));
    m_layout->setSpacing(m_style.pxInt(8));
    m_bar->setFixedWidth(m_style.pxInt(140));
    m_cancel->setIconSize(QSize(m_style.pxInt(12), m_style.pxInt(12)));
    setMinimumHeight(m_style.pxInt(28));
    update();
}

void StatusPanel::setNote(const QString& note)
{
    m_note = note;
    refreshJobs();
}

QString StatusPanel::readyText() const
{
    if (!m_note.isEmpty())
        return m_note;
    const auto result = m_session.explore();
    if (!result)
        return m_session.model() ? tr("Ready") : tr("No model is open");
    std::size_t tokens = result->a.trace.tokenCount();
    double seconds = result->a.seconds;
    if (result->b) {
        tokens += result->b->trace.tokenCount();
        seconds += result->b->seconds;
    }
    return tr("Ready · %1 in %2")
        .arg(tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(tokens), durationText(seconds));
}

void StatusPanel::refreshJobs()
{
    std::vector<JobInfo> jobs = m_runner.jobs();
    std::erase_if(
        jobs, [](const JobInfo& job) { return job.waiting || job.seconds < kShownAfterSeconds; });
    const bool busy = !jobs.empty();
    m_bar->setVisible(busy);
    m_cancel->setVisible(busy);
    if (!busy) {
        m_shownJob = 0;
        m_text->setText(readyText());
        return;
    }
    // The longest-running one; the others are named in its tool tip.
    const JobInfo& job = jobs.front();
    m_shownJob = job.id;
    const bool unknown = job.fraction <= 0;
    m_bar->setRange(0, unknown ? 0 : kBarSteps);
    m_bar->setValue(static_cast<int>(job.fraction * kBarSteps));
    m_cancel->setEnabled(!job.stopping);
    QString line = jobLine(job);
    if (jobs.size() > 1)
        line += tr(" (and %1 more)").arg(jobs.size() - 1);
    m_text->setText(line);
    QStringList all;
    for (const JobInfo& other : m_runner.jobs())
        all.append(jobLine(other));
    m_bar->setToolTip(all.join(QLatin1Char('\n')));
}

void StatusPanel::measureMachine()
{
    if (std::exchange(m_measured, true))
        return;
    m_runner.start(
        {QStringLiteral("machine"), tr("Reading speed of this machine"), JobSlot::Light}, this,
        [](TaskContext& context) { return bench::measureReadBandwidth(context, kReadBuffer); },
        [this](const std::shared_ptr<const Result<bench::Figures>>& answer) {
            if (!*answer)
                return;
            m_bandwidth = (*answer)->median;
            refreshFacts();
        });
}

void StatusPanel::refreshFacts()
{
    const auto model = m_session.model();
    const QString machine = machineLine(m_bandwidth);
    m_facts->setText(model ? factsLine(*model) + QStringLiteral(" · ") + machine : machine);
    m_facts->setHelp(m_bandwidth
            ? tr("%1 GB/s: how fast the threads of this program read memory, measured on 64 MB. "
                 "Every generated token reads all weights that it uses, so it can take no less "
                 "than their size divided by this.")
                  .arg(*m_bandwidth, 0, 'f', 1)
            : QString());
}

} // namespace moescope::ui
