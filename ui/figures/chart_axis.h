// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QString>

#include "core/report/figure.h"

namespace moescope::ui {

/// A range with ticks, linear or logarithmic.
struct ChartAxis {
    struct Tick {
        double value = 0;
        QString label;
    };

    double lo = 0;
    double hi = 1;
    bool logarithmic = false;
    std::vector<Tick> ticks;

    /// 0 at `lo`, 1 at `hi`, beyond outside; NaN for what the axis cannot show.
    double place(double value) const;
};

/// Least and largest finite value seen; `log` leaves out what is not positive.
class RangeFinder {
public:
    explicit RangeFinder(bool log)
        : m_log(log)
    {
    }
    void add(double value);
    void add(const std::vector<double>& values);
    bool empty() const { return !(m_lo <= m_hi); }
    Interval range() const { return {m_lo, m_hi}; }

private:
    bool m_log;
    double m_lo = std::numeric_limits<double>::infinity();
    double m_hi = -std::numeric_limits<double>::infinity();
};

enum class AxisFit {
    Tight, ///< ends where the data end
    Nice, ///< ends on ticks, and at zero when that is near
};

/// The axis of `spec` (whose fixed ends win) for data in `data`, with at most `maxTicks` ticks;
/// `integers` keeps ticks on whole numbers.
ChartAxis makeAxis(
    const Axis& spec, const RangeFinder& data, AxisFit fit, int maxTicks, bool integers);

} // namespace moescope::ui
