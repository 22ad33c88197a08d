// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/normalizer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/json_fields.h"

namespace moescope::tokenization {

namespace {

std::optional<NormalForm> normalForm(std::string_view type)
{
    constexpr std::array<std::pair<std::string_view, NormalForm>, 4> kForms{{{"NFC", NormalForm::C},
        {"NFD", NormalForm::D}, {"NFKC", NormalForm::KC}, {"NFKD", NormalForm::KD}}};
    for (const auto& [name, form] : kForms)
        if (name == type)
            return form;
    return std::nullopt;
}

/// No published normaliser comes near; only steps that feed one another do.
constexpr std::size_t kMostGrowth = 100;
constexpr std::size_t kLeastRoom = std::size_t{1} << 20;

} // namespace

Result<Normalizer> Normalizer::parse(const Json& json, std::string_view source)
{
    Normalizer result;
    result.m_source = source;
    if (!json.is_null())
        MOESCOPE_CHECK(result.addSteps(json, source));
    return result;
}

Status Normalizer::addSteps(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const std::string type, typeOf(json, source));
    if (type == "Sequence") {
        MOESCOPE_TRY(const Json* list, requiredArray(json, "normalizers", source));
        for (const Json& item : *list)
            MOESCOPE_CHECK(addSteps(item, source));
    } else if (const auto form = normalForm(type)) {
        m_steps.emplace_back(*form);
    } else if (type == "Prepend") {
        MOESCOPE_TRY(std::string text, requiredString(json, "prepend", source));
        m_steps.emplace_back(Prepend{std::move(text)});
    } else if (type == "Replace") {
        const auto pattern = json.find("pattern");
        MOESCOPE_TRY(
            Pattern compiled, Pattern::fromJson(pattern == json.end() ? Json() : *pattern, source));
        MOESCOPE_TRY(std::string content, requiredString(json, "content", source));
        m_steps.emplace_back(Replace{std::move(compiled), std::move(content)});
    } else if (type == "Strip") {
        MOESCOPE_TRY(const bool left, requiredBool(json, "strip_left", source));
        MOESCOPE_TRY(const bool right, requiredBool(json, "strip_right", source));
        m_steps.emplace_back(Strip{left, right});
    } else if (type == "Lowercase") {
        m_steps.emplace_back(Lowercase{});
    } else {
        return unsupportedType(type, source);
    }
    return {};
}

Status Normalizer::apply(AlignedText& text) const
{
    const std::size_t most = std::max(kLeastRoom, kMostGrowth * text.text.size());
    for (const Step& step : m_steps) {
        MOESCOPE_CHECK(std::visit([&](const auto& s) { return run(s, text, most); }, step));
        if (text.text.size() > most)
            return fail(ErrorCode::BadFormat,
                fmt::format("{} makes a text more than {} times as long.", m_source, kMostGrowth));
    }
    return {};
}

Status Normalizer::run(const Prepend& step, AlignedText& text, std::size_t)
{
    if (text.text.empty())
        return {};
    text.text.insert(0, step.text);
    text.spans.insert(text.spans.begin(), step.text.size(), ByteSpan(text.spans.front()));
    return {};
}

Status Normalizer::run(const Replace& step, AlignedText& text, std::size_t most)
{
    Searcher searcher(step.pattern);
    std::vector<Segment> segments;
    MOESCOPE_CHECK(searcher.segments(text.text, segments));
    AlignedText out;
    out.reserve(text.text.size());
    for (const Segment& segment : segments) {
        if (out.text.size() > most)
            break; // the caller refuses it
        if (segment.match)
            out.append(step.content, segment.end > 0 ? text.spans[segment.end - 1] : ByteSpan());
        else
            out.append(text, segment.begin, segment.end);
    }
    text = std::move(out);
    return {};
}

Status Normalizer::run(const Strip& step, AlignedText& text, std::size_t)
{
    std::size_t begin = 0;
    std::size_t end = text.text.size();
    std::size_t lastInk = 0; // end of the last character that is no white space
    bool leading = true;
    for (std::size_t i = 0; i < text.text.size();) {
        const CodePoint point = decodeUtf8(text.text, i);
        i += point.bytes;
        if (!isWhitespace(point.value)) {
            leading = false;
            lastInk = i;
        } else if (leading && step.left) {
            begin = i;
        }
    }
    if (step.right)
        end = std::max(begin, lastInk);
    if (begin > 0 || end < text.text.size())
        text = text.slice(begin, end);
    return {};
}

Status Normalizer::run(const Lowercase&, AlignedText& text, std::size_t)
{
    toLowercase(text);
    return {};
}

Status Normalizer::run(NormalForm step, AlignedText& text, std::size_t)
{
    normalize(text, step);
    return {};
}

} // namespace moescope::tokenization
