// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace moescope {

namespace {

constexpr std::uint32_t kLargestCount = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kLongestList = 1'000'000;

template <typename T>
std::optional<T> parseWhole(std::string_view text)
{
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parseCount(std::string_view text)
{
    const auto value = parseWhole<std::uint32_t>(text);
    return value && *value <= kLargestCount ? value : std::nullopt;
}

std::optional<double> parseFinite(std::string_view text)
{
    const auto value = parseWhole<double>(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

/// Cells apart by commas or spaces; a cell that is missing between commas is an empty one.
std::vector<std::string_view> splitList(std::string_view text)
{
    std::vector<std::string_view> parts;
    const bool several = text.find(',') != text.npos;
    while (true) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view cell = text.substr(0, comma);
        const std::size_t before = parts.size();
        while (!cell.empty()) {
            const std::size_t end = std::min(cell.find(' '), cell.size());
            if (end > 0)
                parts.push_back(cell.substr(0, end));
            cell.remove_prefix(std::min(end + 1, cell.size()));
        }
        if (several && parts.size() == before)
            parts.emplace_back();
        if (comma == text.size())
            return parts;
        text.remove_prefix(comma + 1);
    }
}

tl::unexpected<Error> wrongValue(
    std::string_view name, std::string_view expected, std::string_view text)
{
    return fail(ErrorCode::InvalidArgument,
        fmt::format("{} must be {}, but is \"{}\".", name, expected, text));
}

Status checkValue(const ParameterInfo& parameter, const std::string& text)
{
    const std::string name = "--" + parameter.name;
    switch (parameter.kind) {
    case ParameterInfo::Kind::Text:
        return {};
    case ParameterInfo::Kind::Integer:
        if (!parseCount(text))
            return wrongValue(name, "a whole number of at least 0", text);
        return {};
    case ParameterInfo::Kind::Number:
        if (!parseFinite(text))
            return wrongValue(name, "a number", text);
        return {};
    case ParameterInfo::Kind::Flag:
        if (text != "true" && text != "false")
            return wrongValue(name, "true or false", text);
        return {};
    case ParameterInfo::Kind::Choice:
        if (std::find(parameter.choices.begin(), parameter.choices.end(), text)
            == parameter.choices.end())
            return wrongValue(
                name, fmt::format("one of {}", fmt::join(parameter.choices, ", ")), text);
        return {};
    }
    return {};
}

} // namespace

Status checkParameters(const ExperimentInput& input, std::span<const ParameterInfo> parameters)
{
    if (!input.model)
        return fail(ErrorCode::InvalidArgument, "No model was given.");
    for (const auto& [given, text] : input.values) {
        const std::string& name = given; // clang 14 captures no structured binding
        const auto known = std::find_if(
            parameters.begin(), parameters.end(), [&](const auto& p) { return p.name == name; });
        if (known == parameters.end())
            return fail(
                ErrorCode::InvalidArgument, fmt::format("There is no parameter --{}.", name));
        MOESCOPE_CHECK(checkValue(*known, text));
    }
    for (const ParameterInfo& parameter : parameters)
        if (parameter.required && !input.values.contains(parameter.name))
            return fail(
                ErrorCode::InvalidArgument, fmt::format("--{} is missing.", parameter.name));
    return {};
}

std::optional<std::string> givenText(const ExperimentInput& input, std::string_view name)
{
    const auto it = input.values.find(std::string(name));
    return it == input.values.end() ? std::nullopt : std::optional(it->second);
}

std::optional<LayerId> givenLayer(const ExperimentInput& input, std::string_view name)
{
    const auto text = givenText(input, name);
    const auto value = text ? parseCount(*text) : std::nullopt;
    return value ? std::optional(LayerId(*value)) : std::nullopt;
}

Result<std::vector<std::uint32_t>> parseCountList(std::string_view text, std::string_view what)
{
    std::vector<std::uint32_t> values;
    for (const std::string_view part : splitList(text)) {
        const std::size_t dash = part.find('-');
        const auto first = parseCount(part.substr(0, dash));
        const auto last
            = dash == std::string_view::npos ? first : parseCount(part.substr(dash + 1));
        if (!first || !last || *last < *first || *last - *first >= kLongestList - values.size())
            return wrongValue(what, "whole numbers such as 0,3,7 or 0-3", text);
        for (std::uint32_t value = *first; value <= *last; ++value)
            values.push_back(value);
    }
    if (values.empty())
        return wrongValue(what, "whole numbers such as 0,3,7 or 0-3", text);
    return values;
}

Result<std::vector<double>> parseNumberList(std::string_view text, std::string_view what)
{
    std::vector<double> values;
    for (const std::string_view part : splitList(text)) {
        const auto value = parseFinite(part);
        if (!value)
            return wrongValue(what, "numbers such as 0.9,0.95", text);
        values.push_back(*value);
    }
    if (values.empty())
        return wrongValue(what, "numbers such as 0.9,0.95", text);
    return values;
}

Result<std::vector<std::int32_t>> parseTokenIds(std::string_view text)
{
    std::vector<std::int32_t> ids;
    for (const std::string_view part : splitList(text)) {
        if (part.empty())
            return fail(ErrorCode::InvalidArgument,
                fmt::format("Token ids must be whole numbers such as 1,2,3, but in \"{}\" one is "
                            "missing.",
                    text));
        const auto id = parseWhole<std::int32_t>(part);
        if (!id || *id < 0)
            return fail(ErrorCode::InvalidArgument,
                fmt::format(
                    "Token ids must be whole numbers such as 1,2,3, but \"{}\" is none.", part));
        ids.push_back(*id);
    }
    if (ids.empty())
        return fail(ErrorCode::InvalidArgument, "No token ids were given.");
    return ids;
}

} // namespace moescope
