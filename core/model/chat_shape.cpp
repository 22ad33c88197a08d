// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/chat_shape.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/open_model.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

struct KnownShape {
    std::vector<std::string_view> modelTypes;
    ChatShape shape;
    std::vector<std::string_view> markers;
};

const std::vector<KnownShape>& knownShapes()
{
    static const std::vector<KnownShape> shapes{
        {{"qwen2_moe", "qwen3_moe", "qwen3_vl_moe", "qwen3_next", "dbrx"},
            {"<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"},
            {"<|im_start|>", "<|im_end|>"}},
        {{"deepseek_v3", "deepseek_v32"}, {"<｜User｜>", "<｜Assistant｜>"},
            {"<｜User｜>", "<｜Assistant｜>"}},
        {{"phimoe"}, {"<|user|>\n", "<|end|>\n<|assistant|>\n"},
            {"<|user|>", "<|end|>", "<|assistant|>"}},
        {{"granitemoe", "granitemoeshared", "granitemoehybrid"},
            {"<|start_of_role|>user<|end_of_role|>",
                "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"},
            {"<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"}},
        {{"llama4", "llama4_text"},
            {"<|header_start|>user<|header_end|>\n\n",
                "<|eot|><|header_start|>assistant<|header_end|>\n\n"},
            {"<|header_start|>", "<|header_end|>", "<|eot|>"}},
        {{"glm4_moe"}, {"[gMASK]<sop><|user|>\n", "<|assistant|>\n"},
            {"[gMASK]", "<sop>", "<|user|>", "<|assistant|>"}},
    };
    return shapes;
}

/// Templates are short; anything longer is not one.
constexpr std::uintmax_t kMostTemplateBytes = 4U << 20;

std::optional<std::string> textOf(const fs::path& path)
{
    std::error_code error;
    if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kMostTemplateBytes)
        return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

/// One template, or the named ones of a list one after the other.
std::string templateIn(const Json& config)
{
    const auto found = config.find("chat_template");
    if (found == config.end())
        return {};
    if (found->is_string())
        return found->get<std::string>();
    std::string all;
    if (found->is_array())
        for (const Json& entry : *found)
            if (entry.is_object() && entry.contains("template") && entry["template"].is_string())
                all += entry["template"].get<std::string>();
    return all;
}

std::string chatTemplate(const OpenModel& open)
{
    if (const auto* value = open.checkpoint->metadata().find("tokenizer.chat_template"))
        return std::string(value->asString().value_or(std::string_view()));
    const fs::path& folder = open.checkpoint->folder();
    if (auto text = textOf(folder / "chat_template.jinja"))
        return *text;
    const fs::path config = folder / "tokenizer_config.json";
    std::error_code error;
    if (!fs::exists(config, error))
        return {};
    const auto json = readJsonFile(config);
    return json && json->is_object() ? templateIn(*json) : std::string();
}

bool isOneSpecialToken(const Tokenizer& tokenizer, std::string_view marker)
{
    const auto encoded = tokenizer.encode(marker);
    return encoded && encoded->ids.size() == 1 && tokenizer.isSpecial(encoded->ids[0]);
}

} // namespace

Result<ChatShape> chatShapeOf(const OpenModel& open)
{
    if (!open.tokenizer)
        return fail(ErrorCode::Unsupported, "A chat needs a tokenizer, and this model has none.");
    const std::string text = chatTemplate(open);
    if (text.empty())
        return fail(ErrorCode::Unsupported,
            "The files hold no chat template: this is no chat model, or it does not say so.");
    const auto& shapes = knownShapes();
    const auto known = std::find_if(shapes.begin(), shapes.end(), [&](const KnownShape& shape) {
        return std::find(shape.modelTypes.begin(), shape.modelTypes.end(), open.modelType)
            != shape.modelTypes.end();
    });
    if (known == shapes.end())
        return fail(ErrorCode::Unsupported,
            fmt::format("The chat shape of \"{}\" models is not known for sure; write the markers "
                        "into the prompt.",
                open.modelType));
    for (const std::string_view marker : known->markers) {
        if (text.find(marker) == std::string::npos)
            return fail(ErrorCode::Unsupported,
                fmt::format("The model's chat template does not use {}, as its family does; write "
                            "the markers into the prompt.",
                    marker));
        if (!isOneSpecialToken(*open.tokenizer, marker))
            return fail(ErrorCode::Unsupported,
                fmt::format("The tokenizer does not know {} as a token.", marker));
    }
    return known->shape;
}

} // namespace moescope
