// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/ids.h"

namespace moescope::ui {

/// The prompt that is looked at, or the one it is compared with.
enum class PromptSide : std::uint8_t { A, B };

/// Tokens first..last, both included, in the order of the prompt.
struct TokenRange {
    std::size_t first = 0;
    std::size_t last = 0;
    bool operator==(const TokenRange&) const = default;
    std::size_t count() const { return last - first + 1; }
    bool contains(std::size_t token) const { return token >= first && token <= last; }
};

/// What a person has pointed at. Every view follows it.
struct Selection {
    std::optional<LayerId> layer; ///< set as long as a model with mixture layers is open
    PromptSide side = PromptSide::A; ///< which prompt `tokens` counts in
    std::optional<TokenRange> tokens;
    std::vector<ExpertId>
        experts; ///< in the order in which they were clicked; the last is in focus

    bool operator==(const Selection&) const = default;
    /// The token in focus: the last of the range.
    std::optional<std::size_t> token() const
    {
        return tokens ? std::optional(tokens->last) : std::nullopt;
    }
    std::optional<ExpertId> expert() const
    {
        return experts.empty() ? std::nullopt : std::optional(experts.back());
    }
    bool contains(ExpertId expert) const;
};

/// What the pointer is over; views may mark it, nothing else changes. All empty = nothing.
struct Hover {
    std::optional<LayerId> layer;
    PromptSide side = PromptSide::A;
    std::optional<std::size_t> token;
    std::optional<ExpertId> expert;
    bool operator==(const Hover&) const = default;
};

/// Earlier selections, as in a browser. A step of a running gesture (a dragged slider, held arrow
/// keys) replaces the step before it.
class SelectionHistory {
public:
    void clear(const Selection& start);
    void push(const Selection& selection, bool gesture);
    /// Changes the current step without adding one.
    void amend(const Selection& selection);
    const Selection& current() const { return m_steps[m_at]; }
    bool canGoBack() const { return m_at > 0; }
    bool canGoForward() const { return m_at + 1 < m_steps.size(); }
    const Selection& back();
    const Selection& forward();

private:
    std::vector<Selection> m_steps{Selection{}};
    std::size_t m_at = 0;
    bool m_gesture = false;
};

} // namespace moescope::ui
