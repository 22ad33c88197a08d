// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/experiments/continuation.h"
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "core/runtime/generate.h"
#include "core/semantics/lexicon.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"
#include "tests/support/recorder.h"

using namespace moescope;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLimit = 16; // positions with the short frequencies
constexpr std::size_t kVocabulary = 192;
using Logits = std::vector<float>;

struct StopsAtFirstToken : ForwardObserver {
    std::stop_source stop;
    void onHidden(std::uint32_t, std::uint32_t, std::span<const float>) override
    {
        stop.request_stop();
    }
};

} // namespace

/// Sequences beyond a limit use other frequencies for all of their positions.
class TestLongrope : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_temporary;
    std::shared_ptr<const OpenModel> m_open;
    std::vector<std::int32_t> m_ids;

    const MoeModel& model() const { return *m_open->model; }
    std::span<const std::int32_t> first(std::size_t count) const
    {
        return std::span(m_ids).first(count);
    }

    /// A model with the limit, or with one set of frequencies for every length.
    Result<std::shared_ptr<const OpenModel>> openWith(const char* name, const char* only)
    {
        const fs::path source = test::fixtures() / "families" / "phimoe";
        MOESCOPE_TRY(Json json, readJsonFile(source / "config.json"));
        json["original_max_position_embeddings"] = kLimit;
        Json& rope = json["rope_scaling"];
        rope["short_mscale"] = 1.1;
        if (only) {
            for (const std::string end : {"_factor", "_mscale"}) {
                const Json value = rope[only + end];
                rope["short" + end] = value;
                rope["long" + end] = value;
            }
        }
        const fs::path folder = fs::path(m_temporary.path().toStdString()) / name;
        fs::create_directory(folder);
        fs::create_symlink(source / "model.safetensors", folder / "model.safetensors");
        std::ofstream(folder / "config.json") << json.dump();
        return openModel(folder);
    }

    /// The logits of every position, in passes of `step` tokens.
    static Logits run(
        const MoeModel& model, std::span<const std::int32_t> ids, std::size_t step = SIZE_MAX)
    {
        test::Recorder recorder;
        KvCache cache(model.config());
        TaskContext context;
        ForwardSpec spec;
        spec.logits = LogitsWanted::All;
        for (std::size_t t = 0; t < ids.size();) {
            const std::size_t count = std::min(step, ids.size() - t);
            if (!forward(model, cache, ids.subspan(t, count), spec, &recorder, context))
                return {};
            t += count;
        }
        return recorder.values["logits"];
    }
    static Logits rows(const Logits& logits, std::size_t begin, std::size_t end)
    {
        const auto at = [&](std::size_t row) {
            return logits.begin() + static_cast<std::ptrdiff_t>(row * kVocabulary);
        };
        return {at(begin), at(end)};
    }

private slots:
    void initTestCase()
    {
        const auto open = openWith("both", nullptr);
        VERIFY_OK(open);
        m_open = *open;
        for (std::int32_t i = 0; i < 24; ++i)
            m_ids.push_back(3 + 7 * i);
    }

    void theLengthChooses()
    {
        const auto shortOnly = openWith("short", "short");
        const auto longOnly = openWith("long", "long");
        VERIFY_OK(shortOnly);
        VERIFY_OK(longOnly);
        const Logits all = run(model(), m_ids);
        QCOMPARE(all.size(), 24 * kVocabulary);
        QVERIFY(all == run(*(*longOnly)->model, m_ids));
        QVERIFY(all != run(*(*shortOnly)->model, m_ids));
        QVERIFY(run(model(), first(kLimit)) == run(*(*shortOnly)->model, first(kLimit)));
        QVERIFY(run(model(), first(kLimit + 1)) == run(*(*longOnly)->model, first(kLimit + 1)));
    }

    void passesThatCrossTheLimitStartAnew_data()
    {
        QTest::addColumn<int>("step");
        for (const int step : {1, 7, 16, 20})
            QTest::addRow("%d", step) << step;
    }
    void passesThatCrossTheLimitStartAnew()
    {
        QFETCH(int, step);
        const auto size = static_cast<std::size_t>(step);
        const Logits told = run(model(), m_ids, size);
        QCOMPARE(told.size(), 24 * kVocabulary);
        for (std::size_t t = 0; t < m_ids.size(); t += size) {
            const std::size_t end = std::min(t + size, m_ids.size());
            QVERIFY(rows(told, t, end) == rows(run(model(), first(end)), t, end));
        }
    }

    /// Also when it is stopped in the middle of that, and with changes to the model.
    void aStoppedPassLeavesTheCache()
    {
        ForwardSpec spec;
        spec.interventions.zeroedValues = {{LayerId(1), 3}};
        spec.interventions.embeddingNoise = 0.01;
        KvCache cache(model().config());
        TaskContext context;
        VERIFY_OK(forward(model(), cache, first(kLimit), spec, nullptr, context));
        StopsAtFirstToken stopping;
        WorkerPool pool(1);
        TaskContext stopped(pool, stopping.stop.get_token());
        const auto rest = std::span(m_ids).subspan(kLimit);
        const auto status = forward(model(), cache, rest, spec, &stopping, stopped);
        QVERIFY(!status && status.error().code == ErrorCode::Cancelled);
        QCOMPARE(cache.length(), static_cast<std::uint32_t>(kLimit));
        test::Recorder resumed;
        VERIFY_OK(forward(model(), cache, rest, spec, &resumed, context));
        QCOMPARE(cache.length(), 24U);
        test::Recorder whole;
        KvCache other(model().config());
        VERIFY_OK(forward(model(), other, m_ids, spec, &whole, context));
        QVERIFY(resumed.values["logits"] == whole.values["logits"]);
        QVERIFY(cache.layers()[0].keys == other.layers()[0].keys);
    }

    /// The base grows with the sequence, and keys made before do with it.
    void aDynamicBaseFollowsTheLength()
    {
        const fs::path source = test::fixtures() / "families" / "qwen3_moe";
        const auto original = readJsonFile(source / "config.json");
        VERIFY_OK(original);
        const auto openWith = [&](const std::string& name, const Json& changes) {
            Json json = *original;
            json.update(changes);
            const fs::path folder = fs::path(m_temporary.path().toStdString()) / name;
            fs::create_directory(folder);
            fs::create_symlink(source / "model.safetensors", folder / "model.safetensors");
            std::ofstream(folder / "config.json") << json.dump();
            return openModel(folder);
        };
        const auto growing = openWith("growing",
            {{"max_position_embeddings", kLimit},
                {"rope_scaling", {{"rope_type", "dynamic"}, {"factor", 3.0}}}});
        const auto plain = openWith("plain", Json::object());
        // (3 * 24 / 16 - 2) to the power of 16 / (16 - 2)
        const auto raised = openWith("raised", {{"rope_theta", 1e6 * std::pow(2.5, 16.0 / 14)}});
        VERIFY_OK(growing);
        VERIFY_OK(plain);
        VERIFY_OK(raised);
        QVERIFY2((*growing)->model, (*growing)->modelError.message.c_str());
        const MoeModel& model = *(*growing)->model;
        const Logits all = run(model, m_ids);
        QVERIFY(!all.empty());
        QVERIFY(all == run(*(*raised)->model, m_ids));
        QVERIFY(all != run(*(*plain)->model, m_ids));
        QVERIFY(run(model, first(kLimit)) == run(*(*plain)->model, first(kLimit)));
        QVERIFY(run(model, first(kLimit), 5) == run(*(*plain)->model, first(kLimit)));
        for (const std::size_t step : {1U, 5U, 16U}) {
            const Logits told = run(model, m_ids, step);
            QCOMPARE(told.size(), all.size());
            QVERIFY(std::equal(told.end() - 256, told.end(), all.end() - 256));
        }
    }

    /// Every token is what one pass over the text before it says, however many are asked for.
    void generationFollowsTheTextAlone()
    {
        TaskContext context;
        std::vector<std::int32_t> text(m_ids.begin(), m_ids.begin() + 12);
        std::vector<std::int32_t> expected;
        for (int i = 0; i < 10; ++i) {
            const Logits logits = run(model(), text);
            expected.push_back(sampleToken(rows(logits, text.size() - 1, text.size()), 0, 0));
            text.push_back(expected.back());
        }
        for (const std::uint32_t tokens : {1U, 4U, 5U, 6U, 10U}) {
            KvCache cache(model().config());
            GenerateSpec spec;
            spec.maxTokens = tokens;
            spec.ignoreEnd = true;
            const auto made = generate(model(), cache, first(12), spec, nullptr, {}, context);
            VERIFY_OK(made);
            QVERIFY(*made == std::vector(expected.begin(), expected.begin() + tokens));
        }

        const auto lexicon = Lexicon::load(test::resources());
        VERIFY_OK(lexicon);
        ContinuationSpec spec;
        spec.explore.prompt.ids.assign(m_ids.begin(), m_ids.begin() + 12);
        Continuation continuation(m_open, *lexicon, spec);
        VERIFY_OK(continueBy(continuation, 10, context));
        const auto result = continuation.snapshot();
        QCOMPARE(result->a.trace.tokenCount(), std::size_t{22});
        for (std::size_t i = 0; i < expected.size(); ++i)
            QCOMPARE(result->a.trace.tokens[12 + i].id, expected[i]);
    }
};

QTEST_APPLESS_MAIN(TestLongrope)
#include "tst_longrope.moc"
