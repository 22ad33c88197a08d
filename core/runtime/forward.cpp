// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/forward.h"

#include <algorithm>
#include <cmath>
#include <new>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/runtime/block.h"
#include "core/runtime/kernels.h"
#include "core/runtime/runnable.h"
#include "core/tensor/linear.h"

namespace moescope {

void ForwardObserver::onHidden(std::uint32_t, std::uint32_t, std::span<const float>) { }
void ForwardObserver::onAttention(LayerId, std::uint32_t, std::uint32_t, std::span<const float>) { }
void ForwardObserver::onAttentionOutput(LayerId, std::uint32_t, std::span<const float>) { }
void ForwardObserver::onRouterInput(LayerId, std::uint32_t, std::span<const float>) { }
void ForwardObserver::onRouting(LayerId, std::uint32_t, const Routing&) { }
void ForwardObserver::onAttentionRouting(LayerId, std::uint32_t, const Routing&) { }
void ForwardObserver::onExpertOutput(
    LayerId, std::uint32_t, ExpertId, float, std::span<const float>)
{
}
void ForwardObserver::onMlpOutput(LayerId, std::uint32_t, std::span<const float>) { }
void ForwardObserver::onLogits(std::uint32_t, std::span<const float>) { }

bool Interventions::empty() const
{
    return !topK && masked.empty() && forced.empty() && zeroedValues.empty() && removed.empty()
        && embeddingNoise == 0;
}

KvCache::KvCache(const ModelConfig& config)
    : m_layers(config.layerCount())
{
}

std::uint64_t KvCache::bytesPerToken(const ModelConfig& config)
{
    const AttentionSpec& attention = config.attention;
    std::uint64_t floats = 0;
    for (const LayerSpec& layer : config.layers) {
        if (layer.mixer == LayerSpec::Mixer::LatentAttention)
            floats += std::uint64_t{attention.latent->rank} + attention.latent->rope;
        else if (layer.mixer != LayerSpec::Mixer::DeltaNet
            && layer.mixer != LayerSpec::Mixer::Missing)
            floats += std::uint64_t{2} * attention.kvHeads * attention.headDim;
    }
    return sizeof(float) * floats;
}

std::uint64_t KvCache::fixedBytes(const ModelConfig& config)
{
    if (!config.attention.delta)
        return 0;
    const DeltaSpec& delta = *config.attention.delta;
    const std::uint64_t state = std::uint64_t{delta.valueHeads} * delta.keyDim * delta.valueDim;
    const std::uint64_t tail = std::uint64_t{delta.taps}
        * (std::uint64_t{2} * delta.keyHeads * delta.keyDim
            + std::uint64_t{delta.valueHeads} * delta.valueDim);
    const auto layers = static_cast<std::uint64_t>(
        std::ranges::count(config.layers, LayerSpec::Mixer::DeltaNet, &LayerSpec::mixer));
    return sizeof(float) * layers * (state + tail);
}

namespace {

Status checkInterventions(const ModelConfig& config, const Interventions& interventions)
{
    const std::uint32_t experts = config.router.experts;
    if (interventions.topK && (*interventions.topK == 0 || *interventions.topK > experts))
        return fail(ErrorCode::InvalidArgument,
            fmt::format(
                "{} experts per token cannot be chosen of {}.", *interventions.topK, experts));
    const std::uint32_t k = interventions.topK.value_or(config.router.topK);
    std::vector<std::uint32_t> masked(config.layerCount(), 0);
    std::vector<std::uint32_t> forced(config.layerCount(), 0);
    const auto count
        = [&](const std::vector<Interventions::ExpertAt>& list, std::vector<std::uint32_t>& into) {
              std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
              for (const auto& [layer, expert] : list) {
                  if (layer.value >= config.layerCount() || !config.layers[layer.value].mixture
                      || expert.value >= experts)
                      return false;
                  seen.emplace_back(layer.value, expert.value);
              }
              std::ranges::sort(seen);
              seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
              for (const auto& [layer, expert] : seen)
                  ++into[layer];
              return true;
          };
    if (!count(interventions.masked, masked) || !count(interventions.forced, forced))
        return fail(
            ErrorCode::InvalidArgument, "A masked or forced expert does not exist in this model.");
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (config.layers[l].mixture && masked[l] + k > experts)
            return fail(ErrorCode::InvalidArgument,
                fmt::format("With {} of {} experts masked, layer {} cannot choose {}.", masked[l],
                    experts, l, k));
        if (forced[l] > k)
            return fail(ErrorCode::InvalidArgument,
                fmt::format(
                    "{} experts are forced in layer {}, but only {} are chosen.", forced[l], l, k));
    }
    for (const auto& both : interventions.forced) {
        if (std::ranges::any_of(interventions.masked,
                [&](const auto& m) { return m.layer == both.layer && m.expert == both.expert; }))
            return fail(ErrorCode::InvalidArgument,
                fmt::format("Expert {} of layer {} is masked and forced at once.",
                    both.expert.value, both.layer.value));
    }
    for (const auto& [layer, position] : interventions.zeroedValues) {
        if (layer.value >= config.layerCount())
            return fail(
                ErrorCode::InvalidArgument, fmt::format("There is no layer {}.", layer.value));
    }
    for (const auto& [layer, component] : interventions.removed) {
        if (layer.value >= config.layerCount())
            return fail(
                ErrorCode::InvalidArgument, fmt::format("There is no layer {}.", layer.value));
    }
    if (!(interventions.embeddingNoise >= 0))
        return fail(
            ErrorCode::InvalidArgument, "The embedding noise must be a number of at least 0.");
    return {};
}

Status checkInput(const ModelConfig& config, const KvCache& cache,
    std::span<const std::int32_t> ids, const ForwardSpec& spec)
{
    if (ids.empty())
        return fail(ErrorCode::InvalidArgument, "There is no token to run.");
    MOESCOPE_CHECK(checkTokenIds(config, ids));
    if (ids.size() > UINT32_MAX - cache.length())
        return fail(ErrorCode::InvalidArgument, "The prompt is too long.");
    const std::uint32_t sparse = config.attention.sparseBeyond;
    if (const std::uint64_t length = cache.length() + ids.size(); sparse > 0 && length > sparse)
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "{} tokens need the sparse attention of {}, which is not supported; up to {} "
                "do not.",
                length, config.familyName, sparse));
    if (!spec.positions.empty()) {
        if (spec.positions.size() != ids.size())
            return fail(ErrorCode::InvalidArgument,
                fmt::format(
                    "{} positions were given for {} tokens.", spec.positions.size(), ids.size()));
        if (!std::ranges::is_sorted(spec.positions, std::less_equal<>{}))
            return fail(ErrorCode::InvalidArgument, "Positions must ascend.");
    }
    return checkInterventions(config, spec.interventions);
}

/// Hidden states of one chunk before the first layer.
void embed(const MoeModel& model, std::span<const std::int32_t> ids, std::uint32_t firstPosition,
    const Interventions& interventions, std::span<float> hidden)
{
    const std::size_t width = model.config().hidden;
    for (std::size_t t = 0; t < ids.size(); ++t) {
        const auto row = hidden.subspan(t * width, width);
        decodeRows(model.tensors().embedding, static_cast<std::size_t>(ids[t]), 1, row);
        if (model.config().embeddingMultiplier != 1.0F) {
            for (float& value : row)
                value *= model.config().embeddingMultiplier;
        }
        if (interventions.embeddingNoise > 0) {
            Random random = Random::stream(interventions.noiseSeed, firstPosition + t);
            for (float& value : row)
                value += static_cast<float>(interventions.embeddingNoise * random.normal());
        }
    }
}

/// Logits of some rows of `hidden`, a few at a time to bound the memory of large vocabularies.
void tellLogits(const MoeModel& model, std::span<const float> hidden, std::size_t firstRow,
    std::size_t rows, std::uint32_t firstPosition, ForwardObserver& observer, WorkerPool* pool)
{
    constexpr std::size_t kRowsAtOnce = 16;
    const std::size_t width = model.config().hidden;
    const std::size_t vocabulary = model.config().vocabulary;
    std::vector<float> logits(std::min(rows, kRowsAtOnce) * vocabulary);
    for (std::size_t done = 0; done < rows; done += kRowsAtOnce) {
        const std::size_t count = std::min(kRowsAtOnce, rows - done);
        nextTokenLogits(model, hidden.subspan((firstRow + done) * width, count * width),
            std::span(logits).first(count * vocabulary), pool);
        for (std::size_t i = 0; i < count; ++i)
            observer.onLogits(static_cast<std::uint32_t>(firstPosition + firstRow + done + i),
                std::span<const float>(logits).subspan(i * vocabulary, vocabulary));
    }
}

Status runChunk(const MoeModel& model, KvCache& cache, std::span<const std::int32_t> ids,
    std::span<const std::uint32_t> positions, const RopeTable& rope, bool isLast,
    const ForwardSpec& spec, ForwardObserver* observer, TaskContext& context, Workspace& workspace,
    double progressBase, double progressShare)
{
    const ModelConfig& config = model.config();
    const std::size_t tokens = ids.size();
    const std::uint32_t first = cache.length();
    std::vector<float> hidden(tokens * config.hidden);
    embed(model, ids, first, spec.interventions, hidden);
    const auto tellHidden = [&](std::uint32_t layer) {
        if (!observer)
            return;
        for (std::size_t t = 0; t < tokens; ++t)
            observer->onHidden(layer, static_cast<std::uint32_t>(first + t),
                std::span<const float>(hidden).subspan(t * config.hidden, config.hidden));
    };
    const BlockInput input{positions, first, &rope, &spec.interventions, observer, context.pool(),
        &workspace, spec.precision};
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_CHECK(context.check());
        tellHidden(l);
        runBlock(model, LayerId(l), cache.layers()[l], hidden, input);
        context.progress(progressBase + progressShare * (l + 1) / config.layerCount(),
            fmt::format("Layer {}", l));
    }
    tellHidden(config.layerCount());
    cache.setLength(static_cast<std::uint32_t>(first + tokens));
    if (observer && spec.logits == LogitsWanted::All)
        tellLogits(model, hidden, 0, tokens, first, *observer, context.pool());
    else if (observer && spec.logits == LogitsWanted::Last && isLast)
        tellLogits(model, hidden, tokens - 1, 1, first, *observer, context.pool());
    return {};
}

std::vector<std::uint32_t> positionsOf(
    const KvCache& cache, std::span<const std::int32_t> ids, const ForwardSpec& spec)
{
    std::vector<std::uint32_t> positions = spec.positions;
    for (std::size_t t = positions.size(); t < ids.size(); ++t)
        positions.push_back(cache.length() + static_cast<std::uint32_t>(t));
    return positions;
}

/// Roughly the multiplications for the first `tokens` of a sequence: of each alone, and of its
/// attention to every earlier one. Only weighs the progress of long prompts.
double workOf(const ModelConfig& config, double tokens)
{
    constexpr double kSoftmax = 64; // a head's softmax takes as long for a key, as measured
    const double heads = config.attention.heads;
    const double perPair = heads * (2.0 * config.attention.headDim + kSoftmax) / 2;
    double alone = static_cast<double>(config.vocabulary) * config.hidden;
    double withEarlier = 0;
    for (const LayerSpec& layer : config.layers) {
        alone += static_cast<double>(config.hidden)
            * (4 * heads * config.attention.headDim
                + 3.0 * layer.intermediate * std::max(1U, config.router.topK));
        if (layer.mixer != LayerSpec::Mixer::DeltaNet && !layer.window)
            withEarlier += perPair;
    }
    return tokens * (alone + withEarlier * tokens);
}

Status runChunks(const MoeModel& model, KvCache& cache, std::span<const std::int32_t> ids,
    std::span<const std::uint32_t> positions, const ForwardSpec& spec, ForwardObserver* observer,
    TaskContext& context)
{
    const RopeTable rope(model.config().attention.rope, cache.reach());
    const std::size_t chunk = std::max<std::size_t>(1, spec.chunk);
    Workspace workspace;
    const ModelConfig& config = model.config();
    const double start = cache.length();
    const double before = workOf(config, start);
    const double total = workOf(config, start + static_cast<double>(ids.size())) - before;
    const auto shareOf = [&](std::size_t tokens) {
        return (workOf(config, start + static_cast<double>(tokens)) - before) / total;
    };
    for (std::size_t done = 0; done < ids.size(); done += chunk) {
        const std::size_t count = std::min(chunk, ids.size() - done);
        const double share = shareOf(done);
        MOESCOPE_CHECK(runChunk(model, cache, ids.subspan(done, count),
            positions.subspan(done, count), rope, done + count == ids.size(), spec, observer,
            context, workspace, share, shareOf(done + count) - share));
    }
    return model.checkpoint().status();
}

bool usesShortRope(const RopeSpec& rope, std::uint32_t reach)
{
    return rope.beyond && reach <= rope.beyond->after;
}

/// A sequence that has come to `reach` positions may come to others with other frequencies.
bool ropeMayChange(const RopeSpec& rope, std::uint32_t reach)
{
    return usesShortRope(rope, reach) || rope.dynamic;
}

/// Frequencies at `reach` are other ones than those `before`.
bool ropeChanges(const RopeSpec& rope, std::uint32_t before, std::uint32_t reach)
{
    return (usesShortRope(rope, before) && !usesShortRope(rope, reach))
        || (rope.dynamic && reach > std::max(before, rope.dynamic->after));
}

void remember(
    KvCache& cache, std::span<const std::int32_t> ids, std::span<const std::uint32_t> positions)
{
    KvCache::Seen& seen = cache.seen();
    seen.ids.insert(seen.ids.end(), ids.begin(), ids.end());
    seen.positions.insert(seen.positions.end(), positions.begin(), positions.end());
}

Status runAnew(const MoeModel& model, KvCache& cache, std::span<const std::int32_t> ids,
    std::span<const std::uint32_t> positions, const ForwardSpec& spec, ForwardObserver* observer,
    TaskContext& context)
{
    KvCache fresh(model.config());
    fresh.setReach(positions.back() + 1);
    ForwardSpec before = spec;
    before.logits = LogitsWanted::None;
    TaskContext quiet = context.quiet();
    MOESCOPE_CHECK(
        runChunks(model, fresh, cache.seen().ids, cache.seen().positions, before, nullptr, quiet));
    MOESCOPE_CHECK(runChunks(model, fresh, ids, positions, spec, observer, context));
    if (ropeMayChange(model.config().attention.rope, fresh.reach())) {
        fresh.seen() = cache.seen();
        remember(fresh, ids, positions);
    }
    cache = std::move(fresh);
    return {};
}

Status runTokens(const MoeModel& model, KvCache& cache, std::span<const std::int32_t> ids,
    std::span<const std::uint32_t> positions, const ForwardSpec& spec, ForwardObserver* observer,
    TaskContext& context)
{
    const RopeSpec& rope = model.config().attention.rope;
    const std::uint32_t reach = positions.back() + 1;
    if (cache.length() == 0) {
        cache.setReach(reach);
        cache.seen() = {};
    }
    if (!ropeMayChange(rope, cache.reach()))
        return runChunks(model, cache, ids, positions, spec, observer, context);
    if (ropeChanges(rope, cache.reach(), reach))
        return runAnew(model, cache, ids, positions, spec, observer, context);
    MOESCOPE_CHECK(runChunks(model, cache, ids, positions, spec, observer, context));
    remember(cache, ids, positions);
    return {};
}

/// What a cache looked like before a pass: sizes of what only grows, copies of what is changed in
/// place.
class CacheMark {
public:
    explicit CacheMark(KvCache& cache)
        : m_length(cache.length())
    {
        for (const KvCache::Layer& layer : cache.layers())
            m_layers.push_back({layer.keys.size(), layer.values.size(), layer.state, layer.tail});
    }
    void restore(KvCache& cache) const
    {
        for (std::size_t l = 0; l < m_layers.size(); ++l) {
            KvCache::Layer& layer = cache.layers()[l];
            layer.keys.resize(m_layers[l].keys);
            layer.values.resize(m_layers[l].values);
            layer.state = m_layers[l].state;
            layer.tail = m_layers[l].tail;
        }
        cache.setLength(m_length);
    }

private:
    struct Layer {
        std::size_t keys = 0;
        std::size_t values = 0;
        std::vector<float> state;
        std::vector<float> tail;
    };
    std::uint32_t m_length = 0;
    std::vector<Layer> m_layers;
};

} // namespace

void nextTokenLogits(
    const MoeModel& model, std::span<const float> hidden, std::span<float> logits, WorkerPool* pool)
{
    const ModelConfig& config = model.config();
    const std::size_t width = config.hidden;
    std::vector<float> normed(hidden.size());
    for (std::size_t at = 0; at < hidden.size(); at += width)
        normalise(model.tensors().finalNorm, hidden.subspan(at, width),
            std::span(normed).subspan(at, width));
    multiply(model.tensors().head, normed, hidden.size() / width, logits, pool);
    addBias(logits, model.tensors().headBias);
    if (config.logitMultiplier != 1.0F) {
        for (float& value : logits)
            value *= config.logitMultiplier;
    }
    if (config.logitSoftCap) {
        for (float& value : logits)
            value = *config.logitSoftCap * std::tanh(value / *config.logitSoftCap);
    }
}

std::uint64_t forwardMemory(const MoeModel& model, std::uint64_t tokens, const ForwardSpec& spec)
{
    const ModelConfig& config = model.config();
    const std::uint64_t chunk = std::min<std::uint64_t>(tokens, std::max(1U, spec.chunk));
    std::uint64_t heads = std::uint64_t{config.attention.heads} * config.attention.headDim;
    if (config.attention.latent)
        heads += std::uint64_t{config.attention.heads}
            * (config.attention.latent->rank + config.attention.latent->rope);
    if (config.attention.delta)
        heads
            += std::uint64_t{config.attention.delta->valueHeads} * config.attention.delta->valueDim;
    const std::uint64_t k = std::max(1U, spec.interventions.topK.value_or(config.router.topK));
    std::uint64_t inner = 0;
    for (const LayerSpec& layer : config.layers)
        inner = std::max<std::uint64_t>(inner, layer.intermediate);
    inner = std::max<std::uint64_t>(inner, config.router.sharedIntermediate);
    const std::uint64_t perToken
        = 4 * config.hidden + 4 * heads + k * (config.hidden + inner) + config.router.experts;
    const std::uint64_t scores = std::uint64_t{config.attention.heads} * tokens;
    return tokens * KvCache::bytesPerToken(config) + 2 * KvCache::fixedBytes(config)
        + sizeof(float)
        * (chunk * (perToken + scores / 8) + scores + 16 * std::uint64_t{config.vocabulary});
}

Status checkTokenIds(const ModelConfig& config, std::span<const std::int32_t> ids)
{
    for (const std::int32_t id : ids) {
        if (id < 0 || static_cast<std::uint32_t>(id) >= config.vocabulary)
            return fail(ErrorCode::InvalidArgument,
                fmt::format("The token id {} is outside the vocabulary of {} tokens.", id,
                    config.vocabulary));
    }
    return {};
}

Status checkRunnable(const ModelConfig& config)
{
    if (config.missingPart.empty())
        return {};
    return fail(ErrorCode::Unsupported,
        fmt::format("{} models cannot be run yet for lack of {}; their weights can be analysed.",
            config.familyName, config.missingPart));
}

std::string positionsWarning(const ModelConfig& config, std::uint64_t tokens)
{
    if (config.maxPositions == 0 || tokens <= config.maxPositions)
        return {};
    return fmt::format("{} tokens are more than the {} positions this model was made for: what it "
                       "does beyond them may mean little.",
        formatCount(tokens), formatCount(config.maxPositions));
}

Status forward(const MoeModel& model, KvCache& cache, std::span<const std::int32_t> ids,
    const ForwardSpec& spec, ForwardObserver* observer, TaskContext& context)
{
    if (spec.precision == Precision::Bf16 && ids.size() < kFewTokens) {
        ForwardSpec exact = spec;
        exact.precision = Precision::Float32;
        return forward(model, cache, ids, exact, observer, context);
    }
    const ModelConfig& config = model.config();
    MOESCOPE_CHECK(checkRunnable(config));
    MOESCOPE_CHECK(checkInput(config, cache, ids, spec));
    const auto positions = positionsOf(cache, ids, spec);
    std::uint64_t memory = forwardMemory(model, cache.length() + ids.size(), spec);
    if (ropeChanges(config.attention.rope, cache.reach(), positions.back() + 1))
        memory += cache.length() * KvCache::bytesPerToken(config);
    MOESCOPE_CHECK(context.checkMemory(memory, "Running this prompt"));
    Status status;
    const CacheMark before(cache);
    try {
        status = runTokens(model, cache, ids, positions, spec, observer, context);
    } catch (const std::bad_alloc&) {
        status = fail(ErrorCode::OutOfMemory, "There is not enough memory to run this prompt.");
    } catch (const std::exception& error) {
        status
            = fail(ErrorCode::Internal, fmt::format("The forward pass failed: {}.", error.what()));
    }
    if (!status)
        before.restore(cache);
    return status;
}

} // namespace moescope
