// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include <QString>

class QLabel;
class QWidget;

namespace moescope::ui {

/// Gives a widget one of the style sheet's roles ("section", "muted", "null"), also after it was
/// shown.
void setRole(QWidget* widget, const QString& role);

/// A plain label with a role.
QLabel* makeLabel(const QString& role, const QString& text = {}, QWidget* parent = nullptr);

/// "1 token", "3 tokens".
QString counted(std::size_t count, const QString& one, const QString& many);

} // namespace moescope::ui
