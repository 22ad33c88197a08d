// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/model_identity.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace moescope {

namespace {

constexpr std::size_t kSampledTensors = 64;
constexpr std::size_t kSampledBytes = 64;

class Fnv1a {
public:
    void add(std::span<const std::byte> bytes)
    {
        for (const std::byte b : bytes)
            m_state = (m_state ^ std::to_integer<std::uint64_t>(b)) * 0x100000001B3U;
    }
    void add(std::uint64_t value)
    {
        for (int shift = 0; shift < 64; shift += 8)
            m_state = (m_state ^ ((value >> shift) & 0xFFU)) * 0x100000001B3U;
    }
    void add(std::string_view text)
    {
        add(static_cast<std::uint64_t>(text.size()));
        add(std::as_bytes(std::span(text)));
    }
    std::uint64_t value() const { return m_state; }

private:
    std::uint64_t m_state = 0xCBF29CE484222325U;
};

} // namespace

std::string checkpointHash(const Checkpoint& checkpoint)
{
    const Checkpoint::ScatteredReads scattered(checkpoint);
    Fnv1a hash;
    for (const auto& file : checkpoint.files()) {
        hash.add(file->path().filename().string());
        hash.add(static_cast<std::uint64_t>(file->size()));
    }
    const auto tensors = checkpoint.tensors();
    const std::size_t step
        = std::max<std::size_t>(1, (tensors.size() + kSampledTensors - 1) / kSampledTensors);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorInfo& tensor = tensors[i];
        hash.add(tensor.name);
        hash.add(safetensorsName(tensor.dtype));
        for (const std::uint64_t extent : tensor.shape)
            hash.add(extent);
        hash.add(static_cast<std::uint64_t>(tensor.file));
        const auto file = checkpoint.files()[tensor.file]->bytes();
        hash.add(tensor.bytes.empty()
                ? 0
                : static_cast<std::uint64_t>(tensor.bytes.data() - file.data()));
        hash.add(static_cast<std::uint64_t>(tensor.bytes.size()));
        if (i % step == 0) {
            const std::size_t count = std::min(kSampledBytes, tensor.bytes.size());
            hash.add(tensor.bytes.subspan((tensor.bytes.size() - count) / 2, count));
        }
    }
    return fmt::format("{:016x}", hash.value());
}

std::string dominantDType(const Checkpoint& checkpoint)
{
    std::map<DType, std::uint64_t> bytes;
    for (const TensorInfo& tensor : checkpoint.tensors())
        bytes[tensor.dtype] += tensor.bytes.size();
    const auto most = std::max_element(bytes.begin(), bytes.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == bytes.end() ? std::string() : std::string(dtypeName(most->first));
}

ModelIdentity identifyModel(const OpenModel& open)
{
    ModelIdentity identity;
    identity.id = open.name.empty() ? open.path.filename().string() : open.name;
    if (!open.checkpoint)
        return identity;
    for (const auto& file : open.checkpoint->files())
        identity.files.push_back(file->path().filename().string());
    identity.hash = checkpointHash(*open.checkpoint);
    identity.hashOf = "headers, file sizes and 64 bytes of at most 64 tensors";
    identity.dtype
        = open.model ? packingName(open.model->typicalWeights()) : dominantDType(*open.checkpoint);
    return identity;
}

} // namespace moescope
