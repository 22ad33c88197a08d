// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <memory>

#include <QObject>
#include <QTimer>

#include "core/experiments/explore.h"

namespace moescope {
class Continuation;
}

namespace moescope::ui {

struct UiContext;

/// Continues the prompts on the screen, token by token, and lets the session's result grow with
/// them. A continuation that was stopped can be taken up again until prompt, model or changes are
/// others.
class Generation : public QObject {
    Q_OBJECT

public:
    struct Settings {
        std::uint32_t maxTokens = 32; ///< that one press of Play adds
        double temperature = 0;
        std::uint64_t seed = 1;
        double tokensPerSecond = 0; ///< shown at most; 0 = as they come
    };

    explicit Generation(const UiContext& context, QObject* parent = nullptr);
    ~Generation() override;

    const Settings& settings() const { return m_settings; }
    /// Temperature and seed hold from the next start on, speed at once.
    void setSettings(const Settings& settings);

    bool canStart() const; ///< a prompt was run
    bool isPlaying() const { return m_playing; }
    bool hasTokens() const { return m_shownTokens > 0; }
    bool isWorking() const; ///< a token is being computed
    bool hasEnded() const { return m_ended && m_queue.empty(); } ///< by the model's end token
    std::size_t shownTokens() const { return m_shownTokens; } ///< of side A

    void play();
    void step(); ///< one token more, then wait
    void stop();
    void discard(); ///< back to the bare prompt
    void keepAsPrompt();

signals:
    void changed();
    void failed(const QString& message);

private:
    void reset();
    void pump(); ///< shows or computes what is wanted next
    void compute();
    void onPartial(const std::shared_ptr<const ExploreResult>& result);
    void onDone(const Result<bool>& answer);
    void showNext();
    void onExploreChanged();
    TraceRequest grown(const ExploreResult::Side& side, const TraceRequest& from) const;

    /// A result that was computed and not shown yet, and how many tokens it is ahead of the one
    /// before it.
    struct Waiting {
        std::shared_ptr<const ExploreResult> result;
        std::uint32_t steps = 1;
    };
    std::uint32_t stepsWaiting() const;

    const UiContext& m_context;
    Settings m_settings;
    std::shared_ptr<Continuation> m_run;
    std::shared_ptr<const ExploreResult> m_base; ///< the bare prompt's result
    std::shared_ptr<const ExploreResult> m_showing; ///< ours, in the session
    std::deque<Waiting> m_queue;
    QTimer m_pace;
    std::size_t m_shownTokens = 0;
    std::uint32_t m_wanted = 0; ///< tokens still to be shown
    bool m_playing = false;
    bool m_stopping = false; ///< the running job was told to stop
    bool m_ended = false;
};

} // namespace moescope::ui
