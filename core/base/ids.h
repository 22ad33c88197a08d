// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace moescope {

/// An index that cannot be mixed up with an index of another kind.
template <typename Tag>
struct Id {
    std::uint32_t value = 0;
    constexpr Id() = default;
    constexpr explicit Id(std::uint32_t v)
        : value(v)
    {
    }
    constexpr auto operator<=>(const Id&) const = default;
};

/// Absolute block number, counted from 0 (dense blocks count too).
using LayerId = Id<struct LayerTag>;
/// Routed expert inside one layer, counted from 0. Shared experts have no ExpertId.
using ExpertId = Id<struct ExpertTag>;

} // namespace moescope

template <typename Tag>
struct std::hash<moescope::Id<Tag>> {
    std::size_t operator()(moescope::Id<Tag> id) const noexcept { return id.value; }
};
