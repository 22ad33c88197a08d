// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include <QIcon>
#include <QString>

namespace moescope::ui {

class Style;

/// Of everything in the top bar, in pixels at 100 %.
inline constexpr int kControlHeight = 34;

enum class IconInk : std::uint8_t { Text, Muted, Accent, OnAccent };

/// resources/icons/`name`.svg in a colour of the theme in force; follows a change of theme. Checked
/// buttons draw it in the accent. `style` must outlive it.
QIcon themedIcon(const Style& style, const QString& name, IconInk ink = IconInk::Text);
/// The program's own picture.
QIcon programIcon();

} // namespace moescope::ui
