// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/weights_controller.h"

#include <algorithm>
#include <any>
#include <utility>

#include "ui/jobs/job_runner.h"
#include "ui/session/session.h"

namespace moescope::ui {

namespace {

constexpr std::size_t kModelsKept = 4;

QString key()
{
    return QStringLiteral("weights");
}

std::filesystem::file_time_type lastWritten(const OpenModel& open)
{
    auto newest = std::filesystem::file_time_type::min();
    for (const auto& file : open.checkpoint->files()) {
        std::error_code error;
        const auto time = std::filesystem::last_write_time(file->path(), error);
        if (!error)
            newest = std::max(newest, time);
    }
    return newest;
}

const std::vector<LayerId>& mixtureLayers(const OpenModel& open)
{
    static const std::vector<LayerId> none;
    return open.model ? open.model->mixtureLayers() : none;
}

std::shared_ptr<const MoeTypeResult> withLayer(const std::shared_ptr<const OpenModel>& model,
    const MoeTypeResult* before, const std::shared_ptr<const LayerWeights>& layer)
{
    auto next = std::make_shared<MoeTypeResult>();
    if (before)
        *next = *before;
    next->model = model;
    const auto place = std::find_if(next->layers.begin(), next->layers.end(),
        [&](const auto& other) { return other->layer >= layer->layer; });
    if (place != next->layers.end() && (*place)->layer == layer->layer)
        *place = layer;
    else
        next->layers.insert(place, layer);
    next->tests.clear();
    for (const auto& finished : next->layers)
        for (std::size_t i = 0; i < finished->projections.size(); ++i)
            next->tests.push_back(
                testOrigin(finished->layer, finished->projections[i], finished->analyses[i]));
    next->origin = combineOrigin(next->tests);
    return next;
}

} // namespace

WeightsController::WeightsController(Session& session, JobRunner& runner, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_runner(runner)
{
    connect(&session, &Session::modelOpened, this, &WeightsController::onModelOpened);
    connect(&session, &Session::modelClosed, this, [this] {
        m_runner.cancel(key());
        emit changed();
    });
}

void WeightsController::onModelOpened()
{
    m_runner.cancel(key());
    const auto model = m_session.model();
    const auto written = lastWritten(*model);
    const auto known = std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry& entry) {
        return entry.model->path == model->path && entry.written == written;
    });
    Entry entry;
    if (known != m_entries.end()) {
        entry = std::move(*known);
        m_entries.erase(known);
        if (entry.state == State::Running) // it was stopped when its model was left
            entry.state = State::NotStarted;
    }
    entry.model = model;
    entry.written = written;
    m_entries.push_front(std::move(entry));
    if (m_entries.size() > kModelsKept)
        m_entries.pop_back();
    emit changed();
}

WeightsController::Entry* WeightsController::current()
{
    return m_session.model() && !m_entries.empty() ? &m_entries.front() : nullptr;
}

const WeightsController::Entry* WeightsController::current() const
{
    return m_session.model() && !m_entries.empty() ? &m_entries.front() : nullptr;
}

WeightsController::State WeightsController::state() const
{
    return current() ? current()->state : State::NotStarted;
}

std::shared_ptr<const MoeTypeResult> WeightsController::result() const
{
    return current() ? current()->result : nullptr;
}

std::size_t WeightsController::layerCount() const
{
    return m_session.model() ? mixtureLayers(*m_session.model()).size() : 0;
}

QString WeightsController::errorMessage() const
{
    return current() ? current()->error : QString();
}

void WeightsController::ensureStarted()
{
    if (Entry* entry = current(); entry && entry->state == State::NotStarted)
        start(*entry);
}

void WeightsController::resume()
{
    Entry* entry = current();
    if (entry && entry->state != State::Running && entry->state != State::Finished)
        start(*entry);
}

void WeightsController::cancel()
{
    m_runner.cancel(key());
}

void WeightsController::start(Entry& entry)
{
    MoeTypeSpec spec;
    for (const LayerId layer : mixtureLayers(*entry.model)) {
        const bool finished = entry.result
            && std::any_of(entry.result->layers.begin(), entry.result->layers.end(),
                [&](const auto& done) { return done->layer == layer; });
        if (!finished)
            spec.layers.push_back(layer);
    }
    if (spec.layers.empty())
        return;
    entry.state = State::Running;
    entry.error.clear();
    auto work = [model = entry.model, spec](
                    TaskContext& context) { return analyseMoeType(model, spec, context); };
    // The entry is found again by its model: the user may have gone to another one meanwhile.
    const OpenModel* model = entry.model.get();
    auto done = [this, model](const auto& answer) { finish(model, *answer); };
    auto partial = [this, model](const std::any& unit) {
        if (const auto* layer = std::any_cast<std::shared_ptr<const LayerWeights>>(&unit))
            addLayer(model, *layer);
    };
    m_runner.start({key(), tr("Weights"), JobSlot::Heavy}, this, std::move(work), std::move(done),
        std::move(partial));
    emit changed();
}

void WeightsController::addLayer(
    const OpenModel* model, const std::shared_ptr<const LayerWeights>& layer)
{
    for (Entry& entry : m_entries) {
        if (entry.model.get() != model)
            continue;
        entry.result = withLayer(entry.model, entry.result.get(), layer);
        emit changed();
    }
}

void WeightsController::finish(const OpenModel* model, const Result<MoeTypeResult>& answer)
{
    const bool isCurrent = current() && current()->model.get() == model;
    for (Entry& entry : m_entries) {
        if (entry.model.get() != model)
            continue;
        if (answer) {
            entry.state = State::Finished;
            for (const auto& layer : answer->layers)
                entry.result = withLayer(entry.model, entry.result.get(), layer);
        } else if (answer.error().code == ErrorCode::Cancelled) {
            entry.state = isCurrent ? State::Cancelled : State::NotStarted;
        } else {
            entry.state = State::Failed;
            entry.error = QString::fromStdString(answer.error().message);
        }
    }
    if (!isCurrent)
        return;
    emit changed();
    if (answer)
        m_session.publish(QStringLiteral("moe-type-analyze"));
}

} // namespace moescope::ui
