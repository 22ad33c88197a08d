// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>

#include <QObject>

#include "core/experiments/moe_type.h"

namespace moescope::ui {

class JobRunner;
class Session;

/// Analyses the expert weights of the open model. Layers are there as soon as they are finished;
/// they are kept for the models of this sitting, so that going back to one, or on after a cancel,
/// repeats nothing.
class WeightsController : public QObject {
    Q_OBJECT

public:
    enum class State : std::uint8_t { NotStarted, Running, Finished, Cancelled, Failed };

    WeightsController(Session& session, JobRunner& runner, QObject* parent = nullptr);

    /// Starts unless this model is running, finished, or was cancelled or failed. Does nothing
    /// without mixture layers.
    void ensureStarted();
    /// Goes on after a cancel or a failure.
    void resume();
    void cancel();

    State state() const;
    /// Layers finished so far, ascending, and what follows from them; its spec names all that there
    /// will be. Null before the start.
    std::shared_ptr<const MoeTypeResult> result() const;
    /// Why the state is Failed.
    Error error() const;

signals:
    /// The state, the layers or the model changed.
    void changed();

private:
    struct Entry {
        std::shared_ptr<const OpenModel> model;
        std::filesystem::file_time_type written;
        State state = State::NotStarted;
        std::shared_ptr<const MoeTypeResult> result;
        Error error;
    };
    Entry* current();
    const Entry* current() const;
    void onModelOpened();
    void start(Entry& entry);
    void addLayer(const OpenModel* model, const std::shared_ptr<const LayerWeights>& layer);
    void finish(const OpenModel* model, const Result<MoeTypeResult>& answer);

    Session& m_session;
    JobRunner& m_runner;
    std::deque<Entry> m_entries; ///< most recent first
};

} // namespace moescope::ui
