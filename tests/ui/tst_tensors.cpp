// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <functional>

#include <QAbstractItemModelTester>
#include <QFile>
#include <QTreeView>

#include "tests/ui/window_desk.h"
#include "ui/figures/heat_map_view.h"
#include "ui/shell/tensor_inspector.h"
#include "ui/shell/tensor_model.h"
#include "ui/style/inline_message.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestTensors : public QObject {
    Q_OBJECT

private slots:
    void anUnknownFamilyOpensItsTensors()
    {
        Desk desk;
        QVERIFY(desk.start());
        const std::filesystem::path folder
            = desk.folder.filePath(QStringLiteral("odd")).toStdString();
        std::filesystem::copy(fixtures() / "families" / "olmoe", folder);
        QFile config(QString::fromStdString((folder / "config.json").string()));
        QVERIFY(config.open(QIODevice::ReadWrite));
        QByteArray text = config.readAll();
        text.replace("\"olmoe\"", "\"wonderful\"");
        config.resize(0);
        config.write(text);
        config.close();

        desk.window().showPage(QStringLiteral("second"));
        QVERIFY(desk.opened(QString::fromStdString(folder.string())));
        QVERIFY(!desk.session().model()->model);
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("tensors"));
        const auto* reason = desk.window().currentPage()->findChild<InlineMessage*>();
        QVERIFY(reason->text().contains(QStringLiteral("wonderful")));
        auto* tree = desk.find<QTreeView>("tensorTree");
        QVERIFY(tree->model()->rowCount() > 0);
        QVERIFY(desk.opened(QStringLiteral("native")));
        QCOMPARE(desk.window().currentPage(), desk.second); // back where it was
    }

    void oneTensorIsLookedAt()
    {
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.window().showPage(QStringLiteral("tensors")));
        auto* page = desk.window().currentPage();
        auto* inspector = desk.find<TensorInspector>("tensorInspector");
        QVERIFY(inspector);
        // The first tensor is chosen, so that nothing starts empty.
        QTRY_VERIFY_WITH_TIMEOUT(!page->isBusy(), kPatience);
        auto* name = inspector->findChild<QLabel*>(QStringLiteral("tensorName"));
        QCOMPARE(name->text(), QStringLiteral("lm_head.weight"));
        auto* picture = inspector->findChild<HeatMapView*>(QStringLiteral("tensorPicture"));
        QVERIFY(!picture->isHidden());
        const auto& map = std::get<HeatMapFigure>(picture->figure()->data);
        QCOMPARE(map.rows, std::size_t{96});
        QCOMPARE(map.cols, std::size_t{96});
        QStringList facts;
        for (const QLabel* label : inspector->findChildren<QLabel*>())
            facts += label->text();
        QVERIFY(facts.contains(QStringLiteral("[6144, 128]")));
        QVERIFY(facts.contains(QStringLiteral("standard deviation")));

        inspector->showTensor(QStringLiteral("model.layers"));
        QVERIFY(picture->isHidden());
        QVERIFY(inspector->findChild<QLabel*>(QStringLiteral("tensorNote"))->isVisible());
    }

    void theTensorTreeIsSoundSortedAndFiltered()
    {
        const auto open = openModel(fixtures() / "families" / "olmoe");
        VERIFY_OK(open);
        TensorModel model;
        const QAbstractItemModelTester tester(
            &model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setCheckpoint((*open)->checkpoint);
        TensorProxy proxy;
        const QAbstractItemModelTester proxyTester(
            &proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        proxy.setSourceModel(&model);
        proxy.sort(TensorModel::Name);

        std::size_t leaves = 0;
        std::uint64_t bytes = 0;
        QStringList names;
        const std::function<void(const QModelIndex&)> walk = [&](const QModelIndex& parent) {
            for (int row = 0; row < proxy.rowCount(parent); ++row) {
                const QModelIndex index = proxy.index(row, 0, parent);
                if (proxy.hasChildren(index)) {
                    walk(index);
                    continue;
                }
                ++leaves;
                names.append(index.data(TensorModel::FullNameRole).toString());
                bytes += index.siblingAtColumn(TensorModel::Bytes)
                             .data(TensorModel::SortRole)
                             .toULongLong();
            }
        };
        walk({});
        QCOMPARE(leaves, (*open)->checkpoint->tensors().size());
        QCOMPARE(bytes, (*open)->checkpoint->totalBytes());
        for (const TensorInfo& tensor : (*open)->checkpoint->tensors())
            QVERIFY(names.contains(QString::fromStdString(tensor.name)));

        proxy.setFilterText(QStringLiteral("layers.1. gate_proj"));
        leaves = 0;
        names.clear();
        walk({});
        QVERIFY(leaves > 0);
        for (const QString& name : names)
            QVERIFY2(name.contains(QStringLiteral("layers.1."))
                    && name.contains(QStringLiteral("gate_proj")),
                qPrintable(name));
        proxy.setFilterText(QStringLiteral("nothing of the kind"));
        QCOMPARE(proxy.rowCount(), 0);
        model.setCheckpoint(nullptr);
        QCOMPARE(model.rowCount(), 0);
    }
};

QTEST_MAIN(TestTensors)
#include "tst_tensors.moc"
