// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QtCore/QTemporaryDir>

#include "core/base/random.h"
#include "core/model/open_model.h"
#include "core/runtime/generate.h"
#include "core/runtime/kernels.h"
#include "core/task/worker_pool.h"
#include "core/tensor/linear.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"
#include "tests/support/reference_forward.h"

using namespace moescope;

namespace {

struct Recorded : ForwardObserver {
    bool attention = false;
    bool expertOutputs = false;
    std::map<std::uint32_t, std::vector<float>> logits;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<float>> hidden, routerInput,
        attentionOutput, mlpOutput, routerLogits, weights, expertSum;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::int32_t>> ids;
    std::vector<std::vector<float>> probabilities;

    static std::vector<float> copy(std::span<const float> x) { return {x.begin(), x.end()}; }
    void onHidden(std::uint32_t l, std::uint32_t p, std::span<const float> x) override
    {
        hidden[{l, p}] = copy(x);
    }
    bool wantsAttention() const override { return attention; }
    void onAttention(LayerId, std::uint32_t, std::uint32_t, std::span<const float> x) override
    {
        probabilities.push_back(copy(x));
    }
    void onAttentionOutput(LayerId l, std::uint32_t p, std::span<const float> x) override
    {
        attentionOutput[{l.value, p}] = copy(x);
    }
    void onRouterInput(LayerId l, std::uint32_t p, std::span<const float> x) override
    {
        routerInput[{l.value, p}] = copy(x);
    }
    void onRouting(LayerId l, std::uint32_t p, const Routing& routing) override
    {
        routerLogits[{l.value, p}] = copy(routing.logits);
        weights[{l.value, p}] = copy(routing.weights);
        ids[{l.value, p}] = {routing.ids.begin(), routing.ids.end()};
    }
    bool wantsExpertOutputs() const override { return expertOutputs; }
    void onExpertOutput(
        LayerId l, std::uint32_t p, ExpertId, float w, std::span<const float> x) override
    {
        auto& sum = expertSum[{l.value, p}];
        sum.resize(x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            sum[i] += w * x[i];
    }
    void onMlpOutput(LayerId l, std::uint32_t p, std::span<const float> x) override
    {
        mlpOutput[{l.value, p}] = copy(x);
    }
    void onLogits(std::uint32_t p, std::span<const float> x) override { logits[p] = copy(x); }
};

std::vector<float> toFloat(const std::vector<double>& x)
{
    return {x.begin(), x.end()};
}

std::vector<std::int32_t> someIds(std::size_t count, std::uint32_t vocabulary, std::uint64_t seed)
{
    Random random(seed);
    std::vector<std::int32_t> ids(count);
    for (auto& id : ids)
        id = static_cast<std::int32_t>(random.below(vocabulary));
    return ids;
}

Status runAll(const MoeModel& model, const std::vector<std::int32_t>& ids,
    const Interventions& interventions, Recorded& recorded,
    std::vector<std::uint32_t> positions = {})
{
    TaskContext context;
    KvCache cache(model.config());
    ForwardSpec spec;
    spec.logits = LogitsWanted::All;
    spec.interventions = interventions;
    spec.positions = std::move(positions);
    return forward(model, cache, ids, spec, &recorded, context);
}

} // namespace

class TestRuntime : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_models = 0;

    std::shared_ptr<const MoeModel> make(const test::ModelSpec& spec)
    {
        const std::filesystem::path path
            = m_folder.filePath(QStringLiteral("m%1").arg(m_models++)).toStdString();
        if (!test::writeModel(path, spec))
            return nullptr;
        const auto open = openModel(path);
        return open ? (*open)->model : nullptr;
    }

private slots:
    void productsMatchTheReference()
    {
        Random random(7);
        for (const std::size_t cols : {1U, 3U, 8U, 31U, 64U, 131U}) {
            for (const std::size_t rows : {1U, 2U, 5U, 33U}) {
                for (const std::size_t n : {1U, 2U, 3U, 9U}) {
                    std::vector<float> w(rows * cols);
                    std::vector<float> x(n * cols);
                    for (auto& value : w)
                        value = static_cast<float>(random.normal());
                    for (auto& value : x)
                        value = static_cast<float>(random.normal());
                    const auto view = MatrixView::rowMajor(
                        DType::F32, rows, cols, reinterpret_cast<const std::byte*>(w.data()));
                    std::vector<float> fast(n * rows);
                    std::vector<float> slow(n * rows);
                    WorkerPool pool(3);
                    multiply(view, x, n, fast, &pool);
                    multiplyReference(view, x, n, slow);
                    VERIFY_CLOSE(fast, slow, 1e-6 * static_cast<double>(cols));
                    std::vector<float> alone(rows);
                    multiply(view, std::span(x).subspan((n - 1) * cols), 1, alone, nullptr);
                    QVERIFY(std::equal(alone.begin(), alone.end(),
                        fast.end() - static_cast<std::ptrdiff_t>(rows)));
                }
            }
        }
    }

    void ropeMatchesPublishedVectors()
    {
        RopeSpec spec;
        spec.width = 4;
        spec.frequencies = {1.0F, 0.01F};
        const auto rotated = [&](std::vector<float> x) {
            const RopeTable table(spec, 4);
            table.rotate(x, table.at(3));
            return x;
        };
        std::vector<float> x = rotated({1, 2, 3, 4});
        VERIFY_CLOSE(
            x, (std::vector<float>{-1.4133525F, 1.8791181F, -2.8288574F, 4.0581913F}), 1e-6);
        spec.pairing = RopeSpec::Pairing::Interleaved;
        x = rotated({1, 2, 3, 4});
        VERIFY_CLOSE(
            x, (std::vector<float>{-1.2722325F, -1.8388650F, 2.8786681F, 4.0881867F}), 1e-6);
    }

    void otherShapesMatchTheReference_data()
    {
        QTest::addColumn<int>("variant");
        for (int i = 0; i < 8; ++i)
            QTest::addRow("variant %d", i) << i;
    }

    void otherShapesMatchTheReference()
    {
        QFETCH(int, variant);
        using Family = test::ModelSpec::Family;
        test::ModelSpec spec = test::tinyModel(variant % 2 ? Family::Mixtral : Family::Olmoe);
        spec.seed = static_cast<std::uint64_t>(100 + variant);
        switch (variant) {
        case 2:
            spec = test::manyExpertsModel(Family::Olmoe);
            spec.normTopk = true;
            break;
        case 3:
            spec = test::manyExpertsModel(Family::Mixtral);
            break;
        case 4:
            spec.clipQkv = 0.4;
            spec.tiedEmbeddings = true;
            spec.intermediate = 13;
            break;
        case 5:
            spec.heads = 4;
            spec.kvHeads = 1;
            spec.slidingWindow = 3;
            break;
        case 6:
            spec.dtype = DType::BF16;
            spec.hidden = 36;
            spec.heads = 3;
            spec.kvHeads = 3;
            spec.topK = 4;
            break;
        case 7:
            spec.dtype = DType::F16;
            spec.shards = 3;
            spec.topK = 1;
            spec.ropeTheta = 500;
            break;
        default:
            break;
        }
        const auto model = make(spec);
        QVERIFY(model);
        const auto ids = someIds(19, spec.vocabulary, spec.seed);
        std::vector<std::uint32_t> positions;
        for (std::uint32_t t = 0; t < ids.size(); ++t)
            positions.push_back(variant == 1 ? 5 + 2 * t : t);
        Recorded recorded;
        recorded.expertOutputs = true;
        VERIFY_OK(runAll(*model, ids, {}, recorded, positions));
        const auto reference = test::referenceForward(*model, ids, positions);
        for (std::uint32_t t = 0; t < ids.size(); ++t) {
            VERIFY_CLOSE(recorded.logits[t], toFloat(reference.logits[t]), 2e-4);
            for (std::uint32_t l = 0; l < spec.layers; ++l) {
                QCOMPARE((recorded.ids[{l, t}]), reference.ids[l][t]);
                VERIFY_CLOSE(
                    (recorded.routerLogits[{l, t}]), toFloat(reference.routerLogits[l][t]), 1e-4);
                VERIFY_CLOSE((recorded.weights[{l, t}]), toFloat(reference.weights[l][t]), 1e-5);
                VERIFY_CLOSE(
                    (recorded.hidden[{l + 1, t}]), toFloat(reference.hidden[l + 1][t]), 1e-4);
                // The parts add up to what they are parts of.
                QVERIFY((recorded.expertSum[{l, t}] == recorded.mlpOutput[{l, t}]));
                std::vector<float> sum = recorded.hidden[{l, t}];
                for (std::size_t i = 0; i < sum.size(); ++i)
                    sum[i] = sum[i] + recorded.attentionOutput[{l, t}][i]
                        + recorded.mlpOutput[{l, t}][i];
                VERIFY_CLOSE(sum, (recorded.hidden[{l + 1, t}]), 1e-5);
            }
        }
    }

    void attentionIsCausalAndNormalised()
    {
        auto spec = test::tinyModel(test::ModelSpec::Family::Mixtral);
        spec.slidingWindow = 4;
        const auto model = make(spec);
        QVERIFY(model);
        Recorded recorded;
        recorded.attention = true;
        VERIFY_OK(runAll(*model, someIds(11, spec.vocabulary, 3), {}, recorded));
        QCOMPARE(recorded.probabilities.size(), std::size_t{11} * spec.heads * spec.layers);
        for (const auto& row : recorded.probabilities) {
            double sum = 0;
            for (std::size_t j = 0; j < row.size(); ++j) {
                sum += static_cast<double>(row[j]);
                if (j + 4 < row.size())
                    QCOMPARE(row[j], 0.0F);
            }
            QVERIFY(std::abs(sum - 1) < 1e-5);
        }
    }

    void laterTokensChangeNoEarlierRow()
    {
        const auto model = make(test::tinyModel(test::ModelSpec::Family::Olmoe));
        const auto ids = someIds(12, 32, 5);
        Recorded all;
        Recorded shorter;
        VERIFY_OK(runAll(*model, ids, {}, all));
        VERIFY_OK(runAll(*model, {ids.begin(), ids.end() - 1}, {}, shorter));
        for (const auto& [key, values] : shorter.routerLogits)
            QVERIFY(all.routerLogits[key] == values);
    }

    void interventionsChangeWhatTheySay()
    {
        const auto model = make(test::tinyModel(test::ModelSpec::Family::Olmoe));
        const auto ids = someIds(9, 32, 11);
        Recorded plain;
        VERIFY_OK(runAll(*model, ids, {}, plain));

        Interventions one;
        one.topK = 1;
        Recorded narrow;
        VERIFY_OK(runAll(*model, ids, one, narrow));
        for (std::uint32_t t = 0; t < ids.size(); ++t) {
            QCOMPARE((narrow.ids[{0, t}].size()), std::size_t{1});
            QCOMPARE((narrow.ids[{0, t}][0]), (plain.ids[{0, t}][0]));
        }

        Interventions masked;
        masked.masked = {{LayerId(0), ExpertId(static_cast<std::uint32_t>(plain.ids[{0, 0}][0]))}};
        Recorded without;
        VERIFY_OK(runAll(*model, ids, masked, without));
        for (std::uint32_t t = 0; t < ids.size(); ++t) {
            const auto& list = without.ids[{0, t}];
            QVERIFY(std::ranges::find(list, plain.ids[{0, 0}][0]) == list.end());
            QVERIFY((without.routerLogits[{0, t}] == plain.routerLogits[{0, t}]));
        }
        QVERIFY(without.logits[8] != plain.logits[8]);

        Interventions forced;
        forced.forced = {{LayerId(1), ExpertId(3)}};
        Recorded with;
        VERIFY_OK(runAll(*model, ids, forced, with));
        for (std::uint32_t t = 0; t < ids.size(); ++t) {
            const auto& list = with.ids[{1, t}];
            QVERIFY(std::ranges::find(list, 3) != list.end());
            QCOMPARE(list.size(), std::size_t{2});
        }

        // The only visible key of token 0 is itself: without its value the attention output is
        // zero.
        Interventions zeroed;
        zeroed.zeroedValues = {{LayerId(0), 0}};
        Recorded blind;
        VERIFY_OK(runAll(*model, ids, zeroed, blind));
        for (const float value : blind.attentionOutput[{0, 0}])
            QCOMPARE(value, 0.0F);

        Interventions removed;
        removed.removed = {{LayerId(0), Interventions::Component::Mlp},
            {LayerId(1), Interventions::Component::Attention},
            {LayerId(1), Interventions::Component::Mlp},
            {LayerId(0), Interventions::Component::Attention}};
        Recorded bare;
        VERIFY_OK(runAll(*model, ids, removed, bare));
        QVERIFY((bare.hidden[{2, 4}] == bare.hidden[{0, 4}]));

        Interventions noisy;
        noisy.embeddingNoise = 0.5;
        Recorded a;
        Recorded b;
        VERIFY_OK(runAll(*model, ids, noisy, a));
        VERIFY_OK(runAll(*model, ids, noisy, b));
        QVERIFY((a.hidden[{0, 3}] == b.hidden[{0, 3}]));
        QVERIFY((a.hidden[{0, 3}] != plain.hidden[{0, 3}]));
    }

    void badInputIsRefusedAndLeavesTheCache()
    {
        const auto model = make(test::tinyModel(test::ModelSpec::Family::Olmoe));
        TaskContext context;
        KvCache cache(model->config());
        const auto ids = someIds(6, 32, 1);
        VERIFY_OK(forward(*model, cache, ids, {}, nullptr, context));
        const auto keys = cache.layers()[0].keys;
        const auto refused = [&](const std::vector<std::int32_t>& list, const ForwardSpec& spec) {
            const auto status = forward(*model, cache, list, spec, nullptr, context);
            return !status && status.error().code == ErrorCode::InvalidArgument
                && cache.length() == 6 && cache.layers()[0].keys == keys;
        };
        QVERIFY(refused({}, {}));
        QVERIFY(refused({32}, {}));
        QVERIFY(refused({-1}, {}));
        ForwardSpec spec;
        spec.positions = {4, 4};
        QVERIFY(refused({1, 2}, spec));
        spec.positions = {4};
        QVERIFY(refused({1, 2}, spec));
        spec = {};
        spec.interventions.topK = 5;
        QVERIFY(refused({1}, spec));
        spec.interventions = {};
        spec.interventions.masked
            = {{LayerId(0), ExpertId(0)}, {LayerId(0), ExpertId(1)}, {LayerId(0), ExpertId(2)}};
        QVERIFY(refused({1}, spec));
        spec.interventions = {};
        spec.interventions.forced = {{LayerId(0), ExpertId(9)}};
        QVERIFY(refused({1}, spec));
        spec.interventions = {};
        spec.interventions.removed = {{LayerId(7), Interventions::Component::Mlp}};
        QVERIFY(refused({1}, spec));

        TaskContext poor;
        poor.setMemoryLimit(100);
        const auto status = forward(*model, cache, ids, {}, nullptr, poor);
        QVERIFY(!status && status.error().code == ErrorCode::OutOfMemory);
    }

    void cancelStopsWithinALayerAndRestoresTheCache()
    {
        const auto model = make(test::tinyModel(test::ModelSpec::Family::Olmoe));
        WorkerPool pool(1);
        std::stop_source source;
        TaskContext context(pool, source.get_token());
        int calls = 0;
        context.setProgressSink([&](double, std::string_view) {
            ++calls;
            source.request_stop();
        });
        KvCache cache(model->config());
        const auto status = forward(*model, cache, someIds(6, 32, 1), {}, nullptr, context);
        QVERIFY(!status);
        QCOMPARE(status.error().code, ErrorCode::Cancelled);
        QVERIFY(calls <= 2);
        QCOMPARE(cache.length(), 0U);
        QVERIFY(cache.layers()[0].keys.empty());
    }

    void samplingFollowsTheDistribution()
    {
        const std::vector<float> logits = {1.0F, 3.0F, 3.0F, 0.0F};
        QCOMPARE(sampleToken(logits, 0, 0.9), 1);
        std::vector<int> hits(4, 0);
        Random random(3);
        constexpr int n = 40000;
        for (int i = 0; i < n; ++i)
            ++hits[static_cast<std::size_t>(sampleToken(logits, 2.0, random.uniform()))];
        double total = 0;
        for (const float z : logits)
            total += std::exp(static_cast<double>(z) / 2);
        for (std::size_t i = 0; i < 4; ++i) {
            const double p = std::exp(static_cast<double>(logits[i]) / 2) / total;
            QVERIFY(
                std::abs(hits[i] / static_cast<double>(n) - p) < 5 * std::sqrt(p * (1 - p) / n));
        }
        QCOMPARE(sampleToken(logits, 1.0, 0.0), 0);
    }

    void generationIsSeededAndStops()
    {
        const auto model = make(test::tinyModel(test::ModelSpec::Family::Olmoe));
        const auto ids = someIds(4, 32, 2);
        TaskContext context;
        const auto run = [&](std::uint64_t seed, const std::function<bool(std::int32_t)>& onToken) {
            KvCache cache(model->config());
            GenerateSpec spec;
            spec.maxTokens = 12;
            spec.temperature = 1.5;
            spec.seed = seed;
            spec.ignoreEnd = true;
            return generate(*model, cache, ids, spec, nullptr, onToken, context);
        };
        const auto a = run(1, {});
        VERIFY_OK(a);
        QCOMPARE(a->size(), std::size_t{12});
        QCOMPARE(*run(1, {}), *a);
        QVERIFY(*run(2, {}) != *a);
        int seen = 0;
        const auto stopped = run(1, [&](std::int32_t) { return ++seen < 3; });
        QCOMPARE(stopped->size(), std::size_t{3});
    }
};

QTEST_APPLESS_MAIN(TestRuntime)
#include "tst_runtime.moc"
