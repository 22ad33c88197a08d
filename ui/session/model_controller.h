// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/checkpoint/hub_cache.h"
#include "core/model/open_model.h"

namespace moescope::ui {

class JobRunner;
class Session;

/// Opens models for the session and knows which ones are at hand.
class ModelController : public QObject {
    Q_OBJECT

public:
    ModelController(Session& session, JobRunner& runner, std::filesystem::path resources,
        QObject* parent = nullptr);

    /// A folder, a file, a sample's id or a hub-cache name. Ends in the session's modelOpened or
    /// modelFailed.
    void open(const QString& what) { openThen(what, {}); }
    /// `then` is called behind modelOpened, unless another model was asked for meanwhile.
    void openThen(const QString& what, std::function<void()> then);
    bool isOpening() const { return !m_opening.isEmpty(); }
    /// What is being opened; empty when nothing is.
    const QString& opening() const { return m_opening; }

    const std::vector<SampleModel>& samples() const { return m_samples; }
    bool isSample(const std::filesystem::path& path) const;
    const std::filesystem::path& resources() const { return m_resources; }

    /// Empty = where the hub's own rules put it.
    void setHubCache(const std::filesystem::path& folder);
    const std::filesystem::path& hubCache() const { return m_hubCache; }
    /// As of the last refreshHub().
    const std::vector<HubModel>& hubModels() const { return m_hubModels; }
    /// Lists the cache again, in the background; ends in hubChanged().
    void refreshHub();

signals:
    void openingChanged();
    void hubChanged();

private:
    Session& m_session;
    JobRunner& m_runner;
    std::filesystem::path m_resources;
    std::filesystem::path m_hubCache;
    std::vector<SampleModel> m_samples;
    std::vector<HubModel> m_hubModels;
    bool m_listed = false; ///< the cache was listed, or is about to be
    QString m_opening;
};

/// The name to show for a model at `path`: a sample's title, a hub model's "org/name", else the
/// folder's or file's name.
std::string displayName(const std::filesystem::path& path, const std::vector<SampleModel>& samples);

} // namespace moescope::ui
