// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/experiments/logit_lens.h"
#include "core/experiments/tensor_glance.h"
#include "core/model/open_model.h"
#include "core/trace/routing_trace.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::CheckpointBuilder;

namespace {

/// What goes into and comes out of every layer at one position.
struct Recorder : ForwardObserver {
    explicit Recorder(std::uint32_t token)
        : position(token)
    {
    }
    using Vector = std::vector<float>;
    static Vector copy(std::span<const float> values) { return {values.begin(), values.end()}; }
    void onHidden(std::uint32_t, std::uint32_t at, std::span<const float> values) override
    {
        if (at == position)
            hidden.push_back(copy(values));
    }
    void onAttentionOutput(LayerId, std::uint32_t at, std::span<const float> values) override
    {
        if (at == position)
            attention.push_back(copy(values));
    }
    void onRouterInput(LayerId, std::uint32_t at, std::span<const float> values) override
    {
        if (at == position)
            input.push_back(copy(values));
    }
    void onMlpOutput(LayerId, std::uint32_t at, std::span<const float> values) override
    {
        if (at == position)
            mlp.push_back(copy(values));
    }
    std::uint32_t position;
    std::vector<Vector> hidden, attention, input, mlp;
};

} // namespace

class TestInspection : public QObject {
    Q_OBJECT

private slots:
    void routerReadingsAreSharesOfItsInput()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        test::ModelSpec tiny = test::tinyModel(test::ModelSpec::Family::Olmoe);
        tiny.layers = 3;
        VERIFY_OK(test::writeModel(path, tiny));
        const auto open = openModel(path);
        VERIFY_OK(open);
        const MoeModel& model = *(*open)->model;
        LogitLensSpec spec;
        spec.ids = {3, 17, 4, 9, 3};
        spec.token = 4;
        TaskContext context;
        const auto lens = logitLens(model, spec, context);
        VERIFY_OK(lens);
        QCOMPARE(lens->readings.size(), std::size_t{3});

        Recorder seen(4);
        KvCache cache(model.config());
        VERIFY_OK(forward(model, cache, spec.ids, {}, &seen, context));
        for (std::size_t l = 0; l < 3; ++l) {
            const RouterReading& reading = lens->readings[l];
            QCOMPARE(reading.layer, LayerId(static_cast<std::uint32_t>(l)));
            // The norm multiplies element i by input / stream, whatever its weights are.
            double whole = 0, token = 0, here = 0, before = 0, mlp = 0;
            for (std::size_t i = 0; i < seen.input[l].size(); ++i) {
                const double x = seen.input[l][i];
                const double stream = double{seen.hidden[l][i]} + double{seen.attention[l][i]};
                const double along = x * x / stream;
                whole += x * x;
                token += double{seen.hidden[0][i]} * along;
                here += double{seen.attention[l][i]} * along;
                for (std::size_t earlier = 0; earlier < l; ++earlier) {
                    before += double{seen.attention[earlier][i]} * along;
                    mlp += double{seen.mlp[earlier][i]} * along;
                }
            }
            QVERIFY(std::abs(reading.token - token / whole) < 1e-4);
            QVERIFY(std::abs(reading.attentionHere - here / whole) < 1e-4);
            QVERIFY(std::abs(reading.attentionBefore - before / whole) < 1e-4);
            QVERIFY(std::abs(reading.mlpBefore - mlp / whole) < 1e-4);
            QVERIFY(std::abs(reading.token + reading.attentionHere + reading.attentionBefore
                        + reading.mlpBefore - 1)
                < 1e-9);
        }
        QCOMPARE(lens->readings[0].attentionBefore, 0.0);
        QCOMPARE(lens->readings[0].mlpBefore, 0.0);
    }

    void attentionHeadsHaveARoutingOfTheirOwn()
    {
        const auto open = openModel(test::fixtures() / "families" / "jetmoe");
        VERIFY_OK(open);
        QVERIFY((*open)->model);
        TraceRequest request;
        request.ids = {3, 7, 5, 9};
        TaskContext context;
        const auto trace = traceRouting(**open, request, context);
        VERIFY_OK(trace);
        const auto heads = attentionTrace(*trace);
        QVERIFY(heads);
        QCOMPARE(heads->layerCount(), std::size_t{(*open)->model->config().layerCount()});
        QCOMPARE(heads->tokenCount(), std::size_t{4});
        QVERIFY(heads->logits != trace->logits);
        for (std::size_t t = 0; t < heads->tokenCount(); ++t) {
            for (std::size_t l = 0; l < heads->layerCount(); ++l) {
                const auto logits = heads->logitsAt(t, l);
                const auto ids = heads->idsAt(t, l);
                // The first choice has the largest logit, and the margin is what follows the last.
                QCOMPARE(logits[static_cast<std::size_t>(ids[0])], std::ranges::max(logits));
                std::vector<float> sorted(logits.begin(), logits.end());
                std::ranges::sort(sorted, std::greater{});
                QCOMPARE(heads->marginAt(t, l), sorted[heads->k - 1] - sorted[heads->k]);
            }
        }
    }

    void otherFamiliesHaveNone()
    {
        const auto open = openModel(test::fixtures() / "families" / "olmoe");
        VERIFY_OK(open);
        TraceRequest request;
        request.ids = {3, 7};
        TaskContext context;
        const auto trace = traceRouting(**open, request, context);
        VERIFY_OK(trace);
        QVERIFY(!attentionTrace(*trace));
    }

    void aGlanceCountsWhatATensorHolds()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        CheckpointBuilder builder;
        builder.add("a", DType::F32, {2, 3}, {1, 2, 0, -3, 0, 6});
        builder.add("broken", DType::F32, {3}, {1, std::nanf(""), 3});
        builder.add("stack", DType::BF16, {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
        builder.addBytes("ids", DType::I64, {1}, std::vector<std::byte>(8));
        VERIFY_OK(builder.writeFile(path / "model.safetensors"));
        const auto checkpoint = Checkpoint::open(path / "model.safetensors");
        VERIFY_OK(checkpoint);
        TaskContext context;
        const auto a = glanceAtTensor(**checkpoint, "a", context);
        VERIFY_OK(a);
        QCOMPARE(a->rows, std::uint64_t{2});
        QCOMPARE(a->cols, std::uint64_t{3});
        QVERIFY(!a->sampled());
        QCOMPARE(a->lo, -3.0);
        QCOMPARE(a->hi, 6.0);
        QCOMPARE(a->mean, 1.0);
        QVERIFY(std::abs(a->sd - std::sqrt(50.0 / 6 - 1)) < 1e-12);
        QCOMPARE(a->zeros, std::uint64_t{2});
        QCOMPARE(a->picture, (std::vector<float>{1, 2, 0, -3, 0, 6}));

        const auto broken = glanceAtTensor(**checkpoint, "broken", context);
        VERIFY_OK(broken);
        QCOMPARE(broken->notFinite, std::uint64_t{1});
        QCOMPARE(broken->mean, 2.0);

        const auto stack = glanceAtTensor(**checkpoint, "stack", context);
        VERIFY_OK(stack);
        QCOMPARE(stack->rows, std::uint64_t{4});
        QCOMPARE(stack->picture, (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}));

        const auto ids = glanceAtTensor(**checkpoint, "ids", context);
        QVERIFY(!ids);
        QCOMPARE(ids.error().code, ErrorCode::Unsupported);
        QVERIFY(ids.error().message.find("ids") != std::string::npos);
        QVERIFY(!glanceAtTensor(**checkpoint, "nothing", context));
    }

    void largeTensorsAreSampled()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        constexpr std::size_t kRows = 3000;
        std::vector<float> values;
        for (std::size_t row = 0; row < kRows; ++row)
            values.insert(values.end(), 4, static_cast<float>(row));
        CheckpointBuilder builder;
        builder.add("long", DType::F32, {kRows, 4}, values);
        VERIFY_OK(builder.writeFile(path / "model.safetensors"));
        const auto checkpoint = Checkpoint::open(path / "model.safetensors");
        VERIFY_OK(checkpoint);
        TaskContext context;
        const auto glance = glanceAtTensor(**checkpoint, "long", context);
        VERIFY_OK(glance);
        QVERIFY(glance->sampled());
        QCOMPARE(glance->rowsRead, std::uint64_t{1024});
        QCOMPARE(glance->pictureRows.size(), std::size_t{96});
        for (std::size_t r = 0; r < glance->pictureRows.size(); ++r)
            QCOMPARE(glance->picture[r * 4], static_cast<float>(glance->pictureRows[r]));
        const Figure figure = glanceFigure(*glance, "long");
        QCOMPARE(std::get<HeatMapFigure>(figure.data).values.size(), std::size_t{96 * 4});
    }
};

QTEST_APPLESS_MAIN(TestInspection)
#include "tst_inspection.moc"
