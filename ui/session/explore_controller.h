// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include "core/trace/routing_trace.h"

namespace moescope {
class Lexicon;
}

namespace moescope::ui {

class JobRunner;
class Session;

/// Keeps the session's explore result up to date: runs when a model is opened, a prompt is given or
/// an intervention changes. A newer run replaces an older one.
class ExploreController : public QObject {
    Q_OBJECT

public:
    ExploreController(Session& session, JobRunner& runner, std::filesystem::path resources,
        QObject* parent = nullptr);

    /// Enter: takes the prompts over and runs at once, changed or not.
    void submit(const TraceRequest& prompt, const std::optional<TraceRequest>& compare);
    /// While typing: runs after a short rest, and only on a model that answers quickly.
    void typed(const TraceRequest& prompt, const std::optional<TraceRequest>& compare);
    void cancel();

    bool isRunning() const;
    /// The last run of this model took under 200 ms.
    bool followsTyping() const { return m_lively; }
    /// Seconds that the last run took from start to answer; nothing before the first.
    std::optional<double> lastSeconds() const { return m_lastSeconds; }
    /// For tags outside a run; null before the first result.
    const std::shared_ptr<const Lexicon>& lexicon() const { return m_lexicon; }

signals:
    void runningChanged();

private:
    void run();

    Session& m_session;
    JobRunner& m_runner;
    std::filesystem::path m_resources;
    std::shared_ptr<const Lexicon> m_lexicon;
    QTimer m_soon; ///< gathers changes that come together
    QTimer m_typing;
    TraceRequest m_typedPrompt;
    std::optional<TraceRequest> m_typedCompare;
    QElapsedTimer m_clock;
    std::optional<double> m_lastSeconds;
    bool m_lively = false;
};

} // namespace moescope::ui
