// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/sidecar.h"

#include <limits>
#include <optional>

#include "core/io/json.h"

namespace moescope {

namespace {

using Shape = std::vector<std::uint64_t>;

/// The shape of an array of numbers at any depth; nothing when it is ragged or holds anything else.
std::optional<Shape> rectangularShape(const Json& array)
{
    Shape shape{array.size()};
    if (array.empty())
        return std::nullopt;
    if (!array.front().is_array()) {
        for (const Json& value : array)
            if (!value.is_number() && !value.is_null())
                return std::nullopt;
        return shape;
    }
    const auto inner = rectangularShape(array.front());
    if (!inner)
        return std::nullopt;
    for (const Json& value : array)
        if (!value.is_array() || rectangularShape(value) != inner)
            return std::nullopt;
    shape.insert(shape.end(), inner->begin(), inner->end());
    return shape;
}

template <typename Visitor>
void visitNumbers(const Json& value, const Visitor& visit)
{
    if (value.is_array()) {
        for (const Json& element : value)
            visitNumbers(element, visit);
    } else {
        visit(value);
    }
}

double asDouble(const Json& value)
{
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

DType exactType(const Json& array)
{
    bool whole = true;
    bool small = true;
    bool single = true;
    visitNumbers(array, [&](const Json& value) {
        if (value.is_number_integer()) {
            const bool fits = !value.is_number_unsigned()
                || value.get<std::uint64_t>()
                    <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
            whole = whole && fits;
            const auto number
                = fits ? value.get<std::int64_t>() : std::numeric_limits<std::int64_t>::max();
            small = small && number == static_cast<std::int32_t>(number);
            single = single && std::abs(number) < (1 << 24);
            return;
        }
        whole = false;
        const double number = asDouble(value);
        single = single
            && !(static_cast<double>(static_cast<float>(number)) != number && number == number);
    });
    if (whole)
        return small ? DType::I32 : DType::I64;
    return single ? DType::F32 : DType::F64;
}

template <typename T, typename Convert>
void addAs(SafetensorsWriter& writer, const std::string& name, DType dtype, const Shape& shape,
    const Json& array, const Convert& convert)
{
    std::vector<T> values;
    visitNumbers(array, [&](const Json& value) { values.push_back(convert(value)); });
    writer.addBytes(name, dtype, shape, std::as_bytes(std::span<const T>(values)));
}

DType addArray(
    SafetensorsWriter& writer, const std::string& name, const Shape& shape, const Json& array)
{
    const DType dtype = exactType(array);
    if (dtype == DType::I32)
        addAs<std::int32_t>(
            writer, name, dtype, shape, array, [](const Json& v) { return v.get<std::int32_t>(); });
    else if (dtype == DType::I64)
        addAs<std::int64_t>(
            writer, name, dtype, shape, array, [](const Json& v) { return v.get<std::int64_t>(); });
    else if (dtype == DType::F32)
        addAs<float>(writer, name, dtype, shape, array,
            [](const Json& v) { return static_cast<float>(asDouble(v)); });
    else
        addAs<double>(writer, name, dtype, shape, array, asDouble);
    return dtype;
}

std::size_t move(
    Json& json, SafetensorsWriter& writer, const std::string& fileName, const std::string& path)
{
    std::size_t moved = 0;
    if (json.is_object()) {
        for (auto& [key, value] : json.items())
            moved += move(value, writer, fileName, path.empty() ? key : path + "." + key);
        return moved;
    }
    if (!json.is_array())
        return 0;
    const auto shape = rectangularShape(json);
    std::uint64_t numbers = shape ? 1 : 0;
    for (const std::uint64_t extent : shape.value_or(Shape()))
        numbers *= extent;
    if (numbers > kSidecarNumbers) {
        const DType dtype = addArray(writer, path, *shape, json);
        json = sidecarReference(fileName, path, dtype, *shape);
        return 1;
    }
    if (!shape)
        for (std::size_t i = 0; i < json.size(); ++i)
            moved += move(json[i], writer, fileName, path + "." + std::to_string(i));
    return moved;
}

} // namespace

Json sidecarReference(const std::string& fileName, const std::string& tensor, DType dtype,
    const std::vector<std::uint64_t>& shape)
{
    return {{"file", fileName}, {"tensor", tensor}, {"dtype", safetensorsName(dtype)},
        {"shape", shape}};
}

std::size_t moveBigArrays(Json& json, SafetensorsWriter& writer, const std::string& fileName)
{
    return move(json, writer, fileName, {});
}

} // namespace moescope
