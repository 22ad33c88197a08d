// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figure_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/report/display_width.h"
#include "core/report/figure_table.h"
#include "core/report/report.h"
#include "core/report/report_words.h"
#include "core/report/text_table.h"

namespace moescope {

namespace {

std::string figureBodyText(const TableFigure& table, const TextStyle& style)
{
    return table.rows.empty() ? "(no rows)\n" : textTable(table, style.width);
}

/// Tokens on one line, their types and badges below, as many columns as fit.
std::string figureBodyText(const TokenStripFigure& figure, const TextStyle& style)
{
    std::string out;
    std::string tokens;
    std::string letters;
    std::string badges;
    bool anyBadge = false;
    std::size_t used = 0;
    const auto endLine = [&] {
        for (std::string* line : {&tokens, &letters, &badges})
            line->erase(line->find_last_not_of(' ') + 1);
        out += tokens + "\n" + letters + "\n" + (anyBadge ? badges + "\n" : "");
        tokens.clear();
        letters.clear();
        badges.clear();
        used = 0;
    };
    for (const auto& chip : figure.chips)
        anyBadge = anyBadge || !chip.badge.empty();
    for (const auto& chip : figure.chips) {
        const std::string text = fitText(terminalText(visibleToken(chip.text)), 24);
        const std::string letter = terminalText(chip.letter);
        const std::string badge = terminalText(chip.badge);
        const std::size_t width
            = std::max({displayWidth(text), displayWidth(letter), displayWidth(badge)}) + 1;
        if (used > 0 && used + width > style.width)
            endLine();
        tokens += padRight(text, width);
        letters += padRight(letter, width);
        badges += padRight(badge, width);
        used += width;
    }
    if (used > 0)
        endLine();
    return out.empty() ? "(no tokens)\n" : out;
}

std::string figureBodyText(const VerdictFigure& figure, const TextStyle& style)
{
    std::string out
        = fmt::format("{}: {}\n", terminalText(figure.question), terminalText(figure.answer));
    if (!figure.basis.empty())
        out += terminalText(figure.basis) + "\n";
    if (figure.rows.empty())
        return out;
    out += textTable(verdictWords(figure), style.width);
    if (!figure.note.empty())
        out += wrapText(terminalText(figure.note), style.width);
    return out;
}

std::string findingText(const Finding& finding, std::size_t width)
{
    const std::string& claim = finding.conclusion.empty() ? finding.claim : finding.conclusion;
    const std::string facts = finding.test + ": " + findingFacts(finding);
    return wrapText(terminalText(claim), width) + wrapText(terminalText(facts), width, 2);
}

} // namespace

std::string figureToText(const Figure& figure, std::size_t width, bool colour)
{
    const TextStyle style{std::max<std::size_t>(width, 40), colour};
    std::string title = terminalText(figure.title);
    if (!figure.subtitle.empty())
        title += " (" + terminalText(figure.subtitle) + ")";
    std::string out = wrapText(title, style.width);
    if (colour)
        out = "\x1b[1m" + out.substr(0, out.size() - (out.empty() ? 0 : 1)) + "\x1b[0m\n";
    out += std::visit([&](const auto& data) { return figureBodyText(data, style); }, figure.data);
    if (!figure.caption.empty())
        out += wrapText(terminalText(figure.caption), style.width);
    return out;
}

std::string reportToText(const Report& report, std::size_t width, bool colour)
{
    width = std::max<std::size_t>(width, 40);
    std::string out = wrapText(terminalText(report.title), width);
    if (const std::string model = modelLine(report.model); !model.empty())
        out += wrapText("model " + terminalText(model), width);
    if (!report.scope.empty())
        out += wrapText(terminalText(report.scope), width);
    if (!report.complete)
        out += "Incomplete: the work was cancelled before its end.\n";
    for (const Finding& finding : report.findings)
        out += "\n" + findingText(finding, width);
    for (const Figure& figure : report.figures)
        out += "\n" + figureToText(figure, width, colour);
    return out;
}

} // namespace moescope
