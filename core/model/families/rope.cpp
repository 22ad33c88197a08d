// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"

namespace moescope::family {

namespace {

/// Each member describes the RoPE of one layer type.
bool isNested(const Json& object)
{
    return !object.empty() && std::ranges::all_of(object, [](const Json& member) {
        return member.is_object() || member.is_null();
    });
}

Result<std::string> kindOf(const Json& object, std::string_view source)
{
    for (const char* key : {"rope_type", "type"}) {
        MOESCOPE_TRY(const auto kind, jsonOptionalString(object, key, source));
        if (kind)
            return *kind;
    }
    return std::string("default");
}

/// What the kinds need beside the base; `object` is the RoPE object.
struct Scaling {
    const Json& config;
    const Json& object;
    std::string_view source;
    std::uint32_t maxPositions;

    Result<double> originalPositions() const
    {
        MOESCOPE_TRY(const double nested,
            positive(object, "original_max_position_embeddings", source, maxPositions));
        return positive(config, "original_max_position_embeddings", source, nested);
    }
    /// Follows from the length before scaling where that is given.
    Result<double> factor() const
    {
        const auto gives = [](const Json& json, const char* key) {
            const auto it = json.find(key);
            return it != json.end() && !it->is_null();
        };
        constexpr const char* kOriginal = "original_max_position_embeddings";
        if (!gives(object, kOriginal) && !gives(config, kOriginal))
            return requiredFactor();
        MOESCOPE_TRY(const double original, originalPositions());
        return positive(object, "factor", source, maxPositions / original);
    }
    Result<double> requiredFactor() const
    {
        MOESCOPE_TRY(const auto given, jsonOptionalDouble(object, "factor", source));
        if (!given) {
            MOESCOPE_TRY(const std::string kind, kindOf(object, source));
            return bad(source, fmt::format("RoPE of the kind \"{}\" needs a \"factor\"", kind));
        }
        return positive(object, "factor", source, *given);
    }
    /// A factor per pair.
    Result<std::vector<double>> list(const char* key, std::size_t count) const
    {
        const auto it = object.find(key);
        std::vector<double> values;
        if (it != object.end() && it->is_array()) {
            for (const Json& value : *it) {
                if (value.is_number() && value.get<double>() > 0)
                    values.push_back(value.get<double>());
            }
        }
        if (values.size() != count)
            return bad(source,
                fmt::format("\"{}\" should list {} positive numbers, one for each rotated pair",
                    key, count));
        return values;
    }
};

double yarnScale(double factor, double weight)
{
    return factor <= 1 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0;
}

Status yarn(RopeSpec& rope, const Scaling& scaling)
{
    MOESCOPE_TRY(const double original, scaling.originalPositions());
    MOESCOPE_TRY(const double factor, scaling.factor());
    const Json& object = scaling.object;
    MOESCOPE_TRY(const double fast, positive(object, "beta_fast", scaling.source, 32));
    MOESCOPE_TRY(const double slow, positive(object, "beta_slow", scaling.source, 1));
    MOESCOPE_TRY(const bool truncate, flag(object, "truncate", scaling.source, true));
    MOESCOPE_TRY(const auto given, jsonOptionalDouble(object, "attention_factor", scaling.source));
    MOESCOPE_TRY(const auto mscale, jsonOptionalDouble(object, "mscale", scaling.source));
    MOESCOPE_TRY(
        const auto mscaleAll, jsonOptionalDouble(object, "mscale_all_dim", scaling.source));
    const double width = rope.width;
    const auto corrected = [&](double rotations) {
        return width * std::log(original / (rotations * 2 * std::numbers::pi))
            / (2 * std::log(rope.base));
    };
    double low = corrected(fast);
    double high = corrected(slow);
    if (truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, width - 1);
    if (low == high)
        high += 0.001;
    for (std::size_t i = 0; i < rope.frequencies.size(); ++i) {
        const double share = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
        const double plain = std::pow(rope.base, -2.0 * static_cast<double>(i) / width);
        rope.frequencies[i] = static_cast<float>(plain / factor * share + plain * (1 - share));
    }
    if (given)
        rope.attentionFactor = static_cast<float>(*given);
    else if (mscale.value_or(0) != 0 && mscaleAll.value_or(0) != 0)
        rope.attentionFactor
            = static_cast<float>(yarnScale(factor, *mscale) / yarnScale(factor, *mscaleAll));
    else
        rope.attentionFactor = static_cast<float>(yarnScale(factor, 1));
    return {};
}

Status llama3(RopeSpec& rope, const Scaling& scaling)
{
    MOESCOPE_TRY(const double original, scaling.originalPositions());
    MOESCOPE_TRY(const double factor, scaling.factor());
    MOESCOPE_TRY(const double low, positive(scaling.object, "low_freq_factor", scaling.source, 1));
    MOESCOPE_TRY(
        const double high, positive(scaling.object, "high_freq_factor", scaling.source, 4));
    for (float& frequency : rope.frequencies) {
        const double plain = static_cast<double>(frequency);
        const double length = 2 * std::numbers::pi / plain;
        if (length < original / high)
            continue;
        const double share
            = length > original / low ? 0.0 : (original / length - low) / (high - low);
        frequency = static_cast<float>((1 - share) * plain / factor + share * plain);
    }
    return {};
}

Status longrope(RopeSpec& rope, const Scaling& scaling)
{
    MOESCOPE_TRY(const double original, scaling.originalPositions());
    MOESCOPE_TRY(const double factor, scaling.factor());
    MOESCOPE_TRY(
        const auto given, jsonOptionalDouble(scaling.object, "attention_factor", scaling.source));
    MOESCOPE_TRY(const auto shortList, scaling.list("short_factor", rope.frequencies.size()));
    MOESCOPE_TRY(const auto longList, scaling.list("long_factor", rope.frequencies.size()));
    const double usual = factor <= 1 ? 1.0 : std::sqrt(1 + std::log(factor) / std::log(original));
    rope.attentionFactor = static_cast<float>(given.value_or(usual));
    rope.beyond = RopeSpec::Long{static_cast<std::uint32_t>(std::min(original, 4e9)),
        rope.frequencies, rope.attentionFactor};
    for (std::size_t i = 0; i < rope.frequencies.size(); ++i) {
        const double plain = std::pow(rope.base, -2.0 * static_cast<double>(i) / rope.width);
        rope.beyond->frequencies[i] = static_cast<float>(plain / longList[i]);
        rope.frequencies[i] = static_cast<float>(plain / shortList[i]);
    }
    return {};
}

/// "dynamic" with alpha changes the base once and for all (Hunyuan); without it the base follows
/// the length.
Status dynamic(RopeSpec& rope, const Scaling& scaling)
{
    MOESCOPE_TRY(const auto alpha, jsonOptionalDouble(scaling.object, "alpha", scaling.source));
    if (rope.width <= 2)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the RoPE kind \"dynamic\" is not supported for a single pair.",
                scaling.source));
    if (!alpha) {
        MOESCOPE_TRY(const double factor, scaling.requiredFactor());
        rope.dynamic = RopeSpec::Dynamic{scaling.maxPositions, factor};
        return {};
    }
    if (!(*alpha > 0) || !std::isfinite(*alpha))
        return bad(scaling.source, fmt::format("\"alpha\" should be above 0, but is {}", *alpha));
    rope.base *= std::pow(*alpha, static_cast<double>(rope.width) / (rope.width - 2.0));
    rope.frequencies = ropeFrequencies(rope.base, rope.width);
    return {};
}

} // namespace

Result<const Json*> ropeObject(const Json& config, std::string_view source)
{
    static const Json empty = Json::object();
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        const auto it = config.find(key);
        if (it == config.end() || it->is_null())
            continue;
        if (!it->is_object())
            return bad(source, fmt::format("\"{}\" should be an object", key));
        if (it->empty())
            continue;
        if (!isNested(*it))
            return &*it;
        const Json& first = *it->begin();
        if (!first.is_object()
            || std::ranges::any_of(*it, [&](const Json& other) { return other != first; }))
            return fail(ErrorCode::Unsupported,
                fmt::format("{}: a \"{}\" that differs between layer types is not supported yet.",
                    source, key));
        return &first;
    }
    return &empty;
}

std::vector<float> ropeFrequencies(double base, std::uint32_t width)
{
    std::vector<float> frequencies(width / 2);
    for (std::size_t i = 0; i < frequencies.size(); ++i)
        frequencies[i] = static_cast<float>(std::pow(base, -2.0 * static_cast<double>(i) / width));
    return frequencies;
}

Result<RopeSpec> readRope(const Json& config, std::string_view source, const RopeDefaults& defaults)
{
    MOESCOPE_TRY(const Json* found, ropeObject(config, source));
    const Json& object = *found;
    RopeSpec rope;
    MOESCOPE_TRY(rope.base, positive(config, "rope_theta", source, defaults.base));
    MOESCOPE_TRY(rope.base, positive(object, "rope_theta", source, rope.base));
    MOESCOPE_TRY(
        double partial, positive(config, "partial_rotary_factor", source, defaults.partial));
    MOESCOPE_TRY(partial, positive(object, "partial_rotary_factor", source, partial));
    if (partial > 1)
        return bad(source,
            fmt::format("\"partial_rotary_factor\" should be at most 1, but is {}", partial));
    rope.width = static_cast<std::uint32_t>(defaults.headDim * partial);
    if (rope.width == 0 || rope.width % 2 != 0)
        return bad(source,
            fmt::format("the rotated width of a head should be even, but is {}", rope.width));
    rope.frequencies = ropeFrequencies(rope.base, rope.width);

    MOESCOPE_TRY(rope.kind, kindOf(object, source));
    const Scaling scaling{config, object, source, defaults.maxPositions};
    if (rope.kind == "default")
        return rope;
    if (rope.kind == "linear") {
        MOESCOPE_TRY(const double factor, scaling.requiredFactor());
        for (float& frequency : rope.frequencies)
            frequency = static_cast<float>(static_cast<double>(frequency) / factor);
    } else if (rope.kind == "yarn") {
        MOESCOPE_CHECK(yarn(rope, scaling));
    } else if (rope.kind == "llama3") {
        MOESCOPE_CHECK(llama3(rope, scaling));
    } else if (rope.kind == "longrope") {
        MOESCOPE_CHECK(longrope(rope, scaling));
    } else if (rope.kind == "dynamic") {
        MOESCOPE_CHECK(dynamic(rope, scaling));
    } else {
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the RoPE kind \"{}\" is not supported yet.", source, rope.kind));
    }
    return rope;
}

Result<double> latentScaleFactor(
    const Json& config, std::string_view source, std::uint32_t maxPositions)
{
    MOESCOPE_TRY(const Json* found, ropeObject(config, source));
    const Json& object = *found;
    MOESCOPE_TRY(const std::string kind, kindOf(object, source));
    MOESCOPE_TRY(const auto mscaleAll, jsonOptionalDouble(object, "mscale_all_dim", source));
    if (kind == "default" || mscaleAll.value_or(0) == 0)
        return 1.0;
    const Scaling scaling{config, object, source, maxPositions};
    MOESCOPE_TRY(const double factor, scaling.factor());
    return std::pow(yarnScale(factor, *mscaleAll), 2);
}

} // namespace moescope::family
