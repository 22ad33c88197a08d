// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QString>

namespace moescope::ui {

/// One line of the command palette.
struct Command {
    QString title; ///< "Layer 5"
    QString detail; ///< "page", "sample", a shortcut
    std::function<void()> run; ///< empty: only says something, "Layer 0 is dense"
};

/// Where "go to expert 5 of layer 12", "e5 l12", "layer 3", "token 7" lead; nothing when the text
/// is none of these.
struct GoTo {
    std::optional<std::uint32_t> layer;
    std::optional<std::uint32_t> expert;
    std::optional<std::uint32_t> token;
};
std::optional<GoTo> parseGoTo(const QString& text);

/// How well `wanted` fits `text`: all its words must occur; 0 = not at all, larger = better.
int matchScore(const QString& text, const QString& wanted);

} // namespace moescope::ui
