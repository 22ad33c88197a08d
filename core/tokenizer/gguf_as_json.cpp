// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/gguf_split_rules.h"
#include "core/tokenizer/gguf_vocabulary.h"

namespace moescope::tokenization {

namespace {

using Type = GgufVocabulary::Type;

/// Long lists are written as text, since a document tree of them would take many times their size.
void appendQuoted(std::string& out, std::string_view text)
{
    const std::string valid = isValidUtf8(text) ? std::string() : toValidUtf8(text);
    out += '"';
    for (const char c : valid.empty() ? text : std::string_view(valid)) {
        if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<int>(c));
        else if (c == '"' || c == '\\')
            out.append(1, '\\').append(1, c);
        else
            out += c;
    }
    out += '"';
}

std::string modelText(const GgufVocabulary& vocabulary, const SplitRule& rule)
{
    std::string text = fmt::format(
        R"({{"type":"BPE","ignore_merges":{},"vocab":{{)", rule.ignoreMerges ? "true" : "false");
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
        text += i == 0 ? "" : ",";
        appendQuoted(text, vocabulary.tokens[i]);
        text += fmt::format(":{}", i);
    }
    text += "},\"merges\":[";
    for (std::size_t i = 0; i < vocabulary.merges.size(); ++i) {
        text += i == 0 ? "" : ",";
        appendQuoted(text, vocabulary.merges[i]);
    }
    return text + "]}";
}

/// Tokens that are found in the text before it is split.
std::string addedText(const GgufVocabulary& vocabulary)
{
    std::string text = "[";
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
        const Type type = vocabulary.types[i];
        const bool isSpecial = type == Type::Control || type == Type::Unknown;
        if ((!isSpecial && type != Type::UserDefined) || vocabulary.tokens[i].empty())
            continue;
        text += fmt::format(R"({}{{"id":{},"content":)", text.size() > 1 ? "," : "", i);
        appendQuoted(text, vocabulary.tokens[i]);
        text += fmt::format(
            R"(,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":{}}})",
            isSpecial ? "true" : "false");
    }
    return text + "]";
}

Json preTokenizer(const SplitRule& rule)
{
    Json steps = Json::array();
    for (const std::string_view expression : rule.expressions)
        if (!expression.empty())
            steps.push_back({{"type", "Split"}, {"pattern", {{"Regex", expression}}},
                {"behavior", "Isolated"}, {"invert", false}});
    steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false},
        {"use_regex", false}});
    return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

Json postProcessor(const GgufVocabulary& vocabulary, const SplitRule& rule)
{
    Json single = Json::array();
    Json special = Json::object();
    const auto add = [&](std::int32_t id, const char* name) {
        single.push_back({{"SpecialToken", {{"id", name}, {"type_id", 0}}}});
        special[name] = {{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
    };
    if (vocabulary.addBos.value_or(rule.addsBos) && vocabulary.bos)
        add(*vocabulary.bos, "BOS");
    single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    if (vocabulary.addEos.value_or(false) && vocabulary.eos)
        add(*vocabulary.eos, "EOS");
    return {{"type", "TemplateProcessing"}, {"single", std::move(single)}, {"pair", Json::array()},
        {"special_tokens", std::move(special)}};
}

} // namespace

std::string tokenizerJsonOf(const GgufVocabulary& vocabulary, const SplitRule& rule)
{
    return fmt::format(
        R"({{"version":"1.0","added_tokens":{},"normalizer":null,"pre_tokenizer":{},)"
        R"("post_processor":{},"decoder":{{"type":"ByteLevel"}},"model":{}}})",
        addedText(vocabulary), dumpJson(preTokenizer(rule), -1),
        dumpJson(postProcessor(vocabulary, rule), -1), modelText(vocabulary, rule));
}

} // namespace moescope::tokenization
