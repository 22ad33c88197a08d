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

bool hasMixture(const OpenModel& open)
{
    return open.model && !open.model->mixtureLayers().empty();
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

Error WeightsController::error() const
{
    return current() ? current()->error : Error{};
}

void WeightsController::ensureStarted()
{
    if (Entry* entry = current();
        entry && entry->state == State::NotStarted && hasMixture(*entry->model))
        start(*entry);
}

void WeightsController::resume()
{
    Entry* entry = current();
    if (entry && entry->state != State::Running && entry->state != State::Finished
        && hasMixture(*entry->model))
        start(*entry);
}

void WeightsController::cancel()
{
    m_runner.cancel(key());
}

void WeightsController::start(Entry& entry)
{
    entry.error = {};
    if (!entry.result) {
        auto all = resolveMoeTypeSpec(*entry.model, {});
        if (!all) {
            entry.state = State::Failed;
            entry.error = all.error();
            emit changed();
            return;
        }
        auto empty = std::make_shared<MoeTypeResult>();
        empty->model = entry.model;
        empty->spec = std::move(*all);
        entry.result = std::move(empty);
    }
    entry.state = State::Running;
    MoeTypeSpec missing = entry.result->spec;
    std::erase_if(missing.layers, [&](LayerId layer) {
        return std::any_of(entry.result->layers.begin(), entry.result->layers.end(),
            [&](const auto& finished) { return finished->layer == layer; });
    });
    if (missing.layers.empty()) { // cancelled between the last layer and the answer
        entry.state = State::Finished;
        emit changed();
        m_session.publish(QStringLiteral("moe-type-analyze"));
        return;
    }
    auto work = [model = entry.model, missing](
                    TaskContext& context) { return analyseMoeType(model, missing, context); };
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
        auto next = std::make_shared<MoeTypeResult>(*entry.result); // views may hold the old one
        moescope::addLayer(*next, layer);
        entry.result = std::move(next);
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
        } else if (answer.error().code == ErrorCode::Cancelled) {
            entry.state = isCurrent ? State::Cancelled : State::NotStarted;
        } else {
            entry.state = State::Failed;
            entry.error = answer.error();
        }
    }
    if (!isCurrent)
        return;
    emit changed();
    if (answer)
        m_session.publish(QStringLiteral("moe-type-analyze"));
}

} // namespace moescope::ui
