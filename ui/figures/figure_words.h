// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <QFont>
#include <QString>

#include "core/report/figure.h"

namespace moescope::ui {

inline QString text(const std::string& utf8)
{
    return QString::fromStdString(utf8);
}

QString numberText(double value, int decimals = -1); ///< with a real minus sign
QString withUnit(const QString& number, const std::string& unit); ///< "0.41 bit", "12 %"
QString intervalText(const Interval& interval); ///< "0.63–0.87"
/// "null 0.000 ± 0.006" when the band is even around the mean, else "null 0.74 (0.63–0.87)".
QString nullText(const NullModel& null);
QString axisTitle(const Axis& axis); ///< "energy (bit)"; "%" stands at the ticks instead
QString htmlLines(const std::string& plain); ///< escaped, line breaks kept

/// True when `value` lies in the null's band: drawn muted and called "as random".
bool isAtNull(double value, const NullModel& null);

/// `label` shortened with "…" to `width`.
QString elided(const QFont& font, const QString& label, double width);
double textWidth(const QFont& font, const QString& label);

} // namespace moescope::ui
