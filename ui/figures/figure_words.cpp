// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_words.h"

#include <cmath>

#include <QCoreApplication>
#include <QFontMetricsF>

#include "core/report/number_text.h"
#include "ui/style/shaping.h"

namespace moescope::ui {

QString numberText(double value, int decimals)
{
    return text(displayNumber(value, decimals));
}

QString withUnit(const QString& number, const std::string& unit)
{
    return unit.empty() ? number : number + QChar(0x00A0) + text(unit);
}

QString intervalText(const Interval& interval)
{
    return numberText(interval.lo) + QChar(0x2013) + numberText(interval.hi);
}

QString nullText(const NullModel& null)
{
    if (!null.band)
        return QCoreApplication::translate("figures", "null %1").arg(numberText(null.mean));
    const double below = null.mean - null.band->lo;
    const double above = null.band->hi - null.mean;
    if (below > 0 && std::abs(above - below) <= 0.02 * (above + below)) {
        const double half = (above + below) / 2;
        // As many decimals as show two figures of the half width.
        const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(half))), 0, 6);
        return QCoreApplication::translate("figures", "null %1 ± %2")
            .arg(numberText(null.mean, decimals), numberText(half, decimals));
    }
    return QCoreApplication::translate("figures", "null %1 (%2)")
        .arg(numberText(null.mean), intervalText(*null.band));
}

QString axisTitle(const Axis& axis)
{
    return text(axis.unit == "%" ? axis.title : titleWithUnit(axis.title, axis.unit));
}

QString htmlLines(const std::string& plain)
{
    return text(plain).toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>"));
}

bool isAtNull(double value, const NullModel& null)
{
    return null.band ? value >= null.band->lo && value <= null.band->hi : value == null.mean;
}

QString elided(const QFont& font, const QString& label, double width)
{
    return QFontMetricsF(fontFor(font, label))
        .elidedText(label, Qt::ElideRight, std::max(0.0, width));
}

double textWidth(const QFont& font, const QString& label)
{
    return QFontMetricsF(fontFor(font, label)).horizontalAdvance(label);
}

} // namespace moescope::ui
