// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/foreign_weights.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/config_file.h"
#include "core/io/json.h"

namespace moescope {

namespace {

std::string quantMethod(const Json& config)
{
    const Json* declared = quantizationConfig(config);
    if (!declared)
        return {};
    const auto method = jsonOptionalString(*declared, "quant_method", "config.json");
    return method && *method ? displayName(**method) : std::string();
}

/// Methods whose files are read, in some of their formats.
bool isKnown(std::string_view method)
{
    constexpr std::array<std::string_view, 3> kKnown = {"fp8", "mxfp4", "compressed-tensors"};
    return std::ranges::find(kKnown, method) != kKnown.end();
}

bool isWholeNumber(DType dtype)
{
    constexpr std::array kWhole = {DType::I64, DType::I32, DType::I16, DType::I8, DType::U64,
        DType::U32, DType::U16, DType::U8};
    return std::ranges::find(kWhole, dtype) != kWhole.end();
}

/// What only such files hold.
bool isForeign(const TensorInfo& tensor)
{
    constexpr std::array<std::string_view, 5> kEndings
        = {".qweight", ".weight_packed", ".qzeros", ".absmax", ".SCB"};
    return std::ranges::any_of(
               kEndings, [&](std::string_view end) { return tensor.name.ends_with(end); })
        || (tensor.shape.size() >= 2 && tensor.name.ends_with(".weight")
            && isWholeNumber(tensor.dtype));
}

} // namespace

std::optional<Error> foreignQuantisation(const Json& config, const Checkpoint& checkpoint)
{
    const std::string method = quantMethod(config);
    const auto tensor = std::ranges::find_if(checkpoint.tensors(), isForeign);
    const bool found = tensor != checkpoint.tensors().end();
    if (!found && (method.empty() || isKnown(method)))
        return std::nullopt;
    std::string message = displayPath(checkpoint.path()) + ": the weights are quantised";
    if (!method.empty())
        message += fmt::format(" with the method \"{}\"", method);
    if (found)
        message
            += fmt::format(" (\"{}\" is {})", displayName(tensor->name), dtypeName(tensor->dtype));
    return Error{ErrorCode::Unsupported,
        message + ", which is not supported; their tensors can be inspected."};
}

} // namespace moescope
