// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/explore_words.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/runtime/runnable.h"

namespace moescope {

bool isBareId(const TraceToken& token)
{
    return token.text == fmt::format("#{}", token.id);
}

std::string partialCharacters(const RoutingTrace& trace, std::size_t token)
{
    const TraceToken& piece = trace.tokens[token];
    const std::string& text = trace.prompt;
    if (piece.end <= piece.begin || piece.end > text.size() || isValidUtf8(piece.text))
        return {};
    const auto continues
        = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
    std::size_t begin = piece.begin;
    std::size_t end = piece.end;
    while (begin > 0 && continues(begin))
        --begin;
    while (end < text.size() && continues(end))
        ++end;
    std::string whole = text.substr(begin, end - begin);
    // A byte-level piece may carry the space before it, which is no part of the character.
    whole.erase(0, std::min(whole.find_first_not_of(' '), whole.size()));
    return isValidUtf8(whole) ? whole : std::string();
}

std::vector<std::string> exploreWarnings(const ExploreResult& result)
{
    std::vector<std::string> warnings;
    if (!result.model || !result.model->model)
        return warnings;
    std::size_t longest = result.a.trace.tokenCount();
    if (result.b)
        longest = std::max(longest, result.b->trace.tokenCount());
    if (std::string text = positionsWarning(result.model->model->config(), longest); !text.empty())
        warnings.push_back(std::move(text));
    return warnings;
}

void addWarnings(Report& report, const std::vector<std::string>& warnings)
{
    if (warnings.empty())
        return;
    (*report.fields)["warnings"] = warnings;
    for (const std::string& warning : warnings)
        if (!report.figures.empty())
            report.figures.front().caption += " " + warning;
}

std::string routingNote(const RoutingTrace& trace, std::size_t t, std::size_t ordinal)
{
    std::string experts;
    const auto ids = trace.idsAt(t, ordinal);
    const auto weights = trace.weightsAt(t, ordinal);
    for (std::size_t i = 0; i < ids.size(); ++i)
        experts += fmt::format("{}E{} {:.3f}", i ? ", " : "", ids[i], weights[i]);
    return fmt::format("\"{}\" at layer {}: {}\nmargin {:.3f} {}, entropy {:.2f} of {:.2f} nats",
        visibleToken(trace.tokens[t].text), trace.layers[ordinal].value, experts,
        trace.marginAt(t, ordinal), trace.marginUnit, trace.entropyAt(t, ordinal),
        std::log(trace.experts));
}

} // namespace moescope
