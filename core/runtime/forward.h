// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/model/moe_model.h"
#include "core/task/task_context.h"
#include "core/tensor/linear.h"

namespace moescope {

class WorkerPool;

/// Changes to the untouched model; all empty means none. Positions are absolute cache positions (0
/// = first token).
struct Interventions {
    /// Number of experts per token in every layer; at most E.
    std::optional<std::uint32_t> topK;
    struct ExpertAt {
        LayerId layer;
        ExpertId expert;
    };
    /// Never chosen: their selection score is -infinity. Every layer must keep at least k experts.
    std::vector<ExpertAt> masked;
    /// Always among the chosen (they take the places of the lowest); weights follow from the
    /// model's own rule.
    std::vector<ExpertAt> forced;
    struct ValueAt {
        LayerId layer;
        std::uint32_t position;
    };
    /// Value vectors set to zero in that layer's attention.
    std::vector<ValueAt> zeroedValues;
    enum class Component { Attention, Mlp };
    struct ComponentAt {
        LayerId layer;
        Component component;
    };
    /// Whole outputs left out of the residual stream.
    std::vector<ComponentAt> removed;
    /// Gaussian noise of this standard deviation added to every embedding; the stream depends on
    /// seed and position only.
    double embeddingNoise = 0;
    std::uint64_t noiseSeed = 1;

    bool empty() const;
};

enum class LogitsWanted { None, Last, All };

inline constexpr std::size_t kFewTokens = 4;

struct ForwardSpec {
    /// RoPE positions of the new tokens; empty = they continue the cache. Must be ascending.
    std::vector<std::uint32_t> positions;
    Interventions interventions;
    /// Bf16 reads prompts faster on processors that can, with the error of bfloat16 activations.
    /// Passes of fewer than kFewTokens stay exact, for they would gain nothing. Never the default.
    Precision precision = Precision::Float32;
    LogitsWanted logits = LogitsWanted::Last;
    /// Tokens that go through all layers together; bounds the memory of long prompts.
    std::uint32_t chunk = 256;
};

/// What an experiment may look at while the pass runs. Spans are valid during the call only.
/// `position` is the cache position of the token. Calls come on the caller's thread, chunk by
/// chunk, layers ascending inside a chunk, tokens ascending inside a layer. Override what is
/// needed; costly records are made only when the matching wants...() is true.
class ForwardObserver {
public:
    virtual ~ForwardObserver() = default;
    /// Residual stream [D] that enters `layer`; layer == layer count is what the final norm reads.
    virtual void onHidden(
        std::uint32_t layer, std::uint32_t position, std::span<const float> hidden);
    virtual bool wantsAttention() const { return false; }
    /// Probabilities of one query over keys 0..position; masked keys are exactly 0.
    virtual void onAttention(LayerId layer, std::uint32_t head, std::uint32_t position,
        std::span<const float> probabilities);
    /// Attention's contribution to the residual stream [D].
    virtual void onAttentionOutput(
        LayerId layer, std::uint32_t position, std::span<const float> output);
    /// What the router reads [D].
    virtual void onRouterInput(LayerId layer, std::uint32_t position, std::span<const float> input);
    struct Routing {
        std::span<const float> logits; ///< [E], raw, before any intervention
        std::span<const float>
            selection; ///< [E], what the top-k was taken from; -infinity where masked
        std::span<const std::int32_t>
            ids; ///< [k], by falling selection score, ties: lower id first
        std::span<const float> weights; ///< [k], what multiplies the expert outputs
    };
    virtual void onRouting(LayerId layer, std::uint32_t position, const Routing& routing);
    /// The choice of attention heads, in families that have one (JetMoE).
    virtual void onAttentionRouting(LayerId layer, std::uint32_t position, const Routing& routing);
    virtual bool wantsExpertOutputs() const { return false; }
    /// Output [D] of one chosen expert before `weight` multiplies it (1 where the weight acted on
    /// its input); experts ascending inside a layer, not tokens. Shared experts are not told.
    virtual void onExpertOutput(LayerId layer, std::uint32_t position, ExpertId expert,
        float weight, std::span<const float> output);
    /// The MLP's (mixture's or dense block's) contribution to the residual stream [D].
    virtual void onMlpOutput(LayerId layer, std::uint32_t position, std::span<const float> output);
    /// Next-token logits [V], for the positions that ForwardSpec::logits asks for.
    virtual void onLogits(std::uint32_t position, std::span<const float> logits);
};

/// What the layers remember of the tokens seen, and their number. Float32. Ordinary attention keeps
/// keys (after RoPE) and values, latent attention one latent and one rotated key for all heads, a
/// delta net a state of fixed size.
class KvCache {
public:
    explicit KvCache(const ModelConfig& config);
    std::uint32_t length() const { return m_length; }
    static std::uint64_t bytesPerToken(const ModelConfig& config);
    static std::uint64_t fixedBytes(const ModelConfig& config);

    struct Layer {
        std::vector<float> keys; ///< [length, G·hd], or [length, rank + rope]
        std::vector<float> values; ///< [length, G·hd]
        std::vector<float> state; ///< delta net: [value heads, dk, dv]
        std::vector<float> tail; ///< delta net: the convolution's last inputs [taps - 1, channels]
    };
    std::vector<Layer>& layers() { return m_layers; }
    void setLength(std::uint32_t length) { m_length = length; }
    /// Positions that the sequence got to when its RoPE frequencies were chosen.
    std::uint32_t reach() const { return m_reach; }
    void setReach(std::uint32_t reach) { m_reach = reach; }
    /// The tokens, kept only while a longer sequence may ask for other frequencies
    /// (RopeSpec::beyond and dynamic), for then all keys are made anew.
    struct Seen {
        std::vector<std::int32_t> ids;
        std::vector<std::uint32_t> positions;
    };
    Seen& seen() { return m_seen; }

private:
    std::vector<Layer> m_layers;
    std::uint32_t m_length = 0;
    std::uint32_t m_reach = 0;
    Seen m_seen;
};

/// Runs `ids` after what `cache` holds, appends to it and tells `observer` (may be null). Float32
/// throughout; every sum has a fixed order, so prompt-at-once, token-by-token and any thread count
/// give the same bits. Where a sequence passes RopeSpec::beyond or grows behind dynamic, what the
/// cache holds is run again with the new frequencies and these interventions, unheard by the
/// observer. On error or cancel the cache is left as it was. Errors: InvalidArgument for ids
/// outside the vocabulary, positions or interventions that do not fit; OutOfMemory from the
/// estimate; Unsupported for a model that opens for weight analysis only; Cancelled.
Status forward(const MoeModel& model, KvCache& cache, std::span<const std::int32_t> ids,
    const ForwardSpec& spec, ForwardObserver* observer, TaskContext& context);

/// logits [n, V] of hidden states [n, D] that have left the last layer: final norm, head, the
/// family's scaling.
void nextTokenLogits(const MoeModel& model, std::span<const float> hidden, std::span<float> logits,
    WorkerPool* pool);

/// InvalidArgument, naming the first id that is outside the vocabulary.
Status checkTokenIds(const ModelConfig& config, std::span<const std::int32_t> ids);

/// Bytes that forward() needs beyond the mapped file for `tokens` tokens, cache included.
std::uint64_t forwardMemory(const MoeModel& model, std::uint64_t tokens, const ForwardSpec& spec);

} // namespace moescope
