// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/model_controller.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "ui/jobs/job_runner.h"
#include "ui/session/session.h"

namespace moescope::ui {

namespace fs = std::filesystem;

namespace {

/// By name alone: the window asks this of paths whose disk may be slow or gone.
bool isSame(const fs::path& a, const fs::path& b)
{
    const auto plain = [](const fs::path& path) {
        std::error_code error;
        const fs::path normal = fs::absolute(path, error).lexically_normal();
        return normal.has_filename() ? normal : normal.parent_path();
    };
    return plain(a) == plain(b);
}

/// Empty for anything but a sample.
std::string sampleTitle(const fs::path& path, const std::vector<SampleModel>& samples)
{
    for (const SampleModel& sample : samples)
        if (isSame(sample.folder, path))
            return sample.title;
    return {};
}

} // namespace

std::string displayName(const fs::path& path, const std::vector<SampleModel>& samples)
{
    std::string title = sampleTitle(path, samples);
    return title.empty() ? modelTitle(path) : title;
}

ModelController::ModelController(
    Session& session, JobRunner& runner, fs::path resources, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_runner(runner)
    , m_resources(std::move(resources))
    , m_hubCache(defaultHubCache())
    , m_samples(listSamples(m_resources))
{
}

bool ModelController::isSample(const fs::path& path) const
{
    return std::ranges::any_of(
        m_samples, [&](const SampleModel& sample) { return isSame(sample.folder, path); });
}

void ModelController::openThen(const QString& what, std::function<void()> then)
{
    m_opening = what;
    emit openingChanged();
    auto work = [text = what.toStdString(), resources = m_resources, hub = m_hubCache,
                    samples = m_samples](
                    TaskContext& context) -> Result<std::shared_ptr<const OpenModel>> {
        MOESCOPE_CHECK(context.check());
        MOESCOPE_TRY(const fs::path path, resolveModel(text, resources, hub));
        return openModel(path, sampleTitle(path, samples));
    };
    auto done = [this, what, then = std::move(then)](const auto& answer) {
        m_opening.clear();
        if (answer->has_value()) {
            m_session.setModel(**answer);
            if (then)
                then();
        } else if (answer->error().code != ErrorCode::Cancelled) {
            m_session.failModel(what, answer->error());
        }
        emit openingChanged();
    };
    m_runner.start({QStringLiteral("open"), tr("Opening %1").arg(what), JobSlot::Open}, this,
        std::move(work), std::move(done));
}

void ModelController::setHubCache(const fs::path& folder)
{
    const fs::path chosen = folder.empty() ? defaultHubCache() : folder;
    if (m_listed && chosen == m_hubCache)
        return;
    m_hubCache = chosen;
    refreshHub();
}

void ModelController::refreshHub()
{
    m_listed = true;
    auto work = [hub = m_hubCache](
                    TaskContext&) -> Result<std::vector<HubModel>> { return listHubModels(hub); };
    auto done = [this](const auto& answer) {
        if (!answer->has_value())
            return;
        m_hubModels = **answer;
        emit hubChanged();
    };
    m_runner.start({QStringLiteral("hub"), tr("Listing the hub cache"), JobSlot::Files}, this,
        std::move(work), std::move(done));
}

} // namespace moescope::ui
