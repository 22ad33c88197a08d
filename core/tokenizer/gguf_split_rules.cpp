// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/gguf_split_rules.h"

#include <algorithm>

namespace moescope::tokenization {

namespace {

constexpr std::string_view kGpt2
    = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// cl100k and those after it: three digits at most, letters with one other character before them.
constexpr std::string_view kLlama3
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
      R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
      R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
      R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kBailing = R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}|)"
                                      R"( ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
// o200k tells upper case from lower case inside words.
constexpr std::string_view kGpt4o
    = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
      R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
      R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// Like o200k, with Han characters on their own. Other programs do not cut before a capital inside a
// word, as the published expression does.
constexpr std::string_view kKimiK2
    = R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
      R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
      R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
      R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
      R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kSeedCoder
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
      R"( ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)";
// Words with single spaces between them stay together; possessive, since they may be many.
constexpr std::string_view kExaoneMoe
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*+(?: \p{L}\p{M}*+)*+)++|)"
      R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken
    = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
      R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
      R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kDeepSeekV3
    = R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|)"
      R"([^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kIdeographsAndHangul
    = R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";

constexpr SplitRule kGpt2Rule{{kGpt2}};
constexpr SplitRule kDigitsRule{{R"(\p{N})", kGpt2}};
constexpr SplitRule kLlama3Rule{{kLlama3}};
constexpr SplitRule kLlama3BosRule{{kLlama3}, true, true};
constexpr SplitRule kQwen2Rule{{kQwen2}};
constexpr SplitRule kQwen35Rule{{kQwen35}};
constexpr SplitRule kBailingRule{{kBailing}};
constexpr SplitRule kGpt4oRule{{kGpt4o}};
constexpr SplitRule kKimiK2Rule{{kKimiK2}};
constexpr SplitRule kSeedCoderRule{{kSeedCoder}};
constexpr SplitRule kExaoneMoeRule{{kExaoneMoe}};
constexpr SplitRule kTekkenRule{{kTekken}, true, true};
constexpr SplitRule kDeepSeekV3Rule{
    {R"(\p{N}{1,3})", R"([\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)", kDeepSeekV3}};
// Digits are grouped by three from the right: first what is left over, then the groups. The third
// lists scripts without spaces.
constexpr SplitRule kAfmoeRule{
    {R"((?<!\p{N})\p{N}{1,2}(?=(?:\p{N}{3})++(?!\p{N})))", R"(\p{N}{1,3})",
        R"([\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{F900}-\x{FAFF}\x{3040}-\x{30FF}\x{FF65}-\x{FF9F})"
        R"(\x{2F00}-\x{2FDF}\x{0E40}-\x{0EFF}\x{1780}-\x{17FF}\x{1000}-\x{109F}\x{AA60}-\x{AA7F})"
        R"(\x{A9E0}-\x{A9FF}\x{AC00}-\x{D7AF}\x{1100}-\x{11FF}]+)",
        kDeepSeekV3}};
// The second lists the letters that have a case, the third the punctuation of ASCII, its wide forms
// and the quotation marks.
constexpr SplitRule kDeepSeekLlmRule{{R"([\r\n])", R"(\s?[\p{Lu}\p{Ll}\p{Lt}]+)",
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)",
    R"(\s+$)", kIdeographsAndHangul, R"(\p{N}+)"}};
constexpr SplitRule kDeepSeekCoderRule{
    {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", kIdeographsAndHangul, R"(\p{N})"}};
constexpr SplitRule kFalconRule{{R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, R"([0-9][0-9][0-9])"}};
constexpr SplitRule kDefaultRule{
    {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", R"([0-9][0-9][0-9])"}};

struct NamedRule {
    std::string_view name;
    const SplitRule* rule;
};

constexpr std::array kRules = {
    NamedRule{"default", &kDefaultRule},
    NamedRule{"gpt-2", &kGpt2Rule},
    NamedRule{"gpt2", &kGpt2Rule},
    NamedRule{"mpt", &kGpt2Rule},
    NamedRule{"olmo", &kGpt2Rule},
    NamedRule{"jais", &kGpt2Rule},
    NamedRule{"exaone4", &kGpt2Rule},
    NamedRule{"trillion", &kGpt2Rule},
    NamedRule{"granite-docling", &kGpt2Rule},
    NamedRule{"phi-2", &kGpt2Rule},
    NamedRule{"gigachat", &kGpt2Rule},
    NamedRule{"a.x-4.0", &kGpt2Rule},
    NamedRule{"mellum", &kGpt2Rule},
    NamedRule{"refact", &kDigitsRule},
    NamedRule{"starcoder", &kDigitsRule},
    NamedRule{"command-r", &kDigitsRule},
    NamedRule{"smollm", &kDigitsRule},
    NamedRule{"codeshell", &kDigitsRule},
    NamedRule{"exaone", &kDigitsRule},
    NamedRule{"minerva-7b", &kDigitsRule},
    NamedRule{"llama3", &kLlama3BosRule},
    NamedRule{"llama-v3", &kLlama3BosRule},
    NamedRule{"llama-bpe", &kLlama3BosRule},
    NamedRule{"lfm2", &kLlama3BosRule},
    NamedRule{"pixtral", &kLlama3BosRule},
    NamedRule{"falcon3", &kLlama3BosRule},
    NamedRule{"falcon-h1", &kLlama3BosRule},
    NamedRule{"midm-2.0", &kLlama3BosRule},
    NamedRule{"dbrx", &kLlama3Rule},
    NamedRule{"smaug-bpe", &kLlama3Rule},
    NamedRule{"glm4", &kLlama3Rule},
    NamedRule{"chatglm-bpe", &kLlama3Rule},
    NamedRule{"qwen2", &kQwen2Rule},
    NamedRule{"deepseek-r1-qwen", &kQwen2Rule},
    NamedRule{"stablelm2", &kQwen2Rule},
    NamedRule{"megrez", &kQwen2Rule},
    NamedRule{"hunyuan", &kQwen2Rule},
    NamedRule{"grok-2", &kQwen2Rule},
    NamedRule{"solar-open", &kQwen2Rule},
    NamedRule{"qwen35", &kQwen35Rule},
    NamedRule{"bailingmoe", &kBailingRule},
    NamedRule{"bailingmoe2", &kBailingRule},
    NamedRule{"llada-moe", &kBailingRule},
    NamedRule{"gpt-4o", &kGpt4oRule},
    NamedRule{"llama4", &kGpt4oRule},
    NamedRule{"minimax-m2", &kGpt4oRule},
    NamedRule{"kanana2", &kGpt4oRule},
    NamedRule{"tekken", &kTekkenRule},
    NamedRule{"deepseek-v3", &kDeepSeekV3Rule},
    NamedRule{"hunyuan-dense", &kDeepSeekV3Rule},
    NamedRule{"joyai-llm", &kDeepSeekV3Rule},
    NamedRule{"deepseek-llm", &kDeepSeekLlmRule},
    NamedRule{"deepseek-coder", &kDeepSeekCoderRule},
    NamedRule{"kimi-k2", &kKimiK2Rule},
    NamedRule{"falcon", &kFalconRule},
    NamedRule{"afmoe", &kAfmoeRule},
    NamedRule{"exaone-moe", &kExaoneMoeRule},
    NamedRule{"seed-coder", &kSeedCoderRule},
};

} // namespace

const SplitRule* findSplitRule(std::string_view name)
{
    const auto found = std::find_if(
        kRules.begin(), kRules.end(), [&](const NamedRule& rule) { return rule.name == name; });
    return found == kRules.end() ? nullptr : found->rule;
}

const SplitRule& defaultSplitRule()
{
    return kDefaultRule;
}

} // namespace moescope::tokenization
