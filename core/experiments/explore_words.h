// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/experiments/explore.h"

/// What the grids, figures and reports of a prompt's run say in words.
namespace moescope {

/// A token of a model without a tokenizer: it has no text that could have a type.
bool isBareId(const TraceToken& token);

/// The whole characters that a token holds only some bytes of ("漢"); empty for other tokens.
std::string partialCharacters(const RoutingTrace& trace, std::size_t token);
/// What a reader must know before the numbers, such as a prompt longer than the model's positions.
std::vector<std::string> exploreWarnings(const ExploreResult& result);
/// Into the fields of a report, and under its first figure.
void addWarnings(Report& report, const std::vector<std::string>& warnings);

/// One token's choice at one layer in words.
std::string routingNote(const RoutingTrace& trace, std::size_t token, std::size_t ordinal);

} // namespace moescope
