// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/explore_scene.h"

#include <algorithm>

#include "ui/session/session.h"

namespace moescope::ui {

PromptSide ExploreScene::focus() const
{
    if (comparing == Comparing::Nothing)
        return PromptSide::A;
    if (shown == ShownSides::Both)
        return selection.side;
    return shown == ShownSides::B ? PromptSide::B : PromptSide::A;
}

SidePointer ExploreScene::side(PromptSide which) const
{
    return which == PromptSide::B && result->b ? sideB(result) : sideA(result);
}

SidePointer ExploreScene::routing(PromptSide which) const
{
    if (!showsHeads())
        return side(which);
    return which == PromptSide::B && headsB ? headsB : headsA;
}

SidePointer headsOf(const SidePointer& side)
{
    std::optional<RoutingTrace> heads = side ? attentionTrace(side->trace) : std::nullopt;
    if (!heads)
        return nullptr;
    auto shown = std::make_shared<ExploreResult::Side>();
    shown->trace = std::move(*heads);
    shown->tags = side->tags;
    return shown;
}

std::optional<std::size_t> ExploreScene::tokenOn(PromptSide which) const
{
    const auto token = selection.token();
    if (!token || selection.side == which || !result->comparison)
        return token;
    for (const auto& [a, b] : result->comparison->aligned) {
        if (*token == (selection.side == PromptSide::A ? a : b))
            return which == PromptSide::A ? a : b;
    }
    return std::nullopt;
}

std::optional<TokenRange> ExploreScene::rangeOn(PromptSide which) const
{
    if (!selection.tokens || selection.side == which || !result->comparison)
        return selection.tokens;
    std::optional<TokenRange> range;
    for (const auto& [a, b] : result->comparison->aligned) {
        if (!selection.tokens->contains(selection.side == PromptSide::A ? a : b))
            continue;
        const std::size_t here = which == PromptSide::A ? a : b;
        if (!range)
            range = TokenRange{here, here};
        range->last = here;
    }
    return range;
}

ExploreScene makeScene(const Session& session, ShownSides wanted)
{
    ExploreScene scene;
    scene.result = session.explore();
    scene.selection = session.selection();
    if (scene.result && scene.result->b && scene.result->comparison) {
        scene.comparing
            = comparesInterventions(*scene.result) ? Comparing::Changes : Comparing::Prompts;
        scene.shown = scene.isDense() && wanted == ShownSides::Both ? ShownSides::A : wanted;
    }
    return scene;
}

} // namespace moescope::ui
