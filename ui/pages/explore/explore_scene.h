// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/experiments/explore_grids.h"
#include "ui/session/selection.h"

namespace moescope::ui {

class Session;

enum class Comparing : std::uint8_t {
    Nothing,
    Prompts,
    Changes ///< the same prompt, untouched and with interventions
};
enum class ShownSides : std::uint8_t { Both, A, B };

/// What the page shows right now: the result, how it is looked at, and the selection in it.
struct ExploreScene {
    std::shared_ptr<const ExploreResult> result; ///< never null where a scene is shown
    Comparing comparing = Comparing::Nothing;
    ShownSides shown = ShownSides::A; ///< Both only when something is compared
    Selection selection;

    bool isDense() const { return result->a.trace.layers.empty(); }
    LayerId layer() const { return selection.layer.value_or(result->layer); }
    /// The side that the single views and the inspector speak of.
    PromptSide focus() const;
    SidePointer side(PromptSide which) const; ///< A when there is no B
    /// The routing of attention heads in place of the experts', where it was chosen and is there.
    SidePointer headsA;
    SidePointer headsB;
    bool showsHeads() const { return headsA != nullptr; }
    SidePointer routing(PromptSide which) const; ///< what is looked at: experts or heads
    /// The selected tokens on one side; on the other one their aligned tokens.
    std::optional<std::size_t> tokenOn(PromptSide which) const;
    std::optional<TokenRange> rangeOn(PromptSide which) const;
};

/// A side whose trace is that of its attention heads; null where there is none.
SidePointer headsOf(const SidePointer& side);

ExploreScene makeScene(const Session& session, ShownSides wanted);

} // namespace moescope::ui
