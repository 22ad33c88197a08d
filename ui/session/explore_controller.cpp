// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/explore_controller.h"

#include <utility>

#include "core/experiments/explore.h"
#include "core/runtime/runnable.h"
#include "core/semantics/lexicon.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/session.h"

namespace moescope::ui {

namespace {

constexpr double kLivelySeconds = 0.2;
constexpr int kTypingRestMilliseconds = 120;

struct Explored {
    std::shared_ptr<const Lexicon> lexicon;
    std::shared_ptr<const ExploreResult> result;
};

QString key()
{
    return QStringLiteral("explore");
}

bool isEmpty(const TraceRequest& request)
{
    return request.text.empty() && request.ids.empty();
}

} // namespace

ExploreController::ExploreController(
    Session& session, JobRunner& runner, std::filesystem::path resources, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_runner(runner)
    , m_resources(std::move(resources))
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    m_typing.setSingleShot(true);
    m_typing.setInterval(kTypingRestMilliseconds);
    connect(&m_soon, &QTimer::timeout, this, &ExploreController::run);
    connect(&m_typing, &QTimer::timeout, this,
        [this] { m_session.setPrompts(m_typedPrompt, m_typedCompare); });
    connect(&session, &Session::modelOpened, this, [this] {
        m_lively = false;
        const auto& model = m_session.model()->model;
        if (model && checkRunnable(model->config()))
            m_soon.start();
    });
    connect(&session, &Session::modelClosed, this, &ExploreController::cancel);
    connect(&session, &Session::promptChanged, this, [this] {
        // A prompt that comes with a model that cannot be run is no reason for an error.
        const auto& open = m_session.model();
        if (!open || !open->model || checkRunnable(open->model->config()))
            m_soon.start();
    });
    connect(&session.interventions(), &InterventionStack::changed, &m_soon,
        qOverload<>(&QTimer::start));
}

void ExploreController::submit(
    const TraceRequest& prompt, const std::optional<TraceRequest>& compare)
{
    m_typing.stop();
    m_session.setPrompts(prompt, compare);
    m_soon.start();
}

void ExploreController::typed(
    const TraceRequest& prompt, const std::optional<TraceRequest>& compare)
{
    m_typedPrompt = prompt;
    m_typedCompare = compare;
    if (m_lively && !isEmpty(prompt) && !(compare && isEmpty(*compare)))
        m_typing.start();
    else
        m_typing.stop();
}

void ExploreController::cancel()
{
    m_soon.stop();
    m_typing.stop();
    m_runner.cancel(key());
}

bool ExploreController::isRunning() const
{
    return m_soon.isActive() || m_runner.isRunning(key());
}

void ExploreController::run()
{
    const auto model = m_session.model();
    if (!model || !model->model)
        return;
    auto work = [model, spec = m_session.exploreSpec(), lexicon = m_lexicon,
                    resources = m_resources](TaskContext& context) -> Result<Explored> {
        Explored explored;
        explored.lexicon = lexicon;
        if (!explored.lexicon) {
            MOESCOPE_TRY(explored.lexicon, Lexicon::load(resources));
        }
        MOESCOPE_TRY(
            ExploreResult result, moescope::explore(model, *explored.lexicon, spec, context));
        explored.result = std::make_shared<const ExploreResult>(std::move(result));
        return explored;
    };
    auto done = [this, model](const std::shared_ptr<const Result<Explored>>& answer) {
        m_lastSeconds = static_cast<double>(m_clock.nsecsElapsed()) * 1e-9;
        if (answer->has_value()) {
            // The first run also reads the lexicon, so only the pass itself is counted.
            const ExploreResult& result = *(*answer)->result;
            m_lively = result.a.seconds + (result.b ? result.b->seconds : 0) < kLivelySeconds;
            m_lexicon = (*answer)->lexicon;
            if (m_session.model() == model) {
                m_session.setExplore((*answer)->result);
                m_session.publish(QStringLiteral("explore"));
            }
        } else if (answer->error().code != ErrorCode::Cancelled) {
            m_session.failExplore(answer->error());
        }
        emit runningChanged();
    };
    m_clock.start();
    m_runner.start(
        {key(), tr("Routing the prompt"), JobSlot::Light}, this, std::move(work), std::move(done));
    emit runningChanged();
}

} // namespace moescope::ui
