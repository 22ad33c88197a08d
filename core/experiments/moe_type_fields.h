// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/moe_type.h"
#include "core/io/json_fwd.h"

namespace moescope::moetype {

/// The result fields of moe-type-analyze, type-layers and similarity (EXPERIMENTS section 6). Every
/// array begins with the layers that were analysed, then the projections: cos[L][proj][E][E].
/// Spectra stand in it while they are few; else they are the report's big arrays.
Json analysisFields(const MoeTypeResult& result);
std::vector<BigArray> spectraBesideTheJson(const MoeTypeResult& result);

} // namespace moescope::moetype
