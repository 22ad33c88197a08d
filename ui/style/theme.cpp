// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/theme.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

double channelLuminance(double value)
{
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& colour)
{
    return 0.2126 * channelLuminance(colour.redF()) + 0.7152 * channelLuminance(colour.greenF())
        + 0.0722 * channelLuminance(colour.blueF());
}

Theme makeLight()
{
    Theme t;
    t.window = 0xf6f6f4;
    t.panel = 0xffffff;
    t.field = 0xf4f4f2;
    t.hairline = 0xe6e6e3;
    t.control = 0xd8dadd;
    t.text = 0x16181d;
    t.mutedText = 0x5f646d;
    t.accent = 0x2b62d9;
    t.accentSoft = 0xe8effc;
    t.accentMuted = 0x8aa9ea;
    t.accentText = 0xffffff;
    t.nullAmber = 0x9c5505;
    t.nullBand = 0xf5ece1;
    t.evidenceGreen = 0x1b7547;
    t.evidenceSoft = 0xe2f2e8;
    t.warning = 0x8f4c00;
    t.warningSoft = 0xfbf0df;
    t.error = 0xb3261e;
    t.errorSoft = 0xfdeceb;
    t.gridEmpty = 0xfcfcfd;
    t.gridFaint = 0xc3cee4;
    t.gridBorder = 0xe6e7ea;
    t.track = 0xe4e4e2;
    t.quietBar = 0xa9abb0;
    t.pending = 0xeeeeec;
    t.axis = 0xb9bbc0;
    t.shadeLow = 0xd6dce9;
    t.shadeMiddle = 0x7f94bd;
    t.shadeHigh = 0x1b3a80;
    t.onlyA = 0x8aa9ea;
    t.onlyB = 0xdda381;
    t.both = 0x5d619a;
    t.letterA = 0x2b62d9;
    t.letterB = 0xb04a17;
    t.changed = 0x8f4c00;
    t.chips = {{{0xe0e8f8, 0x2b62d9}, {0xdff1e5, 0x1b7547}, {0xede5f7, 0x7440ab},
        {0xecedee, 0x5f646d}, {0xfae3e9, 0xab2f58}, {0xdcf0f2, 0x0f6874}, {0xf2edd8, 0x6f5c00},
        {0xf3f4f5, 0x666b74}}};
    t.categories = {0x2b62d9, 0x1b7547, 0x7440ab, 0x0f7f8c, 0xbf3563, 0x7d6a08, 0x5f646d, 0x2c3e66};
    return t;
}

Theme makeDark()
{
    Theme t;
    t.dark = true;
    t.window = 0x131519;
    t.panel = 0x1a1d22;
    t.field = 0x14161a;
    t.hairline = 0x2a2e35;
    t.control = 0x3a3f48;
    t.text = 0xeceef1;
    t.mutedText = 0xa2a7b0;
    t.accent = 0x7faaff;
    t.accentSoft = 0x22304a;
    t.accentMuted = 0x526b9c;
    t.accentText = 0x0d1220;
    t.nullAmber = 0xdf9f4e;
    t.nullBand = 0x332a1f;
    t.evidenceGreen = 0x6cc79a;
    t.evidenceSoft = 0x1c3329;
    t.warning = 0xe3a35a;
    t.warningSoft = 0x35291a;
    t.error = 0xff8f85;
    t.errorSoft = 0x3a2021;
    t.gridEmpty = 0x1b1f24;
    t.gridFaint = 0x3f4f6d;
    t.gridBorder = 0x2a2e35;
    t.track = 0x2b2f35;
    t.quietBar = 0x666b73;
    t.pending = 0x23262d;
    t.axis = 0x4b5059;
    t.shadeLow = 0x333c4b;
    t.shadeMiddle = 0x5f76a0;
    t.shadeHigh = 0x9cc0fb;
    t.onlyA = 0x5f88d8;
    t.onlyB = 0xc98359;
    t.both = 0xc3c4f2;
    t.letterA = 0x7faaff;
    t.letterB = 0xe89a6c;
    t.changed = 0xe3a35a;
    t.chips = {{{0x233250, 0x7faaff}, {0x1e3a2d, 0x6cc79a}, {0x352a49, 0xc39ff0},
        {0x363a40, 0xa8adb5}, {0x46252f, 0xf28ba9}, {0x1b3a40, 0x64c6d2}, {0x3a341c, 0xcdbc62},
        {0x2b2e33, 0xa2a7b0}}};
    t.categories = {0x7faaff, 0x6cc79a, 0xc39ff0, 0x64c6d2, 0xf28ba9, 0xcdbc62, 0xa2a7b0, 0xd9dce1};
    return t;
}

} // namespace

const Theme& lightTheme()
{
    static const Theme theme = makeLight();
    return theme;
}

const Theme& darkTheme()
{
    static const Theme theme = makeDark();
    return theme;
}

double contrastRatio(const QColor& a, const QColor& b)
{
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor mix(const QColor& a, const QColor& b, double shareOfB)
{
    const auto t = static_cast<float>(std::isnan(shareOfB) ? 0 : std::clamp(shareOfB, 0.0, 1.0));
    return QColor::fromRgbF(a.redF() + (b.redF() - a.redF()) * t,
        a.greenF() + (b.greenF() - a.greenF()) * t, a.blueF() + (b.blueF() - a.blueF()) * t,
        a.alphaF() + (b.alphaF() - a.alphaF()) * t);
}

QColor Theme::weight(double shade) const
{
    return shade < 0.5 ? mix(shadeLow, shadeMiddle, shade * 2)
                       : mix(shadeMiddle, shadeHigh, shade * 2 - 1);
}

QColor Theme::faint(double probability) const
{
    return mix(gridEmpty, gridFaint, probability);
}

QColor Theme::readableOn(const QColor& fill) const
{
    constexpr double kEnough = 4.5;
    const QColor light(0xffffff);
    const QColor ink(0x16181d);
    const double onLight = contrastRatio(light, fill);
    const double onInk = contrastRatio(ink, fill);
    if (std::max(onLight, onInk) >= kEnough)
        return onLight > onInk ? light : ink;
    return contrastRatio(Qt::black, fill) > onLight ? QColor(Qt::black) : light;
}

const Theme::Chip& Theme::chip(int typeGroup) const
{
    return typeGroup >= 0 && static_cast<std::size_t>(typeGroup) < chips.size()
        ? chips[static_cast<std::size_t>(typeGroup)]
        : chips.back();
}

const QColor& Theme::category(std::size_t index) const
{
    return categories[index % categories.size()];
}

} // namespace moescope::ui
