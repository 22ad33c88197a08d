// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Draws every figure kind with example data, for a person to look at:
//   QT_QPA_PLATFORM=offscreen QT_SCALE_FACTOR=2 figure_gallery <folder> [font size]
#include <cstdio>

#include <QApplication>
#include <QDir>
#include <QGridLayout>

#include "tests/ui/example_figures.h"
#include "ui/figures/figure_export.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_view.h"
#include "ui/figures/heat_map_view.h"
#include "ui/figures/line_chart_view.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/figures/token_strip_view.h"
#include "ui/style/inline_message.h"
#include "ui/style/progress_placeholder.h"
#include "ui/style/segmented_control.h"
#include "ui/style/style.h"

using namespace moescope;
using namespace moescope::ui;

namespace {

FigurePanel* panel(Style& style, const test::FigurePointer& figure, QWidget* page)
{
    auto* made = new FigurePanel(style, figure, page);
    if (auto* strip = qobject_cast<TokenStripView*>(made->view())) {
        strip->setCurrent(4);
        strip->setPatterns({QStringLiteral("analogy  A is to B as C is to D")});
    }
    if (auto* grid = qobject_cast<RoutingGridView*>(made->view())) {
        grid->setCurrentCell(4, grid->source()->cols() > 8 ? 11 : 5);
        auto* control = new SegmentedControl(style,
            {QStringLiteral("chosen"), QStringLiteral("probabilities"), QStringLiteral("logits")},
            made);
        made->addFooterWidget(control);
    }
    if (auto* map = qobject_cast<HeatMapView*>(made->view()))
        map->setCurrentCell(2, 5);
    return made;
}

void save(QWidget& page, const QSize& size, const QString& path)
{
    page.resize(size);
    page.show();
    QApplication::processEvents();
    page.grab().save(path);
}

void drawPages(Style& style, const QString& folder, const QString& suffix)
{
    const auto place = [&](const QString& name, const QSize& size, auto fill) {
        QWidget page;
        auto* grid = new QGridLayout(&page);
        grid->setSpacing(style.pxInt(12));
        fill(*grid, &page);
        save(page, size * style.px(1),
            folder + QLatin1Char('/') + name + suffix + QStringLiteral(".png"));
    };
    place(QStringLiteral("explore"), {1200, 830}, [&](QGridLayout& grid, QWidget* page) {
        grid.addWidget(panel(style, test::exampleStrip(), page), 0, 0, 1, 2);
        grid.addWidget(panel(style, test::exampleLayers(), page), 1, 0);
        grid.addWidget(panel(style, test::exampleGrid(), page), 1, 1);
        grid.setColumnStretch(0, 35);
        grid.setColumnStretch(1, 65);
        grid.setRowStretch(1, 1);
    });
    place(QStringLiteral("grids"), {1200, 900}, [&](QGridLayout& grid, QWidget* page) {
        grid.addWidget(panel(style, test::exampleLongStrip(), page), 0, 0, 1, 2);
        grid.addWidget(panel(style, test::exampleComparison(), page), 1, 0);
        grid.addWidget(panel(style, test::exampleWideGrid(), page), 1, 1);
        grid.setColumnStretch(0, 1);
        grid.setColumnStretch(1, 1);
        grid.setRowStretch(1, 1);
    });
    place(QStringLiteral("weights"), {1520, 900}, [&](QGridLayout& grid, QWidget* page) {
        grid.addWidget(panel(style, test::exampleVerdict(), page), 0, 0, 1, 3);
        grid.addWidget(panel(style, test::exampleVerdictAgainst(), page), 0, 3, 1, 3);
        grid.addWidget(panel(style, test::exampleSpectrum(), page), 1, 0, 1, 2);
        grid.addWidget(panel(style, test::exampleSimilarity(), page), 1, 2, 1, 2);
        grid.addWidget(panel(style, test::exampleRanks(), page), 1, 4, 1, 2);
        grid.setRowStretch(1, 1);
        for (int column = 0; column < 6; ++column)
            grid.setColumnStretch(column, 1);
    });
    place(QStringLiteral("charts"), {1400, 900}, [&](QGridLayout& grid, QWidget* page) {
        grid.addWidget(panel(style, test::exampleDomains(), page), 0, 0);
        grid.addWidget(panel(style, test::exampleOverlap(), page), 0, 1);
        grid.addWidget(panel(style, test::exampleLogarithmic(), page), 0, 2);
        grid.addWidget(panel(style, test::exampleLoads(), page), 1, 0);
        grid.addWidget(panel(style, test::exampleBudgets(), page), 1, 1);
        grid.addWidget(panel(style, test::exampleTable(), page), 1, 2);
        for (int column = 0; column < 3; ++column)
            grid.setColumnStretch(column, 1);
    });
    place(QStringLiteral("widgets"), {700, 420}, [&](QGridLayout& grid, QWidget* page) {
        int row = 0;
        for (const auto kind :
            {InlineMessage::Kind::Note, InlineMessage::Kind::Warning, InlineMessage::Kind::Error}) {
            auto* message = new InlineMessage(style, page);
            message->showMessage(kind,
                QStringLiteral(
                    "model.safetensors says 12 tensors and holds 11; download it again."),
                QStringLiteral("Open another file"));
            grid.addWidget(message, row++, 0);
        }
        auto* progress = new ProgressPlaceholder(style, page);
        progress->setProgress(
            0.6, QStringLiteral("Weights, layer 5 of 8"), QStringLiteral("12 s left"));
        grid.addWidget(progress, row, 0);
    });
}

} // namespace

int main(int argc, char** argv)
{
    QApplication app(argc, argv);
    if (argc < 2) {
        std::fprintf(stderr, "usage: figure_gallery <folder> [font size]\n");
        return 2;
    }
    const QString folder = QString::fromLocal8Bit(argv[1]);
    QDir().mkpath(folder);
    Style style;
    if (argc > 2)
        style.setFontSize(QString::fromLocal8Bit(argv[2]).toDouble());
    style.applyToApplication();
    int failures = 0;
    for (const ThemeMode mode : {ThemeMode::Light, ThemeMode::Dark}) {
        style.setMode(mode);
        const QString suffix
            = mode == ThemeMode::Light ? QStringLiteral("-light") : QStringLiteral("-dark");
        drawPages(style, folder, suffix);
        for (const test::FigurePointer& figure : test::allExampleFigures()) {
            for (const char* format : {".png", ".svg", ".pdf"}) {
                const QString path = folder + QStringLiteral("/export-")
                    + QString::fromStdString(figure->id) + suffix + QLatin1String(format);
                if (const Status status = exportFigure(figure, style, path); !status) {
                    std::fprintf(stderr, "%s\n", status.error().message.c_str());
                    ++failures;
                }
            }
        }
    }
    return failures == 0 ? 0 : 1;
}
