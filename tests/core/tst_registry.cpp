// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "core/experiments/parameters.h"
#include "core/io/json.h"
#include "core/task/task_context.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

/// The error's sentence, or nothing.
template <typename T>
std::string complaint(const Result<T>& result)
{
    if (result)
        return {};
    return result.error().code == ErrorCode::InvalidArgument ? result.error().message
                                                             : "another kind of error";
}

bool contains(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

class TestRegistry : public QObject {
    Q_OBJECT

private slots:
    void everyExperimentIsComplete()
    {
        std::set<std::string> ids;
        for (const ExperimentInfo& info : experiments()) {
            QVERIFY(ids.insert(info.id).second);
            QCOMPARE(findExperiment(info.id), &info);
            QVERIFY(info.run && !info.title.empty() && info.question.ends_with('?'));
            std::set<std::string> names;
            for (const ParameterInfo& parameter : info.parameters) {
                QVERIFY(names.insert(parameter.name).second);
                QVERIFY(parameter.shortName.empty() || names.insert(parameter.shortName).second);
                QVERIFY(parameter.help.ends_with('.'));
                QCOMPARE(parameter.kind == ParameterInfo::Kind::Choice, !parameter.choices.empty());
            }
        }
        QVERIFY(ids.contains("explore") && ids.contains("moe-type-analyze"));
        QVERIFY(!findExperiment("nothing"));
    }

    void listsAreParsedOrRefused()
    {
        QCOMPARE(*parseCountList("0,3,7", "x"), (std::vector<std::uint32_t>{0, 3, 7}));
        QCOMPARE(*parseCountList("5 0-2", "x"), (std::vector<std::uint32_t>{5, 0, 1, 2}));
        for (const char* wrong :
            {"", ",", "a", "1-", "-1", "3-1", "1.5", "0-4000000000", "0-2000000000", "99999999999"})
            QVERIFY2(contains(complaint(parseCountList(wrong, "--layers")), "--layers"), wrong);
        QCOMPARE(*parseNumberList("0.9,1e-3", "x"), (std::vector<double>{0.9, 1e-3}));
        for (const char* wrong : {"", "x", "nan", "inf", "1..2"})
            QVERIFY2(contains(complaint(parseNumberList(wrong, "--shares")), "--shares"), wrong);
        QCOMPARE(*parseTokenIds("1,2 3"), (std::vector<std::int32_t>{1, 2, 3}));
        for (const char* wrong : {"", " ", "-1", "1;2", "2147483648", "0x1"})
            QVERIFY2(!complaint(parseTokenIds(wrong)).empty(), wrong);
    }

    void wrongParametersAreNamed()
    {
        const auto model = openModel(test::resources() / "samples/native");
        VERIFY_OK(model);
        TaskContext context;
        const ExperimentInfo* info = findExperiment("explore");
        const auto run = [&](std::map<std::string, std::string> values) {
            ExperimentInput input;
            input.model = *model;
            input.values = std::move(values);
            return complaint(info->run(input, context));
        };
        QVERIFY(contains(run({{"nonsense", "1"}}), "--nonsense"));
        QVERIFY(
            contains(run({{"prompt", "a"}, {"layer", "-1"}}), "--layer must be a whole number"));
        QVERIFY(contains(run({{"prompt", "a"}, {"register", "loud"}}), "auto, prose, code"));
        QVERIFY(contains(run({}), "no prompt"));
        QVERIFY(contains(run({{"prompt", "a"}, {"ids", "1"}}), "only one"));
        QVERIFY(contains(complaint(info->run({}, context)), "No model"));
    }

    void aCancelledExperimentGivesNoReport()
    {
        const auto model = openModel(test::resources() / "samples/upcycled");
        VERIFY_OK(model);
        std::stop_source stop;
        WorkerPool pool(1);
        TaskContext context(pool, stop.get_token());
        int calls = 0;
        int after = 0;
        context.setProgressSink([&](double, std::string_view) {
            after += stop.stop_requested() ? 1 : 0;
            if (++calls == 2)
                stop.request_stop();
        });
        ExperimentInput input;
        input.model = *model;
        input.values = {{"layers", "all"}};
        const auto report = findExperiment("moe-type-analyze")->run(input, context);
        QVERIFY(!report);
        QCOMPARE(report.error().code, ErrorCode::Cancelled);
        QVERIFY(after <= 1);
    }
};

QTEST_APPLESS_MAIN(TestRegistry)
#include "tst_registry.moc"
