// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/chart_axis.h"

#include <algorithm>
#include <cmath>

#include "ui/figures/figure_words.h"

namespace moescope::ui {

namespace {

double niceStep(double span, int maxTicks, bool integers)
{
    const double raw = span / std::max(1, maxTicks);
    if (!(raw > 0) || !std::isfinite(raw))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    double step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= raw * (1 - 1e-9)) {
            step = factor * power;
            break;
        }
    }
    return integers ? std::max(1.0, std::round(step)) : step;
}

/// Ranks run to powers of two; quarters of them read better than twenties.
double rankStep(const ChartAxis& axis, double step, int maxTicks)
{
    const double hi = axis.hi;
    const bool powerOfTwo = hi >= 64 && hi <= 1e9 && std::exp2(std::round(std::log2(hi))) == hi;
    return axis.lo == 0 && powerOfTwo && maxTicks >= 4 ? hi / 4 : step;
}

QString superscript(int exponent)
{
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString out = exponent < 0 ? QStringLiteral("⁻") : QString();
    for (const QChar c : QString::number(std::abs(exponent)))
        out += digits[c.digitValue()];
    return out;
}

QString decadeLabel(int exponent, bool powers)
{
    if (powers && exponent != 0)
        return QStringLiteral("10") + superscript(exponent);
    return numberText(std::pow(10.0, exponent), std::max(0, -exponent));
}

QString linearLabel(double value, double step, double largest)
{
    const double clean = std::abs(value) < step * 1e-6 ? 0 : value;
    for (const auto& [unit, sign] :
        {std::pair(1e9, 'G'), std::pair(1e6, 'M'), std::pair(1e3, 'k')}) {
        if (largest >= 100 * 1e3 && step >= unit / 100 && largest >= unit) {
            const int decimals
                = std::max(0, static_cast<int>(-std::floor(std::log10(step / unit) + 1e-9)));
            return clean == 0
                ? QStringLiteral("0")
                : numberText(clean / unit, decimals) + QLatin1Char(' ') + QLatin1Char(sign);
        }
    }
    const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 8);
    return numberText(clean, decimals);
}

void addLogTicks(ChartAxis& axis, int maxTicks)
{
    const int first = static_cast<int>(std::ceil(std::log10(axis.lo) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(axis.hi) + 1e-9));
    const int step = std::max(1, (last - first + maxTicks) / std::max(1, maxTicks));
    const bool powers = first < -3 || last > 4;
    for (int e = first; e <= last; e += step)
        axis.ticks.push_back({std::pow(10.0, e), decadeLabel(e, powers)});
    if (axis.ticks.size() >= 3)
        return;
    // Less than two decades: 2 and 5 help to read values.
    axis.ticks.clear();
    for (int e = first - 1; e <= last; ++e) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double value = factor * std::pow(10.0, e);
            if (value >= axis.lo * (1 - 1e-9) && value <= axis.hi * (1 + 1e-9))
                axis.ticks.push_back({value, numberText(value, std::clamp(-e, 0, 8))});
        }
    }
}

} // namespace

double ChartAxis::place(double value) const
{
    if (logarithmic)
        return value > 0 ? std::log(value / lo) / std::log(hi / lo)
                         : std::numeric_limits<double>::quiet_NaN();
    return (value - lo) / (hi - lo);
}

void RangeFinder::add(double value)
{
    if (!std::isfinite(value) || (m_log && value <= 0))
        return;
    m_lo = std::min(m_lo, value);
    m_hi = std::max(m_hi, value);
}

void RangeFinder::add(const std::vector<double>& values)
{
    for (const double value : values)
        add(value);
}

ChartAxis makeAxis(
    const Axis& spec, const RangeFinder& data, AxisFit fit, int maxTicks, bool integers)
{
    ChartAxis axis;
    axis.logarithmic = spec.logarithmic;
    axis.lo = data.empty() ? (axis.logarithmic ? 0.1 : 0) : data.range().lo;
    axis.hi = data.empty() ? 1 : data.range().hi;
    const bool nice = fit == AxisFit::Nice && !axis.logarithmic;
    if (nice && axis.lo > 0 && axis.lo < 0.5 * axis.hi)
        axis.lo = 0;
    if (nice && axis.hi < 0 && axis.hi > 0.5 * axis.lo)
        axis.hi = 0;
    const auto usable = [&](double v) { return std::isfinite(v) && (!axis.logarithmic || v > 0); };
    if (spec.lo && usable(*spec.lo))
        axis.lo = *spec.lo;
    if (spec.hi && usable(*spec.hi))
        axis.hi = *spec.hi;
    if (!(axis.hi > axis.lo)) {
        // One value only: some room around it.
        const double middle = axis.lo;
        const double reach = middle == 0 ? 1 : std::abs(middle) * 0.5;
        axis.lo = axis.logarithmic ? middle / 2 : middle - reach;
        axis.hi = axis.logarithmic ? middle * 2 : middle + reach;
    }
    if (axis.logarithmic) {
        addLogTicks(axis, maxTicks);
        return axis;
    }
    double step = niceStep(axis.hi - axis.lo, maxTicks, integers);
    if (integers)
        step = rankStep(axis, step, maxTicks);
    if (nice && !spec.lo)
        axis.lo = std::floor(axis.lo / step + 1e-9) * step;
    // The top tick only when the data come near it; otherwise they keep a little air.
    if (nice && !spec.hi) {
        const double up = std::ceil(axis.hi / step - 1e-9) * step;
        axis.hi = up - axis.hi <= 0.41 * step ? up : axis.hi + 0.06 * (axis.hi - axis.lo);
    }
    const double largest = std::max(std::abs(axis.lo), std::abs(axis.hi));
    const QString unit = spec.unit == "%" ? QStringLiteral(" %") : QString();
    for (double k = std::ceil(axis.lo / step - 1e-9);
         k * step <= axis.hi + step * 1e-9 && axis.ticks.size() < 200; ++k)
        axis.ticks.push_back({k * step, linearLabel(k * step, step, largest) + unit});
    return axis;
}

} // namespace moescope::ui
