// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QWidget>

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QToolButton;

namespace moescope::ui {

class ElidedLabel;
class ExploreController;
class JobRunner;
class Session;
class Style;
struct JobInfo;

/// "12 s left", "3 min left"; empty while it cannot be guessed.
QString timeLeftText(const JobInfo& job);

/// The line at the bottom: what is being computed, how far, how long and a way to stop it; else
/// what the last run was. At the right what is open and on which machine.
class StatusPanel : public QWidget {
    Q_OBJECT

public:
    StatusPanel(Style& style, JobRunner& runner, const Session& session,
        const ExploreController& explore, QWidget* parent = nullptr);

    /// How fast this machine reads memory, in a light job of some milliseconds; once.
    void measureMachine();

    /// A sentence that stands until the next job or result: "Saved to report.json".
    void setNote(const QString& note);

private:
    void refreshJobs();
    void refreshFacts();
    void restyle();
    QString readyText() const;

    Style& m_style;
    JobRunner& m_runner;
    const Session& m_session;
    const ExploreController& m_explore;
    QHBoxLayout* m_layout;
    QProgressBar* m_bar;
    ElidedLabel* m_text;
    QToolButton* m_cancel;
    ElidedLabel* m_facts;
    QString m_note;
    std::uint64_t m_shownJob = 0;
    bool m_measured = false;
    std::optional<double> m_bandwidth; ///< GB/s
};

} // namespace moescope::ui
