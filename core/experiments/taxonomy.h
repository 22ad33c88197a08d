// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/config.h"

namespace moescope {

/// A value that literature gives for a known model. `lo` or `hi` without `value` is a bound.
struct PublishedValue {
    std::string quantity; ///< "mean_cosine", "delta_rank_95", "cosine_to_dense"
    std::optional<double> value;
    std::optional<double> lo;
    std::optional<double> hi;
    std::string projection; ///< empty: not told apart
    std::optional<double> of; ///< the largest value possible, of ranks
    std::string source;
    std::string note;
};

/// A published mixture model: shape, documented training history, published values. Zeros where an
/// entry stands for a kind of model instead of one.
struct KnownModel {
    std::string id;
    std::string name;
    std::uint32_t experts = 0;
    std::uint32_t topK = 0;
    std::uint32_t sharedExperts = 0;
    std::uint32_t sharedWidth = 0; ///< of all shared experts together, where it is published
    std::uint32_t mixtureLayers = 0;
    std::uint32_t layers = 0;
    std::uint32_t hidden = 0;
    std::uint32_t inner = 0; ///< of one expert
    std::string history; ///< "from scratch", "upcycled" or "not disclosed"
    std::string historyText;
    std::string historySource;
    std::vector<PublishedValue> values;
};

/// `taxonomy.json` of the resources folder; errors name what is wrong with it.
Result<std::vector<KnownModel>> loadTaxonomy(const std::filesystem::path& resources);

/// The known model of exactly this shape; null when there is none.
const KnownModel* findKnownModel(const std::vector<KnownModel>& models, const ModelConfig& config);

} // namespace moescope
