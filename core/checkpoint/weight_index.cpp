// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/weight_index.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/io/mapped_file.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxIndexBytes = 256U << 20;
constexpr std::size_t kMaxShards = 2048;
constexpr std::size_t kMaxDepth = 32;

/// Event by event for the reason given in header_sax.h: published indexes name 100,000 tensors.
class IndexSax : public Json::json_sax_t {
public:
    std::vector<std::pair<std::string, std::uint32_t>> tensors;
    std::map<std::string, std::uint32_t> files;
    bool sawMap = false;
    std::string problem;

    bool null() override { return scalar("null"); }
    bool boolean(bool) override { return scalar("true or false"); }
    bool number_integer(number_integer_t) override { return scalar("a number"); }
    bool number_unsigned(number_unsigned_t) override { return scalar("a number"); }
    bool number_float(number_float_t, const string_t&) override { return scalar("a number"); }
    bool binary(binary_t&) override { return scalar("binary data"); }
    bool string(string_t& value) override
    {
        return m_inMap ? addTensor(std::move(value)) : scalar("text");
    }
    bool start_object(std::size_t) override
    {
        if (m_depth == 1 && m_key == "weight_map") {
            if (sawMap)
                return refuse("\"weight_map\" appears twice");
            sawMap = true;
            m_inMap = true;
            ++m_depth;
            return true;
        }
        return open("an object");
    }
    bool start_array(std::size_t) override
    {
        return m_depth == 0 ? scalar("a list") : open("a list");
    }
    bool key(string_t& name) override
    {
        if (m_depth == 1 || m_inMap)
            m_key = std::move(name);
        return true;
    }
    bool end_object() override
    {
        m_inMap = false;
        --m_depth;
        return true;
    }
    bool end_array() override
    {
        --m_depth;
        return true;
    }
    bool parse_error(
        std::size_t position, const std::string&, const nlohmann::detail::exception&) override
    {
        return refuse(fmt::format("it is not valid JSON at byte {}", position));
    }

private:
    bool refuse(std::string why)
    {
        problem = std::move(why);
        return false;
    }
    bool scalar(std::string_view kind)
    {
        if (m_depth == 0)
            return refuse(fmt::format("it is {}, not an object", kind));
        if (m_inMap)
            return refuse(fmt::format(
                "the file of tensor \"{}\" is {}, not a file name", displayName(m_key), kind));
        if (m_depth == 1 && m_key == "weight_map")
            return refuse(fmt::format("\"weight_map\" is {}, not an object", kind));
        return true;
    }
    bool open(std::string_view kind)
    {
        if (m_depth > 0 && !scalar(kind))
            return false;
        if (++m_depth > kMaxDepth)
            return refuse(fmt::format("it is nested deeper than {} levels", kMaxDepth));
        return true;
    }
    bool addTensor(std::string&& file)
    {
        auto it = files.find(file);
        if (it == files.end()) {
            if (std::string why = unsafeName(file); !why.empty())
                return refuse(fmt::format("the file name \"{}\" {}", displayName(file), why));
            if (files.size() == kMaxShards)
                return refuse(fmt::format("it names more than {} files", kMaxShards));
            it = files.emplace(std::move(file), static_cast<std::uint32_t>(files.size())).first;
        }
        tensors.emplace_back(m_key, it->second);
        return true;
    }
    /// Why a file of this name is not looked for; empty when it may be.
    static std::string unsafeName(const std::string& name)
    {
        const fs::path path(name);
        if (name.empty() || name.find('\0') != std::string::npos)
            return "is no file name";
        if (path.is_absolute())
            return "is absolute; only files beside the index are accepted";
        if (std::find(path.begin(), path.end(), "..") != path.end())
            return "contains \"..\"; only files beside the index are accepted";
        const bool tooLong = std::any_of(path.begin(), path.end(),
            [](const fs::path& part) { return part.native().size() > 255; });
        return tooLong || name.size() > 1024 ? "is too long" : "";
    }

    std::string m_key;
    std::size_t m_depth = 0;
    bool m_inMap = false;
};

} // namespace

Result<WeightIndex> readWeightIndex(const fs::path& path)
{
    const auto broken = [&](std::string_view problem) {
        return fail(
            ErrorCode::BadFormat, fmt::format("{} is broken: {}.", displayPath(path), problem));
    };
    MOESCOPE_TRY(const auto file, MappedFile::open(path));
    if (file->size() > kMaxIndexBytes)
        return broken(
            fmt::format("it has {} bytes, more than the {} that are accepted for an index",
                file->size(), kMaxIndexBytes));
    const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->size());
    IndexSax sax;
    const bool parsed = Json::sax_parse(text, &sax);
    MOESCOPE_CHECK(file->status());
    if (!parsed)
        return broken(sax.problem);
    if (text.find('\0') != std::string_view::npos)
        return broken("it contains a zero byte");
    if (!sax.sawMap)
        return broken("it has no \"weight_map\"");
    if (sax.tensors.empty())
        return broken("its \"weight_map\" is empty");
    std::unordered_set<std::string_view> names;
    names.reserve(sax.tensors.size());
    for (const auto& [name, number] : sax.tensors)
        if (!names.insert(name).second)
            return broken(fmt::format("tensor \"{}\" appears twice", displayName(name)));

    WeightIndex index;
    index.path = path;
    std::vector<std::uint32_t> sorted(sax.files.size());
    for (const auto& [name, number] : sax.files) {
        sorted[number] = static_cast<std::uint32_t>(index.files.size());
        index.files.push_back(name);
    }
    index.tensors = std::move(sax.tensors);
    for (auto& tensor : index.tensors)
        tensor.second = sorted[tensor.second];
    return index;
}

} // namespace moescope
