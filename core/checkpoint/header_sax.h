// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/io/json.h"

namespace moescope {

/// Reads the JSON header of a safetensors file event by event: whatever does not belong there ends
/// the parse at once, and a header with 100,000 tensors takes no longer than its bytes (a document
/// tree would search its keys one by one).
class HeaderSax : public Json::json_sax_t {
public:
    struct Entry {
        TensorInfo tensor;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    /// `dataBytes`: what follows the header in the file.
    explicit HeaderSax(std::uint64_t dataBytes)
        : m_dataBytes(dataBytes)
    {
    }

    std::vector<Entry> entries; ///< in the order of the header; names may still repeat
    std::map<std::string, std::string> metadata;
    Error error; ///< why the parse ended; the message has no subject and no full stop

    bool null() override;
    bool boolean(bool value) override;
    bool number_integer(number_integer_t value) override;
    bool number_unsigned(number_unsigned_t value) override;
    bool number_float(number_float_t value, const string_t& text) override;
    bool string(string_t& value) override;
    bool binary(binary_t& value) override;
    bool start_object(std::size_t size) override;
    bool key(string_t& name) override;
    bool end_object() override;
    bool start_array(std::size_t size) override;
    bool end_array() override;
    bool parse_error(std::size_t position, const std::string& token,
        const nlohmann::detail::exception& exception) override;

private:
    enum class Place { Start, Root, Metadata, Entry, Shape, Offsets, Ignored };
    enum class Field { Dtype, Shape, Offsets, Unknown };

    bool refuse(std::string problem, ErrorCode code = ErrorCode::BadFormat);
    bool scalar(std::string_view kind);
    bool open(std::string_view kind, bool isArray);
    bool finishEntry();
    std::string entryName() const;

    std::uint64_t m_dataBytes;
    Place m_place = Place::Start;
    Field m_field = Field::Unknown;
    std::size_t m_ignoredDepth = 0;
    std::string m_name; ///< of the entry
    std::string m_key; ///< inside the entry or the metadata
    bool m_seen[3] = {};
    std::string m_dtype;
    std::vector<std::uint64_t> m_shape;
    std::vector<std::uint64_t> m_offsets;
};

} // namespace moescope
