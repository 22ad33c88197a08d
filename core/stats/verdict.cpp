// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/verdict.h"

#include <cmath>

namespace moescope {

std::string_view verdictText(Verdict verdict)
{
    switch (verdict) {
    case Verdict::NotApplicable:
        return "not applicable";
    case Verdict::InsufficientData:
        return "insufficient data";
    case Verdict::Supported:
        return "supported";
    case Verdict::Contradicted:
        return "contradicted";
    case Verdict::AtNull:
        return "at null";
    }
    return "insufficient data";
}

Verdict judge(
    ClaimKind kind, const Interval& interval, double effect, double null, double delta, bool enough)
{
    // Comparisons with NaN are false, so a value that could not be computed ends as insufficient
    // data.
    if (!enough)
        return Verdict::InsufficientData;
    const bool matters = std::abs(effect - null) >= delta;
    const bool above = matters && interval.lo > null && effect > null;
    const bool below = matters && interval.hi < null && effect < null;
    const bool inside = interval.lo >= null - delta && interval.hi <= null + delta;
    if (kind == ClaimKind::Absence) {
        if (above || below)
            return Verdict::Contradicted;
        return inside ? Verdict::Supported : Verdict::InsufficientData;
    }
    const bool greater = kind == ClaimKind::Greater;
    if (greater ? above : below)
        return Verdict::Supported;
    if (greater ? below : above)
        return Verdict::Contradicted;
    return inside ? Verdict::AtNull : Verdict::InsufficientData;
}

} // namespace moescope
