// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "tests/core/family_config_support.h"

using namespace moescope;
using namespace moescope::test;

/// What families take for keys that a config.json leaves out.
class TestFamilyDefaults : public QObject {
    Q_OBJECT

private slots:
    void absentKeysTakeTheDefaultsOfTheFamily_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<double>("eps");
        QTest::addColumn<double>("base");
        QTest::addColumn<int>("headDim"); // of what is rotated
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<int>("experts");
        QTest::addColumn<int>("topK");
        QTest::addColumn<int>("inner");
        QTest::addColumn<bool>("renormalise");
        const auto row = [](const char* type, double eps, double base, int headDim, int kvHeads,
                             int experts, int topK, int inner, bool renormalise) {
            QTest::newRow(type) << type << eps << base << headDim << kvHeads << experts << topK
                                << inner << renormalise;
        };
        row("deepseek_v3", 1e-6, 1e4, 64, 64, 256, 8, 2048, true);
        row("deepseek_v32", 1e-6, 1e4, 64, 64, 256, 8, 2048, true);
        row("kimi_k2", 1e-6, 1e4, 64, 64, 256, 8, 2048, true);
        row("glm4_moe_lite", 1e-5, 1e4, 64, 64, 64, 4, 1536, true);
        row("glm_moe_dsa", 1e-5, 1e4, 64, 64, 256, 8, 2048, true);
        row("glm4_moe", 1e-5, 1e4, 8, 8, 128, 8, 1408, true);
        row("solar_open", 1e-5, 1e6, 128, 8, 128, 8, 1280, true);
        row("ernie4_5_moe", 1e-5, 5e5, 16, 4, 64, 6, 1536, true);
        row("flex_olmo", 1e-6, 5e5, 16, 64, 7, 5, 11008, false);
        row("gpt_oss", 1e-5, 150000, 64, 8, 128, 4, 2880, false);
        row("granitemoe", 1e-6, 1e4, 16, 64, 8, 2, 11008, false);
        row("granitemoeshared", 1e-6, 1e4, 16, 64, 8, 2, 11008, false);
        row("hunyuan_v1_moe", 1e-5, 1e4, 16, 64, 1, 1, 11008, true);
        row("llama4", 1e-5, 5e5, 128, 8, 16, 1, 8192, false);
        row("minimax_m2", 1e-6, 5e6, 128, 8, 256, 8, 1536, true);
        row("mixtral", 1e-5, 1e6, 16, 8, 8, 2, 14336, true);
        row("olmoe", 1e-5, 1e4, 16, 64, 64, 8, 2048, false);
        row("phimoe", 1e-5, 1e6, 16, 8, 16, 2, 6400, false);
        row("qwen2_moe", 1e-6, 1e4, 16, 16, 60, 4, 1408, false);
        row("qwen3_moe", 1e-6, 1e4, 16, 4, 128, 8, 768, false);
        row("qwen3_vl_moe", 1e-6, 5e5, 16, 16, 60, 4, 1408, true);
        row("qwen3_next", 1e-6, 1e4, 64, 2, 512, 10, 512, true);
        row("qwen3_5_moe", 1e-6, 1e4, 64, 2, 256, 8, 512, true);
    }

    void absentKeysTakeTheDefaultsOfTheFamily()
    {
        QFETCH(QString, type);
        QFETCH(double, eps);
        QFETCH(double, base);
        QFETCH(int, headDim);
        QFETCH(int, kvHeads);
        QFETCH(int, experts);
        QFETCH(int, topK);
        QFETCH(int, inner);
        QFETCH(bool, renormalise);
        const Json bare = {{"hidden_size", 1024}, {"num_hidden_layers", 4},
            {"num_attention_heads", 64}, {"vocab_size", 100}};
        const auto config = read(type.toStdString(), bare);
        VERIFY_OK(config);
        QCOMPARE(config->normEps, eps);
        QCOMPARE(config->attention.rope.base, base);
        QCOMPARE(config->attention.rope.width, static_cast<std::uint32_t>(headDim));
        QCOMPARE(config->attention.kvHeads, static_cast<std::uint32_t>(kvHeads));
        QCOMPARE(config->router.experts, static_cast<std::uint32_t>(experts));
        QCOMPARE(config->router.topK, static_cast<std::uint32_t>(topK));
        QCOMPARE(config->router.renormalise, renormalise);
        QCOMPARE(config->layers.back().intermediate, static_cast<std::uint32_t>(inner));
        // A number of heads that the default does not divide has as many key/value heads.
        Json few = bare;
        few["num_attention_heads"] = 1;
        few["num_experts_per_tok"] = 1;
        if (type != "phimoe")
            QCOMPARE(read(type.toStdString(), few)->attention.kvHeads, 1U);
    }

    void absentKeysOfDeepseekTakeItsDefaults()
    {
        const Json bare = {{"hidden_size", 1024}, {"num_hidden_layers", 4},
            {"num_attention_heads", 64}, {"vocab_size", 100}, {"num_experts_per_tok", 6}};
        const auto v3 = read("deepseek_v3", bare);
        VERIFY_OK(v3);
        QCOMPARE(v3->router.scale, 2.5F);
        QCOMPARE(v3->router.groups, 8U);
        QCOMPARE(v3->router.keptGroups, 4U);
        QCOMPARE(v3->router.sharedExperts, 1U);
        QCOMPARE(v3->router.sharedIntermediate, 2048U);
        QCOMPARE(mixtures(*v3), (std::vector{0, 0, 0, 1}));
        const LatentSpec& latent = *v3->attention.latent;
        QCOMPARE(
            (std::vector{latent.queryRank, latent.rank, latent.nope, latent.rope, latent.value}),
            (std::vector{1536U, 512U, 128U, 64U, 128U}));
        const auto v2 = read("deepseek_v2", bare);
        VERIFY_OK(v2);
        QCOMPARE(v2->router.experts, 64U);
        QCOMPARE(v2->router.sharedExperts, 2U);
        QCOMPARE(v2->router.scale, 1.0F);
        QCOMPARE(v2->router.groups, 1U);
        QCOMPARE(v2->attention.latent->queryRank, 1536U);
        QCOMPARE(mixtures(*v2), (std::vector{1, 1, 1, 1}));
        const auto glm = read("glm4_moe", bare);
        VERIFY_OK(glm);
        QCOMPARE(glm->router.sharedExperts, 1U);
        QCOMPARE(glm->router.groups, 1U);
        QCOMPARE(mixtures(*glm), (std::vector{0, 1, 1, 1}));
        QCOMPARE(read("glm4_moe_lite", bare)->router.scale, 1.8F);
        QCOMPARE(read("glm4_moe_lite", bare)->attention.latent->queryRank, 768U);
        QCOMPARE(mixtures(*read("solar_open", bare)), (std::vector{1, 1, 1, 1}));
        // dots.llm1 has no numbers of experts of its own.
        VERIFY_REFUSED(read("dots1", bare), ErrorCode::BadFormat, "\"n_routed_experts\"");
        Json dots = bare;
        dots["n_routed_experts"] = 8;
        dots["sliding_window"] = 5;
        QVERIFY(!read("dots1", dots)->router.renormalise);
        QCOMPARE(read("dots1", dots)->normEps, 1e-6);
        QVERIFY(!read("dots1", dots)->layers[3].window);
        QCOMPARE(read("dots1", dots)->router.sharedExperts, 0U);

        // Null and 0 are words of their own.
        Json none = bare;
        none["n_shared_experts"] = nullptr;
        none["q_lora_rank"] = nullptr;
        none["n_group"] = nullptr;
        none["topk_group"] = nullptr;
        none["first_k_dense_replace"] = 0;
        const auto bareOnes = read("deepseek_v3", none);
        VERIFY_OK(bareOnes);
        QCOMPARE(bareOnes->router.sharedExperts, 0U);
        QCOMPARE(bareOnes->router.groups, 1U);
        QCOMPARE(bareOnes->attention.latent->queryRank, 0U);
        QCOMPARE(mixtures(*bareOnes), (std::vector{1, 1, 1, 1}));
        Json ernie = usual();
        QCOMPARE(read("ernie4_5_moe", ernie)->router.sharedExperts, 2U);
        QCOMPARE(read("ernie4_5_moe", ernie)->router.normFloor, 1e-12);
        ernie["moe_num_shared_experts"] = 0;
        ernie["moe_norm_min"] = 0.5;
        QCOMPARE(read("ernie4_5_moe", ernie)->router.sharedExperts, 0U);
        QCOMPARE(read("ernie4_5_moe", ernie)->router.normFloor, 0.5);
        QCOMPARE(read("llama", usual())->normEps, 1e-6);
        Json head = usual();
        head["head_dim"] = nullptr;
        for (const char* type : {"gpt_oss", "minimax_m2", "llama4", "qwen3_next"})
            QCOMPARE(read(type, head)->attention.headDim, 16U);
    }

    void windowsOfAbsentKeys()
    {
        Json json = usual();
        json["use_sliding_window"] = true;
        json["sliding_window"] = 5;
        const auto config = read("qwen2_moe", json);
        VERIFY_OK(config);
        QCOMPARE(config->layers[0].window, std::optional(5U));
        QVERIFY(!config->layers[1].window);
        json["sliding_window"] = nullptr;
        QVERIFY(!read("qwen2_moe", json)->layers[0].window);
        QVERIFY(!read("qwen3_moe", json)->layers[0].window);
        QVERIFY(!read("gpt_oss", json)->layers[0].window);
        json.erase("sliding_window");
        QCOMPARE(read("qwen3_moe", json)->layers[0].window, std::optional(4096U));
        QCOMPARE(read("gpt_oss", json)->layers[0].window, std::optional(128U));
    }

    void gptOssScalesItsRopeUnlessToldNotTo()
    {
        const auto rope = [](const char* key, const Json& value) {
            return readWith("gpt_oss", key, value)->attention.rope;
        };
        const RopeSpec plain = read("gpt_oss", usual())->attention.rope;
        QCOMPARE(plain.kind, std::string("yarn"));
        QVERIFY(std::abs(plain.attentionFactor - 1.34657359F) < 1e-6F);
        QVERIFY(std::abs(plain.frequencies[9] / 0.0317056962F - 1) < 1e-6F);
        QCOMPARE(rope("rope_scaling", nullptr).kind, std::string("default"));
        const RopeSpec other = rope("rope_parameters", {{"rope_theta", 9000}});
        QCOMPARE(other.kind, std::string("default"));
        QCOMPARE(other.base, 9000.0);
    }
};

QTEST_APPLESS_MAIN(TestFamilyDefaults)
#include "tst_family_defaults.moc"
