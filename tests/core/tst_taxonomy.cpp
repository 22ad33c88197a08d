// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <fstream>
#include <set>

#include <QTemporaryDir>

#include "core/experiments/moe_type.h"
#include "core/experiments/taxonomy.h"
#include "core/spectra/spectrum.h"
#include "tests/support/files.h"

using namespace moescope;

class TestTaxonomy : public QObject {
    Q_OBJECT

private slots:
    void everyModelHasItsSources()
    {
        const auto models = loadTaxonomy(test::resources());
        VERIFY_OK(models);
        QCOMPARE(models->size(), std::size_t{19});
        std::set<std::string> ids;
        for (const KnownModel& model : *models) {
            QVERIFY2(ids.insert(model.id).second, model.id.c_str());
            QVERIFY2(!model.name.empty() && !model.historySource.empty(), model.id.c_str());
            QVERIFY2(model.history == "from scratch" || model.history == "upcycled"
                    || model.history == "not disclosed",
                model.id.c_str());
            for (const PublishedValue& value : model.values) {
                QVERIFY2(!value.source.empty(), model.id.c_str());
                QVERIFY2(!value.of || !value.value || *value.value <= *value.of, model.id.c_str());
            }
        }
    }

    void aModelIsKnownByItsShape()
    {
        const auto models = loadTaxonomy(test::resources());
        VERIFY_OK(models);
        ModelConfig config;
        config.hidden = 2048;
        config.router.experts = 64;
        config.router.topK = 8;
        config.layers.resize(16);
        for (LayerSpec& layer : config.layers) {
            layer.mixture = true;
            layer.intermediate = 1024;
        }
        const KnownModel* known = findKnownModel(*models, config);
        QVERIFY(known);
        QCOMPARE(known->id, std::string("olmoe-1b-7b"));
        QCOMPARE(known->history, std::string("from scratch"));
        const auto gate = std::ranges::find(known->values, "gate", &PublishedValue::projection);
        QVERIFY(gate != known->values.end() && gate->value == 745.0 && gate->of == 1024.0);

        config.hidden = 1024;
        QVERIFY(!findKnownModel(*models, config));
        QVERIFY(!findKnownModel(*models, ModelConfig()));
    }

    /// Its shared experts are part of a model's shape.
    void sharedWidthsAreCompared()
    {
        const auto models = loadTaxonomy(test::resources());
        VERIFY_OK(models);
        for (const auto& [id, width] :
            {std::pair{"qwen1.5-moe-a2.7b", 5632U}, std::pair{"qwen2-57b-a14b", 20480U}}) {
            const auto model = std::ranges::find(*models, id, &KnownModel::id);
            QVERIFY(model != models->end());
            QCOMPARE(model->sharedWidth, width);
            ModelConfig config;
            config.hidden = model->hidden;
            config.router.experts = model->experts;
            config.router.topK = model->topK;
            config.router.sharedIntermediate = width;
            config.layers.resize(model->layers);
            for (LayerSpec& layer : config.layers) {
                layer.mixture = true;
                layer.intermediate = model->inner;
            }
            QCOMPARE(findKnownModel(*models, config), &*model);
            config.router.sharedIntermediate = width / 2;
            QVERIFY(!findKnownModel(*models, config));
        }
    }

    void publishedValuesStandBesideTheMeasured()
    {
        auto open = std::make_shared<OpenModel>(**openModel(test::fixtures() / "families/olmoe"));
        const ModelConfig& config = open->model->config();
        KnownModel known;
        known.name = "Tiny";
        known.experts = config.router.experts;
        known.topK = config.router.topK;
        known.layers = config.layerCount();
        known.mixtureLayers = config.mixtureLayerCount();
        known.hidden = config.hidden;
        known.inner = config.layers.front().intermediate;
        known.history = "from scratch";
        known.historySource = "a book";
        known.values.push_back({"delta_rank_95", 12.0, {}, {}, "up", 20.0, "a paper", ""});
        TaskContext context;
        const auto result = analyseMoeType(open, {}, context);
        VERIFY_OK(result);
        const auto figure = publishedFigure(*result, {known});
        QVERIFY(figure);
        const auto& table = std::get<TableFigure>(figure->data);
        QCOMPARE(table.rows.size(), std::size_t{2});
        QCOMPARE(std::get<std::string>(table.rows[1][1]), std::string("12 of 20"));
        double sum = 0;
        std::size_t count = 0;
        for (const auto& layer : result->layers) {
            for (const auto& sigma : layer->find(Projection::Up)->deltaSigma) {
                sum += static_cast<double>(energyRank(sigma, 0.95));
                ++count;
            }
        }
        QVERIFY(
            std::abs(std::get<double>(table.rows[1][2]) - sum / static_cast<double>(count)) < 1e-9);
        known.hidden += 1;
        QVERIFY(!publishedFigure(*result, {known}));
    }

    void brokenFilesAreNamed()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        QVERIFY(!loadTaxonomy(path));
        std::ofstream(path / "taxonomy.json") << R"({"models": [{"id": "x", "values": []}]})";
        const auto models = loadTaxonomy(path);
        QVERIFY(!models);
        QCOMPARE(models.error().code, ErrorCode::BadFormat);
        QVERIFY(models.error().message.find("history") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestTaxonomy)
#include "tst_taxonomy.moc"
