// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_words.h"

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/base/version.h"
#include "core/report/number_text.h"

namespace moescope {

namespace {

std::string intervalText(const Interval& interval)
{
    return fmt::format(" [{}, {}]", displayNumber(interval.lo), displayNumber(interval.hi));
}

} // namespace

std::string findingFacts(const Finding& finding)
{
    std::string facts(verdictText(finding.verdict));
    if (finding.verdict == Verdict::AtNull && finding.delta > 0)
        facts += " within " + displayNumber(finding.delta);
    if (finding.effect)
        facts += fmt::format(", measured {}{}{}", displayNumber(*finding.effect),
            finding.unit.empty() ? "" : " ", finding.unit);
    if (finding.interval)
        facts += intervalText(*finding.interval);
    else if (!finding.intervalNote.empty())
        facts += fmt::format(" without an interval ({})", finding.intervalNote);
    if (finding.null) {
        facts += ", null " + displayNumber(finding.null->mean);
        if (finding.null->band)
            facts += intervalText(*finding.null->band);
        facts += fmt::format(" ({})", finding.null->model);
    }
    if (finding.z)
        facts += ", z " + displayNumber(*finding.z);
    if (finding.p)
        facts += ", p " + displayNumber(*finding.p)
            + (finding.pSide.empty() ? std::string() : fmt::format(" ({})", finding.pSide));
    if (finding.q)
        facts += ", q " + displayNumber(*finding.q);
    facts += fmt::format(", n {} {}", formatCount(finding.tokens), finding.countUnit);
    if (finding.prompts > 0)
        facts += fmt::format(
            " in {} prompt{}", formatCount(finding.prompts), finding.prompts == 1 ? "" : "s");
    if (finding.family > 1)
        facts += fmt::format(", {} cells tested", formatCount(finding.family));
    if (finding.tokensNeeded)
        facts += fmt::format(", {} tokens needed", formatCount(*finding.tokensNeeded));
    return facts;
}

std::string modelLine(const ModelIdentity& model)
{
    if (model.id.empty())
        return {};
    std::string line = model.id;
    if (!model.dtype.empty())
        line += ", " + model.dtype;
    if (!model.hash.empty())
        line += ", hash " + model.hash;
    return line;
}

std::string programLine()
{
    return *kCommit ? fmt::format("Moescope {} ({})", kVersion, kCommit)
                    : fmt::format("Moescope {}", kVersion);
}

} // namespace moescope
