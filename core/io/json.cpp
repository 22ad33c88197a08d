// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/json.h"

#include <set>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/file_write.h"

namespace moescope {

namespace {

constexpr std::size_t kMostKeys = 20'000;

/// Builds the value while it watches depth and repeated keys, which the library's own parser lets
/// pass.
class StrictSax : public nlohmann::json_sax<Json> {
public:
    StrictSax(Json& root, std::size_t maxDepth)
        : m_builder(root, false)
        , m_maxDepth(maxDepth)
    {
    }
    std::string problem;
    std::size_t problemOffset = 0;

    bool null() override { return m_builder.null(); }
    bool boolean(bool v) override { return m_builder.boolean(v); }
    bool number_integer(number_integer_t v) override { return m_builder.number_integer(v); }
    bool number_unsigned(number_unsigned_t v) override { return m_builder.number_unsigned(v); }
    bool number_float(number_float_t v, const string_t& s) override
    {
        return m_builder.number_float(v, s);
    }
    bool string(string_t& v) override { return m_builder.string(v); }
    bool binary(binary_t& v) override { return m_builder.binary(v); }
    bool start_object(std::size_t n) override
    {
        m_keys.emplace_back();
        return enter() && m_builder.start_object(n);
    }
    bool key(string_t& name) override
    {
        // The library's ordered objects are searched from the front: more keys than this take
        // minutes.
        if (m_keys.back().size() >= kMostKeys) {
            problem = fmt::format("an object has more than {} keys", kMostKeys);
            return false;
        }
        if (!m_keys.back().insert(name).second) {
            problem = fmt::format("the key \"{}\" appears twice", toValidUtf8(name.substr(0, 200)));
            return false;
        }
        return m_builder.key(name);
    }
    bool end_object() override
    {
        m_keys.pop_back();
        --m_depth;
        return m_builder.end_object();
    }
    bool start_array(std::size_t n) override { return enter() && m_builder.start_array(n); }
    bool end_array() override
    {
        --m_depth;
        return m_builder.end_array();
    }
    bool parse_error(
        std::size_t position, const std::string&, const nlohmann::detail::exception& e) override
    {
        problemOffset = position;
        problem = e.id == 406 ? "a number is out of range" : "this is not valid JSON here";
        return false;
    }

private:
    bool enter()
    {
        if (++m_depth <= m_maxDepth)
            return true;
        problem = fmt::format("it is nested deeper than {} levels", m_maxDepth);
        return false;
    }
    nlohmann::detail::json_sax_dom_parser<Json> m_builder;
    std::vector<std::set<std::string>> m_keys;
    std::size_t m_depth = 0;
    std::size_t m_maxDepth;
};

std::string_view typeName(const Json& value)
{
    if (value.is_number_float())
        return "a fraction";
    if (value.is_number())
        return "an integer";
    if (value.is_boolean())
        return "true or false";
    return value.type_name();
}

const Json* member(const Json& object, std::string_view key)
{
    if (!object.is_object())
        return nullptr;
    const auto it = object.find(std::string(key));
    return it == object.end() || it->is_null() ? nullptr : &*it;
}

tl::unexpected<Error> wrongType(
    std::string_view source, std::string_view key, std::string_view expected, const Json& value)
{
    return fail(ErrorCode::BadFormat,
        fmt::format("{}: \"{}\" should be {}, but is {}.", source, key, expected, typeName(value)));
}

} // namespace

Result<Json> parseJson(std::string_view text, std::string_view source, std::size_t maxDepth)
{
    // The library would take a zero byte for the end.
    if (text.find('\0') != std::string_view::npos)
        return fail(
            ErrorCode::BadFormat, fmt::format("{} is broken: it holds a zero byte.", source));
    Json root;
    StrictSax sax(root, maxDepth);
    try {
        if (Json::sax_parse(text, &sax))
            return root;
    } catch (const std::exception&) {
        sax.problem = "this is not valid JSON";
    }
    const std::string where = sax.problemOffset ? fmt::format(" (byte {})", sax.problemOffset) : "";
    return fail(
        ErrorCode::BadFormat, fmt::format("{} is broken: {}{}.", source, sax.problem, where));
}

Result<Json> readJsonFile(const std::filesystem::path& path, std::size_t maxBytes)
{
    MOESCOPE_TRY(const std::string text, readTextFile(path, maxBytes));
    return parseJson(text, displayPath(path));
}

std::string dumpJson(const Json& value, int indent)
{
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Result<std::optional<std::uint64_t>> jsonOptionalUInt(
    const Json& object, std::string_view key, std::string_view source)
{
    const Json* value = member(object, key);
    if (!value)
        return std::nullopt;
    if (value->is_number_unsigned())
        return value->get<std::uint64_t>();
    if (value->is_number_integer() && value->get<std::int64_t>() >= 0)
        return static_cast<std::uint64_t>(value->get<std::int64_t>());
    return wrongType(source, key, "a whole number of at least 0", *value);
}

Result<std::uint64_t> jsonUInt(const Json& object, std::string_view key, std::string_view source)
{
    MOESCOPE_TRY(const auto value, jsonOptionalUInt(object, key, source));
    if (!value)
        return fail(ErrorCode::BadFormat, fmt::format("{} has no \"{}\".", source, key));
    return *value;
}

Result<std::optional<double>> jsonOptionalDouble(
    const Json& object, std::string_view key, std::string_view source)
{
    const Json* value = member(object, key);
    if (!value)
        return std::nullopt;
    if (!value->is_number())
        return wrongType(source, key, "a number", *value);
    return value->get<double>();
}

Result<std::optional<bool>> jsonOptionalBool(
    const Json& object, std::string_view key, std::string_view source)
{
    const Json* value = member(object, key);
    if (!value)
        return std::nullopt;
    if (!value->is_boolean())
        return wrongType(source, key, "true or false", *value);
    return value->get<bool>();
}

Result<std::optional<std::string>> jsonOptionalString(
    const Json& object, std::string_view key, std::string_view source)
{
    const Json* value = member(object, key);
    if (!value)
        return std::nullopt;
    if (!value->is_string())
        return wrongType(source, key, "text", *value);
    return value->get<std::string>();
}

} // namespace moescope
