// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <QObject>
#include <QSize>
#include <QString>

#include "ui/jobs/job_runner.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/session/weights_controller.h"
#include "ui/shell/main_window.h"
#include "ui/shell/page.h"
#include "ui/shell/settings.h"
#include "ui/style/style.h"

namespace moescope::ui {

/// What the command line asked for; empty = as it was left last time.
struct StartOptions {
    QString model;
    std::optional<QString> prompt;
    std::optional<QString> compare;
    QString texts; ///< file of a text set
    QString page;
    std::optional<std::uint32_t> layer;
    std::optional<std::uint32_t> token;
    std::optional<ThemeMode> theme; ///< for this run only
    QSize size; ///< logical pixels
};

/// Everything behind one window, put together in the order in which it depends on each other.
class Program : public QObject {
    Q_OBJECT

public:
    Program(std::filesystem::path resources, std::unique_ptr<Settings> settings);
    ~Program() override;

    /// Sets prompts, page, theme and size, and opens the first model. The window is not shown yet.
    void start(const StartOptions& options);

    UiContext& context() { return m_context; }
    MainWindow& window() { return *m_window; }

signals:
    /// The command line named a page, layer or token that is not there; one sentence.
    void startRefused(const QString& message);

private:
    void startPrompts(
        const StartOptions& options, const std::optional<Settings::LastSession>& last);
    void onFirstModel();
    void onFirstResult();
    void refuse(const QString& message);

    std::unique_ptr<Settings> m_settings;
    Style m_style;
    Session m_session;
    JobRunner m_runner;
    ModelController m_models;
    ExploreController m_explore;
    WeightsController m_weights;
    TextsController m_texts;
    UiContext m_context;
    std::unique_ptr<MainWindow> m_window;
    std::optional<std::uint32_t> m_wantedLayer;
    std::optional<std::uint32_t> m_wantedToken;
    QString m_wantedTexts;
    std::optional<QString> m_wantedPrompt;
};

} // namespace moescope::ui
