// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/io/json.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

using namespace moescope;
namespace fs = std::filesystem;

namespace {

const std::vector<Json>& strangeValues()
{
    static const std::vector<Json> values{nullptr, 0, 1, 3, -1, 65536, 4294967296, 1e308, "x",
        Json::array(), Json::array({1, 2}), Json::object()};
    return values;
}

/// Every member of `json` and of the objects in it, as paths.
void collect(const Json& json, const Json::json_pointer& at, std::vector<Json::json_pointer>& paths)
{
    for (const auto& [key, value] : json.items()) {
        paths.push_back(at / key);
        if (value.is_object())
            collect(value, at / key, paths);
    }
}

} // namespace

class TestFamilyHostile : public QObject {
    Q_OBJECT

private slots:
    void strangeConfigsAreRefusedOrRun_data()
    {
        QTest::addColumn<QString>("folder");
        for (const auto& entry : fs::directory_iterator(test::fixtures() / "families"))
            QTest::newRow(entry.path().filename().c_str())
                << QString::fromStdString(entry.path().string());
    }

    /// Each setting is replaced by each strange value: the model either says in a sentence what is
    /// wrong, or runs.
    void strangeConfigsAreRefusedOrRun()
    {
        QFETCH(QString, folder);
        const fs::path source = folder.toStdString();
        QTemporaryDir temporary;
        const fs::path copy = temporary.path().toStdString();
        for (const auto& entry : fs::directory_iterator(source)) {
            if (entry.path().filename() != "config.json")
                fs::create_symlink(entry.path(), copy / entry.path().filename());
        }
        const auto config = readJsonFile(source / "config.json");
        VERIFY_OK(config);
        std::vector<Json::json_pointer> paths;
        collect(*config, Json::json_pointer(), paths);
        QVERIFY(paths.size() > 10);
        std::size_t refused = 0;
        std::size_t ran = 0;
        for (const auto& path : paths) {
            for (const Json& value : strangeValues()) {
                Json changed = *config;
                changed[path] = value;
                std::ofstream(copy / "config.json") << changed.dump();
                const std::string what = path.to_string() + " = " + value.dump();
                const auto open = openModel(copy);
                const Error* error = !open ? &open.error()
                    : !(*open)->model      ? &(*open)->modelError
                                           : nullptr;
                if (error) {
                    QVERIFY2(error->message.size() > 10, what.c_str());
                    QVERIFY2(error->code == ErrorCode::BadFormat
                            || error->code == ErrorCode::NotFound
                            || error->code == ErrorCode::Unsupported,
                        qPrintable(QString::fromStdString(what + ": " + error->message)));
                    ++refused;
                    continue;
                }
                const MoeModel& model = *(*open)->model;
                KvCache cache(model.config());
                TaskContext context;
                const std::vector<std::int32_t> ids{1, 2, 3};
                if (forward(model, cache, ids, {}, nullptr, context))
                    ++ran;
            }
        }
        QVERIFY(refused > paths.size());
        QVERIFY(ran > paths.size());
    }
};

QTEST_APPLESS_MAIN(TestFamilyHostile)
#include "tst_family_hostile.moc"
