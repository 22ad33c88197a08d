// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_keys.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope::gguf {

namespace {

constexpr std::uint64_t kMostSize = 1U << 30;

} // namespace

Keys::Keys(const Checkpoint& checkpoint, std::string architecture)
    : m_checkpoint(checkpoint)
    , m_architecture(std::move(architecture))
    , m_source(displayPath(checkpoint.path()))
{
}

std::string Keys::name(std::string_view key) const
{
    return fmt::format("{}.{}", m_architecture, key);
}

tl::unexpected<Error> Keys::bad(std::string_view what) const
{
    return fail(ErrorCode::BadFormat, fmt::format("{}: {}.", m_source, what));
}

tl::unexpected<Error> Keys::unsupported(std::string_view what) const
{
    return fail(ErrorCode::Unsupported, fmt::format("{}: {}.", m_source, what));
}

Result<std::optional<std::uint32_t>> Keys::largestSize(std::string_view key) const
{
    MOESCOPE_TRY(const auto list, m_checkpoint.metadata().uints(name(key)));
    if (!list || list->empty())
        return std::nullopt;
    const std::uint64_t value = *std::ranges::max_element(*list);
    if (value > kMostSize)
        return bad(
            fmt::format("\"{}\" should be at most {}, but is {}", name(key), kMostSize, value));
    if (value == 0)
        return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

Result<std::optional<std::uint32_t>> Keys::optionalSize(std::string_view key) const
{
    MOESCOPE_TRY(const auto list, m_checkpoint.metadata().uints(name(key)));
    if (list && std::ranges::adjacent_find(*list, std::ranges::not_equal_to()) != list->end())
        return unsupported(
            fmt::format("a \"{}\" that differs between layers is not supported yet", name(key)));
    return largestSize(key);
}

Result<std::uint32_t> Keys::size(std::string_view key) const
{
    MOESCOPE_TRY(const auto value, optionalSize(key));
    if (!value)
        return bad(fmt::format("\"{}\" is {}", name(key),
            m_checkpoint.metadata().find(name(key)) ? "0, but should be above it" : "missing"));
    return *value;
}

Result<std::optional<double>> Keys::number(std::string_view key) const
{
    MOESCOPE_TRY(const auto value, m_checkpoint.metadata().number(name(key)));
    if (value && !std::isfinite(*value))
        return bad(fmt::format("\"{}\" should be a finite number", name(key)));
    return value;
}

Result<std::optional<bool>> Keys::flag(std::string_view key) const
{
    return m_checkpoint.metadata().boolean(name(key));
}

Result<std::optional<std::string>> Keys::word(std::string_view key) const
{
    MOESCOPE_TRY(const auto value, m_checkpoint.metadata().string(name(key)));
    if (!value)
        return std::nullopt;
    return std::string(*value);
}

} // namespace moescope::gguf
