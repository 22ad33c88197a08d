// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QIcon>
#include <QString>
#include <QWidget>

#include "core/report/report.h"

namespace moescope::ui {

class ExploreController;
class JobRunner;
class ModelController;
class Session;
class Style;
class TextsController;
class WeightsController;

/// What every page is built from. Outlives the pages.
struct UiContext {
    Style& style;
    Session& session;
    JobRunner& runner;
    ModelController& models;
    ExploreController& explore;
    WeightsController& weights;
    TextsController& texts;
};

/// One place of the left rail. Fills the window up to its edges, so it leaves a margin of 12 px (at
/// 100 %) itself. Pages know the session and never one another.
class Page : public QWidget {
    Q_OBJECT

public:
    using QWidget::QWidget;

    virtual QString id() const = 0; ///< "explore", as in `--page explore`
    virtual QString title() const = 0; ///< under the icon, one word
    virtual QString iconName() const = 0; ///< of resources/icons, without ".svg"
    /// Shown in the dock at the right while this page is; null = the page has none and the dock
    /// hides. Owned by the page.
    virtual QWidget* inspector() { return nullptr; }
    /// The page became the visible one: a place to start work that nobody asked for before.
    virtual void activate() { }
    /// Work that the page shows is still running or was not drawn yet.
    virtual bool isBusy() const { return false; }
    /// What an export of the page contains; nothing while there is no result. `complete` says
    /// whether it is finished.
    virtual std::optional<Report> report() const { return std::nullopt; }

signals:
    /// isBusy() or report() may answer differently now.
    void stateChanged();
};

} // namespace moescope::ui
