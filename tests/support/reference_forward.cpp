// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/reference_forward.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moescope::test {

namespace {

using Vector = std::vector<double>;

Vector times(const MatrixView& matrix, const Vector& x)
{
    const std::vector<float> w = decodeAll(matrix);
    Vector y(matrix.rows, 0.0);
    for (std::size_t r = 0; r < matrix.rows; ++r) {
        for (std::size_t c = 0; c < matrix.cols; ++c)
            y[r] += static_cast<double>(w[r * matrix.cols + c]) * x[c];
    }
    return y;
}

Vector norm(const Vector& x, const Norm& norm)
{
    double squares = 0;
    for (const double value : x)
        squares += value * value;
    const double root = std::sqrt(squares / static_cast<double>(x.size()) + norm.eps);
    Vector y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
        y[i] = static_cast<double>(norm.weight[i]) * x[i] / root;
    return y;
}

void rotate(double* head, const RopeSpec& rope, std::uint32_t position)
{
    const std::size_t half = rope.width / 2;
    for (std::size_t i = 0; i < half; ++i) {
        const double angle
            = position * std::pow(rope.base, -2.0 * static_cast<double>(i) / rope.width);
        const double a = head[i];
        const double b = head[i + half];
        head[i] = a * std::cos(angle) - b * std::sin(angle);
        head[i + half] = b * std::cos(angle) + a * std::sin(angle);
    }
}

Vector expert(const MlpTensors& mlp, const Vector& x)
{
    Vector gate = times(mlp.gate, x);
    const Vector up = times(mlp.up, x);
    for (std::size_t i = 0; i < gate.size(); ++i)
        gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    return times(mlp.down, gate);
}

void addTo(Vector& sum, const Vector& term, double factor = 1)
{
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += factor * term[i];
}

struct Projected {
    Vector q, k, v;
};

Projected project(
    const ModelConfig& config, const LayerTensors& layer, const Vector& x, std::uint32_t position)
{
    const AttentionSpec& spec = config.attention;
    Projected p{times(layer.q, x), times(layer.k, x), times(layer.v, x)};
    if (spec.qkNorm == QkNorm::WholeVector) {
        p.q = norm(p.q, layer.qNorm);
        p.k = norm(p.k, layer.kNorm);
    }
    if (spec.clipQkv) {
        for (Vector* vector : {&p.q, &p.k, &p.v}) {
            for (double& value : *vector)
                value = std::clamp(
                    value, -static_cast<double>(*spec.clipQkv), static_cast<double>(*spec.clipQkv));
        }
    }
    for (std::size_t h = 0; h < spec.heads; ++h)
        rotate(p.q.data() + h * spec.headDim, spec.rope, position);
    for (std::size_t g = 0; g < spec.kvHeads; ++g)
        rotate(p.k.data() + g * spec.headDim, spec.rope, position);
    return p;
}

Vector attend(const ModelConfig& config, const std::optional<std::uint32_t>& window,
    const std::vector<Projected>& all, std::size_t t)
{
    const AttentionSpec& spec = config.attention;
    const std::size_t width = spec.headDim;
    Vector mixed(spec.heads * width, 0.0);
    for (std::size_t h = 0; h < spec.heads; ++h) {
        const std::size_t g = h * spec.kvHeads / spec.heads;
        Vector p;
        double sum = 0;
        for (std::size_t j = 0; j <= t; ++j) {
            const bool visible = !window || j + *window > t;
            double score = 0;
            for (std::size_t i = 0; i < width; ++i)
                score += all[t].q[h * width + i] * all[j].k[g * width + i];
            p.push_back(visible ? std::exp(score / std::sqrt(static_cast<double>(width))) : 0.0);
            sum += p.back();
        }
        for (std::size_t j = 0; j <= t; ++j) {
            for (std::size_t i = 0; i < width; ++i)
                mixed[h * width + i] += p[j] / sum * all[j].v[g * width + i];
        }
    }
    return mixed;
}

} // namespace

ReferenceRun referenceForward(const MoeModel& model, std::span<const std::int32_t> ids,
    std::span<const std::uint32_t> positions)
{
    const ModelConfig& config = model.config();
    ReferenceRun run;
    const std::vector<float> embedding = decodeAll(model.tensors().embedding);
    std::vector<Vector> hidden;
    for (const std::int32_t id : ids) {
        const auto row = embedding.begin() + static_cast<std::ptrdiff_t>(id) * config.hidden;
        hidden.emplace_back(row, row + config.hidden);
    }
    run.hidden.push_back(hidden);
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const LayerTensors& layer = model.layer(LayerId(l));
        std::vector<Projected> projected;
        for (std::size_t t = 0; t < ids.size(); ++t)
            projected.push_back(project(config, layer, norm(hidden[t], layer.attentionNorm),
                positions.empty() ? static_cast<std::uint32_t>(t) : positions[t]));
        std::vector<std::vector<double>> logits;
        std::vector<std::vector<std::int32_t>> chosen;
        std::vector<std::vector<double>> weights;
        for (std::size_t t = 0; t < ids.size(); ++t) {
            addTo(hidden[t], times(layer.o, attend(config, config.layers[l].window, projected, t)));
            const Vector x = norm(hidden[t], layer.mlpNorm);
            if (!config.layers[l].mixture) {
                addTo(hidden[t], expert(layer.dense, x));
                continue;
            }
            const Vector z = times(layer.router, x);
            double total = 0;
            for (const double value : z)
                total += std::exp(value);
            std::vector<std::int32_t> order(z.size());
            std::iota(order.begin(), order.end(), 0);
            std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
                return z[static_cast<std::size_t>(a)] > z[static_cast<std::size_t>(b)];
            });
            order.resize(config.router.topK);
            Vector w;
            double chosenSum = 0;
            for (const std::int32_t e : order) {
                w.push_back(std::exp(z[static_cast<std::size_t>(e)]) / total);
                chosenSum += w.back();
            }
            for (std::size_t i = 0; i < order.size(); ++i) {
                if (config.router.renormalise)
                    w[i] /= chosenSum;
                addTo(
                    hidden[t], expert(layer.experts[static_cast<std::size_t>(order[i])], x), w[i]);
            }
            if (layer.shared)
                addTo(hidden[t], expert(*layer.shared, x));
            logits.push_back(z);
            chosen.push_back(order);
            weights.push_back(w);
        }
        run.routerLogits.push_back(std::move(logits));
        run.ids.push_back(std::move(chosen));
        run.weights.push_back(std::move(weights));
        run.hidden.push_back(hidden);
    }
    for (const Vector& h : hidden)
        run.logits.push_back(times(model.tensors().head, norm(h, model.tensors().finalNorm)));
    return run;
}

} // namespace moescope::test
