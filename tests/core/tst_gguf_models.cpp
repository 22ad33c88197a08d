// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/model/open_model.h"
#include "core/runtime/generate.h"
#include "tests/support/files.h"
#include "tests/support/recorder.h"

using namespace moescope;
using test::Mode;

class TestGgufModels : public QObject {
    Q_OBJECT

private slots:
    void matchesTheReference_data()
    {
        QTest::addColumn<QString>("folder");
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : std::filesystem::directory_iterator(test::fixtures() / "gguf")) {
            if (std::filesystem::exists(entry.path() / "expected.json"))
                folders.push_back(entry.path());
        }
        QVERIFY(folders.size() >= 18);
        std::ranges::sort(folders);
        for (const auto& folder : folders)
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
    }

    void matchesTheReference()
    {
        QFETCH(QString, folder);
        const std::filesystem::path path = folder.toStdString();
        auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        expected->choicesAreSets();
        const auto open = openModel(path / expected->json()["file"].get<std::string>());
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        QCOMPARE(model.config().modelType, expected->json()["model_type"].get<std::string>());
        QCOMPARE(
            model.config().router.experts, expected->json()["num_experts"].get<std::uint32_t>());
        double largest = 0;
        for (std::size_t p = 0; p < expected->prompts(); ++p) {
            const auto ids = expected->prompt(p);
            const auto whole = test::run(model, ids, Mode::Prefill, 1);
            VERIFY_OK(whole);
            const auto outcome = expected->compare(p, *whole);
            QVERIFY2(outcome.problem.empty(), outcome.problem.c_str());
            largest = std::max(largest, outcome.largest);
            // logits, hidden states around every layer, three tensors for each router
            QCOMPARE(outcome.compared,
                2 + model.config().layerCount() + 3 * model.mixtureLayers().size());

            // Any way of cutting the prompt and any number of threads give the same bits.
            for (const Mode mode : {Mode::TokenByToken, Mode::SmallChunks}) {
                const auto other = test::run(model, ids, mode, 3);
                VERIFY_OK(other);
                QVERIFY(other->values == whole->values);
                QVERIFY(other->ids == whole->ids);
            }
        }
        qInfo("largest deviation: %.2f of the tolerance", largest);
    }

    void continuesGreedily_data() { matchesTheReference_data(); }

    void continuesGreedily()
    {
        QFETCH(QString, folder);
        const std::filesystem::path path = folder.toStdString();
        const auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        const auto open = openModel(path / expected->json()["file"].get<std::string>());
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const Json& greedy = expected->json()["greedy"];
        const auto wanted = greedy["ids"].get<std::vector<std::int32_t>>();
        TaskContext context;
        KvCache cache((*open)->model->config());
        GenerateSpec spec;
        spec.maxTokens = static_cast<std::uint32_t>(wanted.size());
        spec.ignoreEnd = true;
        const auto produced = generate(*(*open)->model, cache,
            expected->promptNamed(greedy["prompt"]), spec, nullptr, {}, context);
        VERIFY_OK(produced);
        QCOMPARE(*produced, wanted);
    }
};

QTEST_APPLESS_MAIN(TestGgufModels)
#include "tst_gguf_models.moc"
