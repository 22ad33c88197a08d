// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/bench/synthetic_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/bench/random_weights.h"
#include "core/bench/synthetic_tensors.h"
#include "core/io/json.h"

namespace moescope::bench {

namespace {

Json configOf(const SyntheticModel& model)
{
    return {{"model_type", "olmoe"}, {"hidden_size", model.hidden},
        {"num_hidden_layers", model.layers}, {"num_attention_heads", model.heads},
        {"num_key_value_heads", model.heads}, {"num_experts", model.experts},
        {"num_experts_per_tok", model.topK}, {"intermediate_size", model.intermediate},
        {"vocab_size", model.vocabulary}, {"max_position_embeddings", model.maxPositions},
        {"rms_norm_eps", 1e-5}, {"norm_topk_prob", false}, {"tie_word_embeddings", false}};
}

SyntheticFile layoutOf(const SyntheticModel& model)
{
    return model.type == DType::BF16 ? safetensorsLayout(model) : ggufLayout(model);
}

/// Random weights that are repeated from ever new places: random enough for routing, quick to
/// write.
class Weights {
public:
    Weights(DType dtype, double spread)
        : m_block(blockLayout(dtype).bytes)
        , m_bytes(randomWeights(dtype, std::size_t{1} << 20, spread))
    {
    }
    void write(std::ofstream& file, std::uint64_t bytes)
    {
        std::size_t at = static_cast<std::size_t>(m_random.below(m_bytes.size() / m_block));
        at *= m_block;
        while (bytes > 0) {
            const auto count
                = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, m_bytes.size() - at));
            file.write(reinterpret_cast<const char*>(m_bytes.data() + at),
                static_cast<std::streamsize>(count));
            bytes -= count;
            at = 0;
        }
    }

private:
    std::size_t m_block;
    std::vector<std::byte> m_bytes;
    Random m_random{12};
};

template <typename T>
void writeOnes(std::ofstream& file, std::uint64_t count, T one)
{
    for (; count > 0; --count)
        file.write(reinterpret_cast<const char*>(&one), sizeof one);
}

} // namespace

std::uint64_t SyntheticModel::bytes() const
{
    std::uint64_t total = 0;
    const SyntheticFile file = layoutOf(*this);
    for (const SafetensorsEntry& tensor : file.tensors)
        total += storedSize(tensor, file.alignment);
    return total;
}

Status writeSyntheticModel(
    const SyntheticModel& model, const std::filesystem::path& folder, TaskContext& context)
{
    const std::size_t block = blockLayout(model.type).elements;
    if (!canEncode(model.type) || model.hidden % block != 0 || model.intermediate % block != 0)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("A synthetic model of rows of {} and {} weights cannot be written as {}.",
                model.hidden, model.intermediate, dtypeName(model.type)));
    const SyntheticFile layout = layoutOf(model);
    const auto path = folder / layout.name;
    const bool published = model.type == DType::BF16;
    std::string prefix;
    if (published) {
        MOESCOPE_TRY(prefix, safetensorsPrefix(layout.tensors, {}, path));
        std::ofstream config(folder / "config.json");
        config << dumpJson(configOf(model));
        if (!config.flush())
            return fail(ErrorCode::CannotWrite,
                fmt::format("{}: the synthetic model could not be written.", folder.string()));
    } else {
        prefix = ggufPrefix(model, layout);
    }
    std::ofstream file(path, std::ios::binary);
    file.write(prefix.data(), static_cast<std::streamsize>(prefix.size()));
    const double spread = 1 / std::sqrt(model.hidden);
    Weights packed(model.type, spread);
    Weights plain(DType::F32, spread);
    for (std::size_t i = 0; i < layout.tensors.size() && file; ++i) {
        MOESCOPE_CHECK(context.check());
        const SafetensorsEntry& tensor = layout.tensors[i];
        const bool isNorm = tensor.shape.size() == 1;
        if (isNorm && published)
            writeOnes(file, tensor.shape.front(), floatToBf16(1.0F));
        else if (isNorm)
            writeOnes(file, tensor.shape.front(), 1.0F);
        else
            (tensor.dtype == model.type ? packed : plain).write(file, storedSize(tensor, 1));
        const std::string padding(storedSize(tensor, layout.alignment) - storedSize(tensor, 1), 0);
        file.write(padding.data(), static_cast<std::streamsize>(padding.size()));
        context.progress(static_cast<double>(i + 1) / static_cast<double>(layout.tensors.size()),
            "writing the model");
    }
    file.close();
    if (!file)
        return fail(ErrorCode::CannotWrite,
            fmt::format("{}: the synthetic model could not be written.", folder.string()));
    return {};
}

} // namespace moescope::bench
