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

/// Empty for anything but a sample.
std::string sampleTitle(const fs::path& path, const std::vector<SampleModel>& samples)
{
    std::error_code error;
    for (const SampleModel& sample : samples)
        if (fs::equivalent(sample.folder, path, error))
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
    return std::any_of(m_samples.begin(), m_samples.end(), [&](const SampleModel& sample) {
        std::error_code error;
        return fs::equivalent(sample.folder, path, error);
    });
}

void ModelController::open(const QString& what)
{
    m_runner.cancel(QStringLiteral("explore")); // of the model that is given up
    m_opening = what;
    emit openingChanged();
    auto work = [text = what.toStdString(), resources = m_resources, hub = m_hubCache,
                    samples = m_samples](
                    TaskContext& context) -> Result<std::shared_ptr<const OpenModel>> {
        MOESCOPE_CHECK(context.check());
        MOESCOPE_TRY(const fs::path path, resolveModel(text, resources, hub));
        return openModel(path, sampleTitle(path, samples));
    };
    auto done = [this, what](const auto& answer) {
        m_opening.clear();
        if (answer->has_value())
            m_session.setModel(**answer);
        else if (answer->error().code != ErrorCode::Cancelled)
            m_session.failModel(what, answer->error());
        emit openingChanged();
    };
    m_runner.start({QStringLiteral("open"), tr("Opening %1").arg(what), JobSlot::Light}, this,
        std::move(work), std::move(done));
}

void ModelController::setHubCache(const fs::path& folder)
{
    m_hubCache = folder.empty() ? defaultHubCache() : folder;
    refreshHub();
}

void ModelController::refreshHub()
{
    auto work = [hub = m_hubCache](
                    TaskContext&) -> Result<std::vector<HubModel>> { return listHubModels(hub); };
    auto done = [this](const auto& answer) {
        if (!answer->has_value())
            return;
        m_hubModels = **answer;
        emit hubChanged();
    };
    m_runner.start({QStringLiteral("hub"), tr("Listing the hub cache"), JobSlot::Light}, this,
        std::move(work), std::move(done));
}

} // namespace moescope::ui
