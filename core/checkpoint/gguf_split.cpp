// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/gguf.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSuffix = ".gguf";
constexpr std::string_view kOf = "-of-";
constexpr std::size_t kDigits = 5;

std::optional<std::uint32_t> takeNumber(std::string_view& text)
{
    if (text.size() < kDigits)
        return std::nullopt;
    const std::string_view digits = text.substr(text.size() - kDigits);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
    if (error != std::errc() || end != digits.end())
        return std::nullopt;
    text.remove_suffix(kDigits);
    return number;
}

/// Keys that a later part repeats from the first must say the same.
Status checkSameModel(
    const Metadata& first, const Metadata& part, const fs::path& firstPath, const fs::path& path)
{
    for (const auto& [key, value] : part.entries()) {
        const MetadataValue* other = key == "split.no" ? nullptr : first.find(key);
        if (other && value.type == other->type
            && !std::equal(
                value.bytes.begin(), value.bytes.end(), other->bytes.begin(), other->bytes.end()))
            return fail(ErrorCode::BadFormat,
                fmt::format("{} is no part of the same model as {}: its \"{}\" is {}, not {}.",
                    displayPath(path), displayPath(firstPath), displayName(key), value.text(),
                    other->text()));
    }
    return {};
}

/// What a part says of itself must be what its name says.
Status checkPart(
    const Metadata& metadata, const fs::path& path, std::uint64_t number, std::uint64_t count)
{
    MOESCOPE_TRY(const auto saysCount, metadata.uint("split.count"));
    MOESCOPE_TRY(const auto saysNumber, metadata.uint("split.no"));
    if (count == 1 && saysCount.value_or(1) <= 1)
        return {};
    if (count == 1)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is one of {} parts of a model, but its name does not say which (as in "
                        "\"model-00001-of-{:05}.gguf\"), so the others cannot be found.",
                displayPath(path), *saysCount, *saysCount));
    if (!saysCount || !saysNumber)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is named as part {} of {}, but has no metadata \"{}\".",
                displayPath(path), number + 1, count, saysCount ? "split.no" : "split.count"));
    if (*saysCount != count || *saysNumber != number)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is named as part {} of {}, but its split.no is {} and its split.count "
                        "is {}, where {} and {} belong.",
                displayPath(path), number + 1, count, *saysNumber, *saysCount, number, count));
    return {};
}

} // namespace

std::string GgufPartName::fileName(std::uint32_t part) const
{
    return fmt::format("{}-{:05}-of-{:05}.gguf", stem, part, count);
}

std::optional<GgufPartName> ggufPartName(std::string_view fileName)
{
    if (!fileName.ends_with(kSuffix))
        return std::nullopt;
    std::string_view rest = fileName.substr(0, fileName.size() - kSuffix.size());
    const auto count = takeNumber(rest);
    if (!count || !rest.ends_with(kOf))
        return std::nullopt;
    rest.remove_suffix(kOf.size());
    const auto number = takeNumber(rest);
    if (!number || !rest.ends_with('-') || *number < 1 || *number > *count)
        return std::nullopt;
    rest.remove_suffix(1);
    return GgufPartName{std::string(rest), *number, *count};
}

Status checkGgufParts(std::span<const fs::path> files, std::span<const GgufHeader> headers)
{
    std::uint64_t tensors = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        MOESCOPE_CHECK(checkPart(headers[i].metadata, files[i], i, files.size()));
        if (i > 0)
            MOESCOPE_CHECK(
                checkSameModel(headers[0].metadata, headers[i].metadata, files[0], files[i]));
        tensors += headers[i].tensors.size();
    }
    MOESCOPE_TRY(const auto expected, headers[0].metadata.uint("split.tensors.count"));
    if (expected && *expected != tensors)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} and its other parts should hold {} tensors together, but hold {}.",
                displayPath(files[0]), *expected, tensors));
    return {};
}

} // namespace moescope
