// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/runtime/kernels.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

const std::vector<float> kLogits = {0.5F, -1.2F, 2.0F, 1.9F, -0.3F, 0.0F, 1.2F, -2.5F};
const std::vector<float> kBias = {0.0F, 0.9F, -0.3F, 0.0F, 0.2F, 0.0F, 0.1F, 0.8F};

RouterSpec ruleOf(ScoreFunction score, std::uint32_t topK = 3)
{
    RouterSpec spec;
    spec.experts = 8;
    spec.topK = topK;
    spec.score = score;
    return spec;
}

RouterChoice choose(const RouterSpec& spec, std::span<const float> logits,
    std::span<const std::int32_t> masked = {}, std::span<const std::int32_t> forced = {})
{
    const auto bias = spec.selectionBias ? std::span<const float>(kBias) : std::span<const float>();
    return chooseExperts(
        spec, logits, selectionScores(spec, logits, bias, masked, spec.topK), spec.topK, forced);
}

} // namespace

class TestRouting : public QObject {
    Q_OBJECT

private:
    struct Rule {
        const char* name;
        RouterSpec spec;
        std::vector<std::int32_t> ids;
        std::vector<float> weights;
    };

    /// One set of logits under every published rule, computed apart from this program.
    static std::vector<Rule> rules()
    {
        std::vector<Rule> all;
        RouterSpec spec = ruleOf(ScoreFunction::Softmax);
        all.push_back({"olmoe", spec, {2, 3, 6}, {0.3490691F, 0.3158508F, 0.1568469F}});
        spec.renormalise = true;
        all.push_back({"mixtral", spec, {2, 3, 6}, {0.4247788F, 0.3843558F, 0.1908654F}});
        spec.normPower = 2;
        all.push_back({"dbrx, 2-norm", spec, {2, 3, 6}, {0.7034883F, 0.6365426F, 0.3160978F}});
        all.push_back({"granite", ruleOf(ScoreFunction::SoftmaxOfChosen), {2, 3, 6},
            {0.4247788F, 0.3843558F, 0.1908654F}});
        spec = ruleOf(ScoreFunction::Sigmoid, 1);
        spec.weighsInput = true;
        all.push_back({"llama4", spec, {2}, {0.8807970F}});

        spec = ruleOf(ScoreFunction::Sigmoid);
        spec.selectionBias = true;
        all.push_back({"sigmoid + bias", spec, {1, 7, 3}, {0.2314752F, 0.0758582F, 0.8698916F}});
        spec.renormalise = true;
        spec.scale = 2.5F;
        all.push_back({"glm", spec, {1, 7, 3}, {0.4915696F, 0.1610953F, 1.8473350F}});
        spec.groups = 4;
        spec.keptGroups = 2;
        spec.groupScore = GroupScore::SumOfTwoLargest;
        all.push_back({"deepseek v3", spec, {1, 7, 6}, {0.5378851F, 0.1762736F, 1.7858412F}});
        spec = ruleOf(ScoreFunction::Softmax);
        spec.groups = 4;
        spec.keptGroups = 2;
        spec.groupScore = GroupScore::Largest;
        spec.scale = 1.7F;
        all.push_back({"deepseek v2", spec, {2, 3, 6}, {0.5934176F, 0.5369464F, 0.2666397F}});

        spec = ruleOf(ScoreFunction::Softmax);
        spec.selectionBias = true;
        spec.scale = 6.0F;
        all.push_back({"longcat", spec, {1, 7, 3}, {0.0853730F, 0.0232668F, 1.8951049F}});
        spec.scale = 1.0F;
        spec.renormalise = true;
        all.push_back({"ernie", spec, {1, 7, 3}, {0.0426067F, 0.0116117F, 0.9457816F}});
        // The three sum to 0.3339575 and are divided by one half instead.
        spec.normFloor = 0.5;
        all.push_back({"ernie, least sum", spec, {1, 7, 3}, {0.0284577F, 0.0077556F, 0.6317017F}});
        spec.normFloor = 0;
        spec.score = ScoreFunction::SqrtSoftplus;
        spec.scale = 1.5F;
        all.push_back({"deepseek v4", spec, {3, 1, 6}, {0.6798518F, 0.2442729F, 0.5758753F}});

        spec = ruleOf(ScoreFunction::SparseMixer, 2);
        spec.jitter = 0.01F;
        all.push_back({"sparsemixer 0.01", spec, {2, 3}, {1.0F, 1.0F}});
        spec.jitter = 0.05F;
        all.push_back({"sparsemixer 0.05", spec, {2, 3}, {0.5249792F, 1.0F}});
        spec.jitter = 0.2F;
        all.push_back({"sparsemixer 0.2", spec, {2, 3}, {0.4247788F, 0.6681877F}});
        return all;
    }

private slots:
    void rulesMatchPublishedVectors_data()
    {
        QTest::addColumn<std::size_t>("rule");
        const auto all = rules();
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name) << i;
    }

    void rulesMatchPublishedVectors()
    {
        QFETCH(std::size_t, rule);
        const Rule expected = rules()[rule];
        const RouterChoice choice = choose(expected.spec, kLogits);
        QCOMPARE(choice.ids, expected.ids);
        VERIFY_CLOSE(choice.weights, expected.weights, 1e-6);
    }

    void tiesGoToTheLowerId()
    {
        const std::vector<float> tied(8, 1.0F);
        for (const auto score : {ScoreFunction::Softmax, ScoreFunction::Sigmoid,
                 ScoreFunction::SoftmaxOfChosen, ScoreFunction::SqrtSoftplus})
            QCOMPARE(choose(ruleOf(score), tied).ids, (std::vector<std::int32_t>{0, 1, 2}));
    }

    void forcedExpertsTakeTheLowestPlaces()
    {
        const std::vector<std::int32_t> forced = {7};
        for (const Rule& rule : rules()) {
            if (rule.spec.topK < 2)
                continue;
            const RouterChoice choice = choose(rule.spec, kLogits, {}, forced);
            QCOMPARE(choice.ids.size(), std::size_t{rule.spec.topK});
            QVERIFY2(std::ranges::find(choice.ids, 7) != choice.ids.end(), rule.name);
        }
        const RouterChoice choice = choose(ruleOf(ScoreFunction::Softmax), kLogits, {}, forced);
        QCOMPARE(choice.ids, (std::vector<std::int32_t>{2, 3, 7}));
    }

    void maskedExpertsAreNeverChosen()
    {
        const std::vector<std::int32_t> masked = {2, 3, 1};
        for (const Rule& rule : rules()) {
            for (const std::int32_t id : choose(rule.spec, kLogits, masked).ids)
                QVERIFY2(std::ranges::find(masked, id) == masked.end(), rule.name);
        }
        // With too few experts left in the kept groups another group joins.
        RouterSpec spec = ruleOf(ScoreFunction::Softmax);
        spec.groups = 4;
        spec.keptGroups = 1;
        spec.groupScore = GroupScore::Largest;
        QCOMPARE(choose(spec, kLogits, masked).ids, (std::vector<std::int32_t>{6, 0, 7}));
    }

    void sparseMixerKeepsItsWeightsFinite()
    {
        const RouterSpec spec = ruleOf(ScoreFunction::SparseMixer, 2);
        const RouterChoice zeros = choose(spec, std::vector<float>(8, 0.0F));
        QCOMPARE(zeros.ids, (std::vector<std::int32_t>{0, 1}));
        VERIFY_CLOSE(zeros.weights, (std::vector<float>{1.0F / 8, 1.0F / 7}), 1e-6);
        // Below zero the threshold is relative to the other logit.
        const std::vector<float> negative = {-1.0F, -1.015F, -1.1F, -9, -9, -9, -9, -9};
        const RouterChoice choice = choose(spec, negative);
        QCOMPARE(choice.ids, (std::vector<std::int32_t>{0, 1}));
        VERIFY_CLOSE(choice.weights, (std::vector<float>{0.5037499F, 1.0F}), 1e-6);
    }
};

QTEST_APPLESS_MAIN(TestRouting)
#include "tst_routing.moc"
