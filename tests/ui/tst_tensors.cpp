// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <functional>

#include <QAbstractItemModelTester>
#include <QFile>
#include <QFileDialog>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeView>

#include "tests/ui/window_desk.h"
#include "ui/figures/heat_map_view.h"
#include "ui/shell/tensor_export.h"
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

        // They stay in reach from every page.
        desk.window().showPage(QStringLiteral("first"));
        QVERIFY(desk.find<QWidget>("rail.tensors")->isVisible());
        auto* offer = desk.window().message().findChild<QPushButton*>();
        QVERIFY(desk.window().message().isVisible() && offer->isVisible());
        offer->click();
        QCOMPARE(desk.window().currentPage()->id(), QStringLiteral("tensors"));
        QVERIFY(!desk.window().message().isVisible());
        desk.window().showPage(QStringLiteral("second"));
        QVERIFY(desk.opened(QStringLiteral("native")));
        QVERIFY(!desk.find<QWidget>("rail.tensors")->isVisible());
        QVERIFY(!desk.window().message().isVisible());
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

    void aTensorIsSavedInEveryFormat()
    {
        Desk desk;
        QVERIFY(desk.start());
        QVERIFY(desk.opened(
            QString::fromStdString((fixtures() / "gguf" / "mixtral-f16" / "model.gguf").string())));
        QVERIFY(desk.window().showPage(QStringLiteral("tensors")));
        auto* page = desk.window().currentPage();
        auto* tree = desk.find<QTreeView>("tensorTree");
        auto* button = desk.find<QPushButton>("exportTensorButton");
        auto* message = desk.find<InlineMessage>("exportMessage");
        const auto chooseTensor = [&](const QString& filter) {
            desk.find<QLineEdit>("tensorFilter")->setText(filter);
            QModelIndex index = tree->model()->index(0, 0);
            while (tree->model()->hasChildren(index)) {
                tree->setCurrentIndex(index);
                if (button->isEnabled())
                    return QModelIndex();
                index = tree->model()->index(0, 0, index);
            }
            tree->setCurrentIndex(index);
            return index;
        };
        const QModelIndex router = chooseTensor(QStringLiteral("blk.1.ffn_gate_inp"));
        QVERIFY(router.isValid() && button->isEnabled());
        QVERIFY(
            tree->actions().contains(page->findChild<QAction*>(QStringLiteral("exportTensor"))));

        // As a person does it: the button, a name, Save.
        button->click();
        auto* dialog = page->findChild<QFileDialog*>(QStringLiteral("exportTensorDialog"));
        QVERIFY(dialog);
        QCOMPARE(QFileInfo(dialog->selectedFiles().value(0)).fileName(),
            QStringLiteral("blk.1.ffn_gate_inp.weight.npy"));
        emit dialog->filterSelected(dialog->nameFilters().value(1));
        QCOMPARE(QFileInfo(dialog->selectedFiles().value(0)).fileName(),
            QStringLiteral("blk.1.ffn_gate_inp.weight.csv"));
        const auto file
            = [&](const char* name) { return desk.folder.filePath(QLatin1String(name)); };
        dialog->selectFile(file("router.csv"));
        static_cast<QDialog*>(dialog)->accept();
        QTRY_COMPARE_WITH_TIMEOUT(
            message->text(), QStringLiteral("Saved ") + file("router.csv"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(!page->isBusy(), kPatience);
        QCOMPARE(message->kind(), InlineMessage::Kind::Note);
        const TensorInfo* tensor = desk.session().model()->checkpoint->find(
            router.data(TensorModel::FullNameRole).toString().toStdString());
        QVERIFY(tensor && tensor->dtype == DType::F32);
        QFile csv(file("router.csv"));
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QList<QByteArray> lines = csv.readAll().split('\n');
        QCOMPARE(lines.takeLast(), QByteArray());
        QCOMPARE(static_cast<std::uint64_t>(lines.size()), tensor->shape[0]);
        const auto* values = reinterpret_cast<const float*>(tensor->bytes.data());
        for (const QByteArray& line : lines) {
            const auto cells = line.split(',');
            QCOMPARE(static_cast<std::uint64_t>(cells.size()), tensor->shape[1]);
            for (const QByteArray& cell : cells)
                QCOMPARE(cell.toFloat(), *values++);
        }

        auto* exporter = page->findChild<TensorExport*>();
        exporter->save(file("router.npy"));
        QTRY_COMPARE_WITH_TIMEOUT(
            message->text(), QStringLiteral("Saved ") + file("router.npy"), kPatience);
        QFile npy(file("router.npy"));
        QVERIFY(npy.open(QIODevice::ReadOnly));
        const QByteArray array = npy.readAll();
        QVERIFY(array.startsWith("\x93NUMPY"));
        QCOMPARE(array.mid(128),
            QByteArray(reinterpret_cast<const char*>(tensor->bytes.data()),
                static_cast<qsizetype>(tensor->bytes.size())));

        exporter->save(file("none/router.npy"));
        QTRY_VERIFY_WITH_TIMEOUT(message->kind() == InlineMessage::Kind::Error, kPatience);
        QVERIFY(message->text().contains(QStringLiteral("none/router.npy")));
        exporter->save(file("router.txt"));
        QVERIFY(message->text().contains(QStringLiteral("must end in .npy")));
        QVERIFY(!QFile::exists(file("router.txt")));
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
