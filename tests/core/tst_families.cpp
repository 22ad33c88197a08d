// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "core/runtime/generate.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"
#include "tests/support/recorder.h"

using namespace moescope;

using test::Mode;
using test::Recorder;

class TestFamilies : public QObject {
    Q_OBJECT

private slots:
    void matchesTheReference_data()
    {
        QTest::addColumn<QString>("folder");
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : std::filesystem::directory_iterator(test::fixtures() / "families"))
            folders.push_back(entry.path());
        QVERIFY(folders.size() >= 5);
        std::ranges::sort(folders);
        for (const auto& folder : folders)
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
    }

    void matchesTheReference()
    {
        QFETCH(QString, folder);
        const std::filesystem::path path = folder.toStdString();
        const auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        const auto open = openModel(path);
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        for (std::size_t p = 0; p < expected->prompts(); ++p) {
            const auto ids = expected->prompt(p);
            const auto whole = test::run(model, ids, Mode::Prefill, 1);
            VERIFY_OK(whole);
            const auto outcome = expected->compare(p, *whole);
            QVERIFY2(outcome.problem.empty(), outcome.problem.c_str());
            // logits, hidden states around every layer, three tensors for each router
            const auto routedHeads = std::ranges::count(
                model.config().layers, LayerSpec::Mixer::RoutedHeads, &LayerSpec::mixer);
            QCOMPARE(outcome.compared,
                2 + model.config().layerCount()
                    + 3 * (model.mixtureLayers().size() + static_cast<std::size_t>(routedHeads)));

            // Any way of cutting the prompt and any number of threads give the same bits.
            for (const Mode mode : {Mode::TokenByToken, Mode::SmallChunks}) {
                const auto other = test::run(model, ids, mode, 3);
                VERIFY_OK(other);
                QCOMPARE(other->values.size(), whole->values.size());
                for (const auto& [name, values] : whole->values)
                    QVERIFY2(other->values.at(name) == values, name.c_str());
                QVERIFY(other->ids == whole->ids);
            }
        }
    }

    void continuesGreedily_data() { matchesTheReference_data(); }

    void continuesGreedily()
    {
        QFETCH(QString, folder);
        const std::filesystem::path path = folder.toStdString();
        const auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        const auto open = openModel(path);
        VERIFY_OK(open);
        const Json& greedy = expected->json()["greedy"];
        const auto prompt = expected->promptNamed(greedy["prompt"]);
        const auto wanted = greedy["ids"].get<std::vector<std::int32_t>>();
        TaskContext context;
        KvCache cache((*open)->model->config());
        GenerateSpec spec;
        spec.maxTokens = static_cast<std::uint32_t>(wanted.size());
        spec.ignoreEnd = true;
        const auto produced = generate(*(*open)->model, cache, prompt, spec, nullptr, {}, context);
        VERIFY_OK(produced);
        QCOMPARE(*produced, wanted);
    }

    void zeroedValuesSilenceTheFirstToken_data() { matchesTheReference_data(); }

    /// The first token sees itself alone: without its value a block's first half adds its bias.
    void zeroedValuesSilenceTheFirstToken()
    {
        QFETCH(QString, folder);
        const auto open = openModel(folder.toStdString());
        VERIFY_OK(open);
        const MoeModel& model = *(*open)->model;
        struct First : ForwardObserver {
            std::map<std::uint32_t, std::vector<float>> outputs;
            void onAttentionOutput(
                LayerId layer, std::uint32_t position, std::span<const float> output) override
            {
                if (position == 0)
                    outputs[layer.value] = {output.begin(), output.end()};
            }
        } first;
        ForwardSpec spec;
        for (std::uint32_t l = 0; l < model.config().layerCount(); ++l)
            spec.interventions.zeroedValues.push_back({LayerId(l), 0});
        TaskContext context;
        KvCache cache(model.config());
        VERIFY_OK(forward(model, cache, std::vector{1, 2, 3}, spec, &first, context));
        QCOMPARE(first.outputs.size(), std::size_t{model.config().layerCount()});
        for (const auto& [l, output] : first.outputs) {
            const LayerTensors& layer = model.layer(LayerId(l));
            std::vector<float> bias
                = layer.routedHeads ? layer.routedHeads->outputBias : layer.oBias;
            bias.resize(output.size());
            QVERIFY(output == bias);
        }
    }

    void aCancelledPassLeavesNoTrace_data() { matchesTheReference_data(); }

    void aCancelledPassLeavesNoTrace()
    {
        QFETCH(QString, folder);
        const auto open = openModel(folder.toStdString());
        VERIFY_OK(open);
        const MoeModel& model = *(*open)->model;
        const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5, 9, 2, 6};
        const auto run = [&](bool cancelled) {
            Recorder recorder;
            TaskContext context;
            KvCache cache(model.config());
            const std::span<const std::int32_t> all(ids);
            if (!forward(model, cache, all.first(4), {}, nullptr, context))
                return recorder;
            if (cancelled) {
                std::stop_source source;
                WorkerPool pool(1);
                TaskContext stopped(pool, source.get_token());
                stopped.setProgressSink([&](double done, std::string_view) {
                    if (done > 0.4)
                        source.request_stop();
                });
                if (forward(model, cache, all.subspan(4), {}, nullptr, stopped))
                    return recorder;
            }
            if (forward(model, cache, all.subspan(4), {}, &recorder, context))
                recorder.ids["done"] = {1};
            return recorder;
        };
        const Recorder plain = run(false);
        const Recorder again = run(true);
        QVERIFY(plain.ids.contains("done"));
        QVERIFY(plain.ids == again.ids);
        QVERIFY(plain.values == again.values);
    }

    void samplesReachTheirHeldOutLoss_data()
    {
        QTest::addColumn<QString>("sample");
        for (const char* name : {"native", "upcycled", "dense_parent"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }

    void samplesReachTheirHeldOutLoss()
    {
        QFETCH(QString, sample);
        const auto folder = test::resources() / "samples" / sample.toStdString();
        const auto heldout = readJsonFile(folder / "heldout.json");
        VERIFY_OK(heldout);
        const auto open = openModel(folder);
        VERIFY_OK(open);

        struct Loss : ForwardObserver {
            std::vector<std::int32_t> ids;
            double sum = 0;
            std::size_t count = 0;
            void onLogits(std::uint32_t position, std::span<const float> logits) override
            {
                if (position + 1 >= ids.size())
                    return;
                const double largest = *std::ranges::max_element(logits);
                double total = 0;
                for (const float z : logits)
                    total += std::exp(z - largest);
                sum += largest + std::log(total)
                    - logits[static_cast<std::size_t>(ids[position + 1])];
                ++count;
            }
        } loss;
        WorkerPool pool;
        TaskContext context(pool);
        for (const Json& segment : (*heldout)["segments"]) {
            loss.ids = segment.get<std::vector<std::int32_t>>();
            KvCache cache((*open)->model->config());
            ForwardSpec spec;
            spec.logits = LogitsWanted::All;
            VERIFY_OK(forward(*(*open)->model, cache, loss.ids, spec, &loss, context));
        }
        QCOMPARE(loss.count, std::size_t{40 * 191});
        const double measured = loss.sum / static_cast<double>(loss.count);
        const double published = (*heldout)["nll"];
        QVERIFY2(std::abs(measured - published) < 2e-5,
            qPrintable(QStringLiteral("%1 against %2")
                           .arg(measured, 0, 'f', 7)
                           .arg(published, 0, 'f', 7)));
    }
};

QTEST_APPLESS_MAIN(TestFamilies)
#include "tst_families.moc"
