// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QStackedWidget>

#include "core/experiments/explore_grids.h"
#include "tests/support/files.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/figures/token_strip_view.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/explore/explore_page.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/session/weights_controller.h"
#include "ui/style/style.h"

namespace moescope::test {

inline constexpr int kPatience = 60000;

/// Which of the page's pictures stands in the middle.
enum Middle { kSingle, kPrompts, kChanges, kDense };

/// The Explore page over the real controllers, shown beside its inspector.
struct ExploreDesk {
    ui::Style style;
    ui::Session session;
    ui::JobRunner runner;
    ui::ModelController models{session, runner, resources()};
    ui::ExploreController explore{session, runner, resources()};
    ui::WeightsController weights{session, runner};
    ui::TextsController texts{session, runner};
    ui::UiContext context{style, session, runner, models, explore, weights, texts};
    QWidget window;
    ui::ExplorePage* page = nullptr;

    ExploreDesk()
    {
        style.setMotion(false);
        style.setMode(ui::ThemeMode::Light);
        style.applyToApplication();
        window.resize(1500, 950);
        page = new ui::ExplorePage(context, &window);
        page->setGeometry(0, 0, 1200, 950);
        page->inspector()->setParent(&window);
        page->inspector()->setGeometry(1200, 0, 300, 950);
        window.show();
    }

    bool isQuiet() const { return !page->isBusy() && !runner.isBusy() && !explore.isRunning(); }
    bool settled()
    {
        return QTest::qWaitFor([this] { return isQuiet(); }, kPatience);
    }
    bool open(const QString& what)
    {
        QSignalSpy opened(&session, &ui::Session::modelOpened);
        models.open(what);
        return (opened.count() > 0 || opened.wait(kPatience))
            && QTest::qWaitFor(
                [this] { return session.explore() || !explore.isRunning(); }, kPatience)
            && settled();
    }
    bool analyse(const char* prompt, const char* compare = nullptr)
    {
        TraceRequest first;
        first.text = prompt;
        std::optional<TraceRequest> second;
        if (compare)
            second.emplace().text = compare;
        explore.submit(first, second);
        return settled();
    }
    /// Waits for what an intervention starts.
    bool rerun() { return settled(); }

    template <typename T>
    T* find(const char* name) const
    {
        T* found = window.findChild<T*>(QLatin1String(name));
        if (!found)
            qFatal("the page has no %s", name);
        return found;
    }
    ui::RoutingGridView* grid(const char* name) const { return find<ui::RoutingGridView>(name); }
    /// A grid of one of the panels that are alike.
    ui::RoutingGridView* gridOf(const char* panel) const
    {
        return find<QWidget>(panel)->findChild<ui::RoutingGridView*>();
    }
    ui::TokenStripView* strip(const char* name = "tokensA") const
    {
        return find<ui::TokenStripView>(name);
    }
    QString label(const char* name) const { return find<QLabel>(name)->text(); }
    int middle() const { return find<QStackedWidget>("exploreMiddle")->currentIndex(); }
    const RoutingTrace& trace() const { return session.explore()->a.trace; }
    void click(const char* button) const
    {
        QTest::mouseClick(find<QPushButton>(button), Qt::LeftButton);
    }
};

} // namespace moescope::test
