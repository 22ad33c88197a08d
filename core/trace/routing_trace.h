// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"

namespace moescope {

struct TraceToken {
    std::int32_t id = 0;
    std::uint32_t begin = 0; ///< byte range in the prompt's text; empty for added tokens
    std::uint32_t end = 0;
    std::string
        text; ///< the token's bytes as they stand in running text; may be invalid UTF-8 alone
    bool special = false;
    bool generated = false;
};

/// One token the model considered as the next one.
struct Prediction {
    std::int32_t id = 0;
    float probability = 0;
};

/// The `count` most likely next tokens, most likely first; ties: lower id first.
std::vector<Prediction> mostLikely(std::span<const float> logits, std::size_t count);

/// The data of one run: T tokens through L mixture layers with E experts, k chosen. Arrays are
/// [T][L][...], row-major. Field meanings: EXPERIMENTS, routing trace. Values are those of the
/// runtime, never recomputed.
struct RoutingTrace {
    std::string prompt; ///< text; empty when ids were given
    std::vector<TraceToken> tokens;
    std::vector<LayerId> layers; ///< absolute block numbers of the mixture layers
    std::uint32_t experts = 0; ///< E
    std::uint32_t k = 0; ///< in force (an intervention may change it)
    std::vector<std::int32_t> ids; ///< [T][L][k], by falling selection score
    std::vector<float> weights; ///< [T][L][k]
    std::vector<float> logits; ///< [T][L][E]
    std::vector<float> margins; ///< [T][L], k-th minus (k+1)-th selection score
    std::string marginUnit = "logit";
    std::vector<std::vector<Prediction>> next; ///< [T], the most likely next tokens; may be empty
    std::vector<float>
        nextLogProbability; ///< [T], log p of the token that follows; NaN for the last
    Interventions interventions;
    /// The second routing of families that choose attention heads too (JetMoE), with the same E.
    struct AttentionRouting {
        std::vector<LayerId> layers; ///< absolute; empty in every other family
        std::uint32_t k = 0;
        std::vector<std::int32_t> ids; ///< [T][L][k]
        std::vector<float> weights; ///< [T][L][k]
        std::vector<float> logits; ///< [T][L][E]
        std::vector<float> margins; ///< [T][L]
    };
    AttentionRouting attention;

    std::size_t tokenCount() const { return tokens.size(); }
    std::size_t layerCount() const { return layers.size(); }
    std::size_t countedTokens() const; ///< special tokens left out
    std::span<const std::int32_t> idsAt(std::size_t token, std::size_t ordinal) const;
    std::span<const float> weightsAt(std::size_t token, std::size_t ordinal) const;
    std::span<const float> logitsAt(std::size_t token, std::size_t ordinal) const;
    float marginAt(std::size_t token, std::size_t ordinal) const;
    /// softmax of the logits over all E, in double.
    std::vector<double> probabilitiesAt(std::size_t token, std::size_t ordinal) const;
    double entropyAt(std::size_t token, std::size_t ordinal) const; ///< nats
    std::int32_t top1At(
        std::size_t token, std::size_t ordinal) const; ///< largest weight; ties: first slot
    /// Ordinal of an absolute layer; nothing for a dense one.
    std::optional<std::size_t> ordinalOf(LayerId layer) const;
};

/// The routing of attention heads as a trace of its own; nothing where there is none.
std::optional<RoutingTrace> attentionTrace(const RoutingTrace& trace);

/// How many experts two choices have in common.
std::size_t sharedExperts(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

/// Collects a trace from forward passes over `ids`; with logits of all positions it also keeps the
/// `predictions` most likely next tokens and the log probability of the token that really follows.
class TraceRecorder : public ForwardObserver {
public:
    TraceRecorder(
        const MoeModel& model, const Interventions& interventions, std::size_t predictions = 5);
    /// Tokens that will pass; more can be added as they are generated.
    void addToken(TraceToken token);
    void onRouting(LayerId layer, std::uint32_t position, const Routing& routing) override;
    void onAttentionRouting(LayerId layer, std::uint32_t position, const Routing& routing) override;
    void onLogits(std::uint32_t position, std::span<const float> logits) override;
    const RoutingTrace& trace() const { return m_trace; }
    RoutingTrace take() { return std::move(m_trace); }

private:
    RoutingTrace m_trace;
    std::size_t m_predictions;
};

/// The k-th minus the (k+1)-th selection score, given the chosen experts; infinity when nothing was
/// left to reject.
float selectionMargin(std::span<const float> selection, std::span<const std::int32_t> chosen);

struct TraceRequest {
    std::string text; ///< used when `ids` is empty
    std::vector<std::int32_t> ids;
    bool addSpecial = true; ///< let the tokenizer add BOS and the like
    Interventions interventions;
};

/// Bytes of what traceRouting() records of `tokens` tokens; the pass needs forwardMemory() besides.
std::uint64_t traceMemory(
    const MoeModel& model, std::uint64_t tokens, const Interventions& interventions);

/// The prompt's tokens, as traceRouting() would run them.
Result<std::vector<TraceToken>> tokenizePrompt(const OpenModel& open, const TraceRequest& request);
/// One token with its text, for ids that were generated or given as numbers.
TraceToken traceToken(const OpenModel& open, std::int32_t id);

/// Tokenizes, runs and records one prompt. Errors: Unsupported without a runnable model,
/// InvalidArgument for an empty prompt or one that needs a missing tokenizer.
Result<RoutingTrace> traceRouting(
    const OpenModel& open, const TraceRequest& request, TaskContext& context);
/// Of a runnable model, with tokenizePrompt()'s tokens where they are there already.
Result<RoutingTrace> traceRouting(const OpenModel& open, const TraceRequest& request,
    std::vector<TraceToken> tokens, TaskContext& context);

} // namespace moescope
