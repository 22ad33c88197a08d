// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/colour_map.h"

#include <cmath>
#include <span>

#include "ui/style/theme.h"

namespace moescope::ui {

namespace {

struct Anchor {
    double position; ///< 0..255
    QRgb colour;
};

// Nuñez, Anderton and Renslow, "Optimizing colormaps with consideration for color vision
// deficiency" (2018).
constexpr Anchor kCividis[] = {{0, 0x00224e}, {8, 0x00285b}, {16, 0x002e6a}, {20, 0x003070},
    {24, 0x053371}, {32, 0x1a386f}, {48, 0x32436d}, {64, 0x434e6c}, {80, 0x535a6d}, {96, 0x61656f},
    {112, 0x6f7073}, {128, 0x7d7c78}, {141.67, 0x8a8678}, {170, 0xa59c74}, {198.33, 0xc3b369},
    {226.67, 0xe1cc55}, {255, 0xfee838}};
constexpr Anchor kViridis[] = {{0, 0x440154}, {17, 0x481a6c}, {34, 0x472f7d}, {51, 0x414487},
    {68, 0x39568c}, {85, 0x31688e}, {102, 0x2a788e}, {119, 0x23888e}, {136, 0x1f988b},
    {153, 0x22a884}, {170, 0x35b779}, {187, 0x54c568}, {204, 0x7ad151}, {221, 0xa5db36},
    {238, 0xd2e21b}, {255, 0xfde725}};
constexpr Anchor kBlueWhiteRed[]
    = {{0, 0x0f3d7a}, {31.875, 0x2b6cb5}, {63.75, 0x6ea6d3}, {95.625, 0xbcd7ea}, {127.5, 0xf7f7f7},
        {159.375, 0xf8cdb6}, {191.25, 0xe6866a}, {223.125, 0xc3383f}, {255, 0x7f0e24}};

ColourMap interpolate(std::span<const Anchor> anchors)
{
    ColourMap map{};
    std::size_t next = 1;
    for (std::size_t i = 0; i < map.size(); ++i) {
        const auto position = static_cast<double>(i);
        while (next + 1 < anchors.size() && anchors[next].position < position)
            ++next;
        const Anchor& a = anchors[next - 1];
        const Anchor& b = anchors[next];
        map[i] = mix(
            QColor(a.colour), QColor(b.colour), (position - a.position) / (b.position - a.position))
                     .rgb();
    }
    return map;
}

} // namespace

const ColourMap& cividis()
{
    static const ColourMap map = interpolate(kCividis);
    return map;
}

const ColourMap& viridis()
{
    static const ColourMap map = interpolate(kViridis);
    return map;
}

const ColourMap& blueWhiteRed()
{
    static const ColourMap map = interpolate(kBlueWhiteRed);
    return map;
}

QColor colourAt(const ColourMap& map, double t)
{
    if (!(t > 0))
        return map.front();
    if (t >= 1)
        return map.back();
    return map[static_cast<std::size_t>(std::lround(t * 255))];
}

} // namespace moescope::ui
