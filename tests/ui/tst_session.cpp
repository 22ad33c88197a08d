// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <fstream>

#include <QSignalSpy>
#include <QTemporaryDir>

#include "core/checkpoint/recent_models.h"
#include "core/experiments/explore.h"
#include "tests/support/files.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/weights_controller.h"

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr int kPatience = 60000;

/// The session with its controllers, as the program puts them together.
struct Desk {
    Session session;
    JobRunner runner;
    ModelController models{session, runner, test::resources()};
    ExploreController explore{session, runner, test::resources()};
    WeightsController weights{session, runner};

    bool open(const QString& what)
    {
        QSignalSpy opened(&session, &Session::modelOpened);
        models.open(what);
        return opened.wait(kPatience);
    }
    bool analysed()
    {
        return QTest::qWaitFor(
            [this] { return session.explore() && !explore.isRunning(); }, kPatience);
    }
    bool openAndAnalyse(const QString& what) { return open(what) && analysed(); }
};

QString family(const char* name)
{
    return QString::fromStdString((test::fixtures() / "families" / name).string());
}

TraceRequest text(const char* prompt)
{
    TraceRequest request;
    request.text = prompt;
    return request;
}

Selection at(std::uint32_t layer)
{
    Selection selection;
    selection.layer = LayerId(layer);
    return selection;
}

} // namespace

class TestSession : public QObject {
    Q_OBJECT

private slots:
    void historyWalksBackAndForward()
    {
        SelectionHistory history;
        history.clear(at(0));
        QVERIFY(!history.canGoBack());
        history.push(at(1), false);
        history.push(at(2), false);
        QCOMPARE(history.back(), at(1));
        QCOMPARE(history.back(), at(0));
        QCOMPARE(history.forward(), at(1));
        history.push(at(5), false); // a new step drops what lay ahead
        QVERIFY(!history.canGoForward());
        QCOMPARE(history.back(), at(1));
    }

    void aGestureIsOneStep()
    {
        SelectionHistory history;
        history.clear(at(0));
        for (std::uint32_t layer = 1; layer < 8; ++layer)
            history.push(at(layer), true);
        QCOMPARE(history.current(), at(7));
        QCOMPARE(history.back(), at(0));
        history.forward();
        history.push(at(3), true);
        QCOMPARE(history.back(), at(7));
    }

    void selectionsAreSharedAndStepOut()
    {
        Session session;
        QSignalSpy changed(&session, &Session::selectionChanged);
        session.selectLayer(LayerId(3));
        session.selectToken(4);
        session.selectExpert(ExpertId(5));
        session.toggleExpert(ExpertId(9));
        QCOMPARE(session.selection().expert(), std::optional(ExpertId(9)));
        QVERIFY(session.selection().contains(ExpertId(5)));
        QCOMPARE(changed.count(), 4);
        session.toggleExpert(ExpertId(9));
        QCOMPARE(session.selection().expert(), std::optional(ExpertId(5)));
        session.selectExpert(ExpertId(5));
        QCOMPARE(changed.count(), 5); // nothing new
        QVERIFY(session.stepOut());
        QVERIFY(session.selection().experts.empty());
        QVERIFY(session.selection().tokens);
        QVERIFY(session.stepOut());
        QVERIFY(!session.selection().tokens);
        QVERIFY(!session.stepOut());
        session.goBack();
        QCOMPARE(session.selection().token(), std::optional<std::size_t>(4));
        session.selectTokens({7, 2});
        QCOMPARE(*session.selection().tokens, (TokenRange{2, 7}));
        session.selectExpert(ExpertId(1));
        session.selectLayer(LayerId(4));
        QVERIFY(session.selection().experts.empty()); // expert 1 of another layer is another expert
    }

    void hoverDoesNotTouchTheSelection()
    {
        Session session;
        QSignalSpy hovered(&session, &Session::hoverChanged);
        QSignalSpy selected(&session, &Session::selectionChanged);
        Hover hover;
        hover.token = 3;
        session.setHover(hover);
        session.setHover(hover);
        QCOMPARE(hovered.count(), 1);
        QCOMPARE(selected.count(), 0);
        QVERIFY(!session.canGoBack());
    }

    void interventionsAreUndone()
    {
        InterventionStack stack;
        QSignalSpy changed(&stack, &InterventionStack::changed);
        stack.setTopK(2);
        QVERIFY(stack.undoStack().undoText().contains(QStringLiteral("2 experts per token")));
        stack.setMasked(LayerId(3), ExpertId(5), true);
        QVERIFY(stack.isMasked(LayerId(3), ExpertId(5)));
        stack.setForced(LayerId(3), ExpertId(5), true);
        QVERIFY(!stack.isMasked(LayerId(3), ExpertId(5)));
        QVERIFY(stack.undoStack().undoText().contains(QStringLiteral("force expert 5 of layer 3")));
        stack.undoStack().undo();
        QVERIFY(stack.isMasked(LayerId(3), ExpertId(5)));
        QVERIFY(!stack.isForced(LayerId(3), ExpertId(5)));
        stack.clear();
        QVERIFY(stack.isEmpty());
        stack.undoStack().undo();
        QCOMPARE(*stack.current().topK, 2U);
        stack.undoStack().undo();
        stack.undoStack().undo();
        QVERIFY(stack.isEmpty());
        stack.undoStack().redo();
        QCOMPARE(*stack.current().topK, 2U);
        QCOMPARE(changed.count(), 9);
        stack.reset();
        QVERIFY(stack.isEmpty());
        QVERIFY(!stack.undoStack().canUndo());
    }

    void aModelIsOpenedAndItsPromptAnalysed()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        QCOMPARE(desk.session.model()->name, std::string("Native sample"));
        const ExploreResult& result = *desk.session.explore();
        QCOMPARE(result.a.trace.prompt, std::string(kDefaultPrompt));
        QVERIFY(desk.session.selection().layer.has_value());
        // The first result proposes a token to look at, without a step in the history.
        QVERIFY(desk.session.selection().token() < std::optional(result.a.trace.tokenCount()));
        QVERIFY(!desk.session.canGoBack());
        QVERIFY(desk.explore.lastSeconds() > 0);
    }

    void aPlaceIsProposedUntilSomebodyChooses()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        const auto proposed = desk.session.selection().tokens;
        QVERIFY(proposed);
        desk.session.selectExpert(ExpertId(1));
        desk.explore.submit(text("King"), std::nullopt);
        QVERIFY(desk.analysed());
        QVERIFY(
            desk.session.selection().tokens->last < desk.session.explore()->a.trace.tokenCount());
        desk.explore.submit(text(std::string(kDefaultPrompt).c_str()), std::nullopt);
        QVERIFY(desk.analysed());
        QCOMPARE(desk.session.selection().tokens, proposed); // not stuck at the short prompt's
        desk.session.stepOut(); // the expert
        desk.session.stepOut(); // the token: given up on purpose
        desk.explore.submit(text("King is"), std::nullopt);
        QVERIFY(desk.analysed());
        QVERIFY(!desk.session.selection().tokens);
    }

    void aNewPromptKeepsThePlaceOrFindsAnother()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        desk.session.selectToken(3);
        desk.explore.submit(text("The king is near the queen and the man"), std::nullopt);
        QVERIFY(desk.analysed());
        QCOMPARE(desk.session.selection().token(), std::optional<std::size_t>(3));
        desk.explore.submit(text("King"), std::nullopt);
        QVERIFY(desk.analysed());
        QVERIFY(
            desk.session.selection().tokens->last < desk.session.explore()->a.trace.tokenCount());
        desk.session.goBack(); // a place of a longer prompt is not brought back
        if (desk.session.selection().tokens)
            QVERIFY(desk.session.selection().tokens->last
                < desk.session.explore()->a.trace.tokenCount());
    }

    void twoPromptsAreCompared()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        desk.explore.submit(text("King is to queen"), text("King is near the queen"));
        QVERIFY(desk.analysed());
        QVERIFY(desk.session.explore()->b.has_value());
        QVERIFY(desk.session.explore()->comparison.has_value());
        desk.session.selectToken(1, PromptSide::B);
        desk.explore.submit(text("King is to queen"), std::nullopt);
        QVERIFY(desk.analysed());
        QCOMPARE(desk.session.selection().side, PromptSide::A);
    }

    void interventionsCompareThePromptWithItself()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        desk.session.interventions().setTopK(1);
        QVERIFY(QTest::qWaitFor([&] { return desk.session.explore()->b.has_value(); }, kPatience));
        QCOMPARE(desk.session.explore()->b->trace.k, 1U);
        QVERIFY(desk.session.explore()->a.trace.k > 1);
        desk.session.interventions().undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return !desk.session.explore()->b.has_value(); }, kPatience));
    }

    void typingIsFollowedWithoutEnter()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        if (!desk.explore.followsTyping())
            QSKIP("this machine is too busy to answer in 200 ms");
        desk.explore.typed(text("Paris"), std::nullopt);
        desk.explore.typed(text("Paris is"), std::nullopt);
        QVERIFY(QTest::qWaitFor(
            [&] { return desk.session.explore()->a.trace.prompt == "Paris is"; }, kPatience));
    }

    void aPromptThatCannotBeRunIsAnErrorWithAReason()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        const auto before = desk.session.explore();
        QSignalSpy failed(&desk.session, &Session::exploreFailed);
        TraceRequest wrong;
        wrong.ids = {1, 99999999};
        desk.explore.submit(wrong, std::nullopt);
        QVERIFY(failed.wait(kPatience));
        QVERIFY(failed.front().front().toString().contains(QStringLiteral("99999999")));
        QCOMPARE(desk.session.explore(), before); // the last good result stays
    }

    void aModelThatCannotBeOpenedLeavesTheOldOne()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        QSignalSpy failed(&desk.session, &Session::modelFailed);
        desk.models.open(QStringLiteral("no-such-model"));
        QVERIFY(failed.wait(kPatience));
        QVERIFY(failed.front().at(1).toString().contains(QStringLiteral("no-such-model")));
        QCOMPARE(desk.session.lastFailure().code, ErrorCode::NotFound);
        QCOMPARE(desk.session.model()->name, std::string("Native sample"));
        QVERIFY(!desk.models.isOpening());
    }

    void anotherModelStartsAfresh()
    {
        Desk desk;
        QVERIFY(desk.openAndAnalyse(QStringLiteral("native")));
        desk.session.interventions().setTopK(1);
        desk.session.selectToken(1);
        QSignalSpy explored(&desk.session, &Session::exploreChanged);
        QVERIFY(desk.open(QStringLiteral("upcycled")));
        QVERIFY(!desk.session.explore());
        QVERIFY(desk.session.interventions().isEmpty());
        QVERIFY(!desk.session.canGoBack());
        QVERIFY(desk.analysed());
        QCOMPARE(desk.session.explore()->model, desk.session.model());
        desk.session.closeModel();
        QVERIFY(!desk.session.model());
        QVERIFY(!desk.session.explore());
    }

    void weightsArriveLayerByLayer()
    {
        Desk desk;
        QVERIFY(desk.open(family("olmoe")));
        QCOMPARE(desk.weights.state(), WeightsController::State::NotStarted);
        std::vector<std::size_t> counts;
        connect(&desk.weights, &WeightsController::changed, this, [&] {
            if (const auto result = desk.weights.result())
                counts.push_back(result->layers.size());
        });
        QSignalSpy published(&desk.session, &Session::resultPublished);
        desk.weights.ensureStarted();
        QCOMPARE(desk.weights.state(), WeightsController::State::Running);
        QVERIFY(QTest::qWaitFor(
            [&] { return desk.weights.state() == WeightsController::State::Finished; }, kPatience));
        QVERIFY(desk.weights.result()->complete());
        QVERIFY(std::is_sorted(counts.begin(), counts.end()));
        QCOMPARE(counts.front(), 0U);
        QCOMPARE(counts.back(), desk.session.model()->model->mixtureLayers().size());
        const auto isWeights = [](const QList<QVariant>& signal) {
            return signal.front().toString() == QLatin1String("moe-type-analyze");
        };
        QCOMPARE(std::count_if(published.begin(), published.end(), isWeights), 1);

        // Coming back to the model repeats nothing.
        const auto finished = desk.weights.result();
        QVERIFY(desk.open(family("mixtral")));
        QCOMPARE(desk.weights.state(), WeightsController::State::NotStarted);
        QVERIFY(desk.open(family("olmoe")));
        QCOMPARE(desk.weights.state(), WeightsController::State::Finished);
        QCOMPARE(desk.weights.result(), finished);
    }

    void cancelledWeightsGoOnWhereTheyStopped()
    {
        Desk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        const auto seen = connect(&desk.weights, &WeightsController::changed, this, [&] {
            if (const auto result = desk.weights.result(); result && result->layers.size() == 1)
                desk.weights.cancel();
        });
        desk.weights.ensureStarted();
        QVERIFY(QTest::qWaitFor(
            [&] { return desk.weights.state() == WeightsController::State::Cancelled; },
            kPatience));
        disconnect(seen);
        const auto kept = desk.weights.result();
        QVERIFY(!kept->layers.empty());
        QVERIFY(!kept->complete());
        desk.weights.ensureStarted(); // a cancel is respected
        QCOMPARE(desk.weights.state(), WeightsController::State::Cancelled);
        desk.weights.resume();
        QVERIFY(QTest::qWaitFor(
            [&] { return desk.weights.state() == WeightsController::State::Finished; }, kPatience));
        QVERIFY(desk.weights.result()->complete());
        QCOMPARE(desk.weights.result()->layers.front(), kept->layers.front()); // not computed again
    }

    void modelsAreNamedAsPeopleKnowThem()
    {
        const auto samples = listSamples(test::resources());
        QVERIFY(!samples.empty());
        QCOMPARE(displayName(samples.front().folder, samples), samples.front().title);
        QCOMPARE(displayName("/x/hub/models--allenai--OLMoE-1B/snapshots/0123", samples),
            std::string("allenai/OLMoE-1B"));
        QCOMPARE(displayName("/data/My Model/", samples), std::string("My Model"));
        QCOMPARE(displayName("/data/model.safetensors", samples), std::string("model.safetensors"));
    }

    void recentModelsAreKeptInOrder()
    {
        QTemporaryDir folder;
        const std::filesystem::path base = folder.path().toStdString();
        const auto file = base / "deep" / "recent";
        QVERIFY(readRecentModels(file).empty());
        for (int i = 0; i < 15; ++i) {
            std::filesystem::create_directory(base / std::to_string(i));
            VERIFY_OK(addRecentModel(file, base / std::to_string(i)));
        }
        VERIFY_OK(addRecentModel(file, base / "5"));
        auto models = readRecentModels(file);
        QCOMPARE(models.size(), 12U);
        QCOMPARE(models.front(), base / "5");
        QCOMPARE(models[1], base / "14");
        QCOMPARE(std::count(models.begin(), models.end(), base / "5"), 1);
        // A disk that is not plugged in is no reason to forget what lies on it.
        std::filesystem::remove(base / "14");
        VERIFY_OK(addRecentModel(file, base / "5"));
        QCOMPARE(readRecentModels(file)[1], base / "14");
        QVERIFY(!addRecentModel(file, base / "a\nb"));
        std::ofstream(file) << "relative\n\n/not/there/now\n" << (base / "1").string();
        QCOMPARE(readRecentModels(file),
            (std::vector<std::filesystem::path>{"/not/there/now", base / "1"}));
    }
};

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
