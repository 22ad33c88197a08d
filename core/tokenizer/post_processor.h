// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"

namespace moescope::tokenization {

/// The member "post_processor" of a tokenizer.json: what is put around the tokens of a text, and
/// whether white space is taken off the tokens' offsets.
struct PostProcessor {
    /// `json` may be null.
    static Result<PostProcessor> parse(const Json& json, std::string_view source);

    std::vector<std::int32_t> before;
    std::vector<std::int32_t> after;
    bool trimOffsets = false;
    bool keepFirstSpace = false; ///< when trimming: one space at the start of the first token stays

private:
    Status add(const Json& json, std::string_view source);
    Status addTemplate(const Json& json, std::string_view source);
    Status addFrame(const Json& json, std::string_view source);
    Status addTrimming(const Json& json, std::string_view source);
};

} // namespace moescope::tokenization
