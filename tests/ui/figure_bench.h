// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>

#include <QApplication>
#include <QImage>
#include <QSignalSpy>
#include <QtTest/QTest>

#include "tests/support/files.h"
#include "tests/ui/example_figures.h"
#include "ui/figures/figure_view.h"
#include "ui/style/style.h"

namespace moescope::test {

/// A light look of known size for views that are drawn in a test.
struct Bench {
    Bench() { style.setMode(ui::ThemeMode::Light); }

    ui::Style style;
};

template <typename View>
void present(View& view, const FigurePointer& figure, const QSize& size)
{
    view.setFigure(figure);
    view.resize(size);
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
}

inline QImage picture(ui::FigureView& view)
{
    QImage image(view.viewport()->size(), QImage::Format_RGB32);
    image.fill(view.look().theme().panel);
    view.viewport()->render(&image, {}, {}, QWidget::DrawChildren);
    return image;
}

inline std::size_t colourCount(const QImage& image)
{
    std::set<QRgb> colours;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            colours.insert(image.pixel(x, y));
    return colours.size();
}

/// Nearly the same: text and edges are blended, plain surfaces may be off by rounding.
inline bool similar(const QColor& a, const QColor& b, int tolerance = 3)
{
    return std::abs(a.red() - b.red()) <= tolerance && std::abs(a.green() - b.green()) <= tolerance
        && std::abs(a.blue() - b.blue()) <= tolerance;
}

inline bool contains(const QImage& image, const QRect& area, const QColor& colour)
{
    const QRect inside = area.intersected(image.rect());
    for (int y = inside.top(); y <= inside.bottom(); ++y)
        for (int x = inside.left(); x <= inside.right(); ++x)
            if (similar(image.pixelColor(x, y), colour))
                return true;
    return false;
}

} // namespace moescope::test

#define VERIFY_COLOUR(actual, expected)                                                            \
    QVERIFY2(moescope::test::similar(actual, expected),                                            \
        qPrintable(QStringLiteral("%1 instead of %2").arg((actual).name(), (expected).name())))
