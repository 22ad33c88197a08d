// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/bench/bench.h"
#include "core/io/json.h"
#include "core/report/model_identity.h"

namespace moescope::bench {

namespace {

Json toJson(const Figures& figures)
{
    return {{"median", figures.median}, {"lowest", figures.lowest}, {"highest", figures.highest},
        {"runs", figures.runs}};
}

class Table {
public:
    Table(const char* id, const char* title, const char* caption)
    {
        m_figure.id = id;
        m_figure.title = title;
        m_figure.caption = caption;
        m_table.columns = {{"", "", false, -1, ""}, {"median", "", true, 3, "of the runs"},
            {"lowest", "", true, 3, ""}, {"highest", "", true, 3, ""}, {"unit", "", false, -1, ""}};
    }
    void add(const std::string& name, const Figures& figures, const char* unit)
    {
        m_table.rows.push_back({name, figures.median, figures.lowest, figures.highest, unit});
    }
    void add(const std::string& name, double value, const char* unit)
    {
        m_table.rows.push_back({name, value, std::monostate(), std::monostate(), unit});
    }
    Figure figure() &&
    {
        m_figure.data = std::move(m_table);
        return std::move(m_figure);
    }

private:
    Figure m_figure;
    TableFigure m_table;
};

void addPrecision(const PrecisionBench& bench, Table& speed, Table& ratios, Json& fields)
{
    speed.add("the same prompt with bfloat16 products", bench.prefill, "tokens/s");
    speed.add("and in turns with it in float32", bench.exact, "tokens/s");
    speed.add("error of its last states", 100 * bench.stateError, "%");
    speed.add("choices of experts that it changes", 100 * bench.changedChoices, "%");
    ratios.add("bfloat16 / single-precision products", bench.gain, "");
    fields["bf16"]
        = Json{{"prefill", toJson(bench.prefill)}, {"float32_prefill", toJson(bench.exact)},
            {"gain", toJson(bench.gain)}, {"state_error", bench.stateError},
            {"changed_choices", bench.changedChoices}, {"choices", bench.choices}};
}

void addSpectra(const SpectraBench& spectra, Table& speed, Table& ratios, Json& fields)
{
    const std::string shape = fmt::format("{} x {}", spectra.rows, spectra.cols);
    const double ours = spectra.ours.median;
    const double direct = spectra.direct.median;
    const auto milliseconds = [&](const std::string& name, const Figures& figures) {
        const Figures scaled{
            figures.median * 1000, figures.lowest * 1000, figures.highest * 1000, figures.runs};
        speed.add(name, scaled, "ms");
    };
    milliseconds(fmt::format("spectrum of {}, of one thread", shape), spectra.ours);
    milliseconds("the same in double precision", spectra.ourDouble);
    milliseconds("the same as time passes on all threads", spectra.wall);
    milliseconds("LAPACK gesdd, of one thread", spectra.direct);
    milliseconds("Gram product and tridiagonal form, single", spectra.floorSingle);
    milliseconds("Gram product and tridiagonal form, double", spectra.floorDouble);
    speed.add("spectra computed in double precision",
        100 * static_cast<double>(spectra.doubles) / static_cast<double>(spectra.matrices), "%");
    ratios.add("gesdd / spectrum, of one thread", direct / ours, "");
    ratios.add("gesdd of one thread / spectrum on all threads", direct / spectra.wall.median, "");
    ratios.add("spectrum / single Gram product and tridiagonal form",
        ours / spectra.floorSingle.median, "");
    ratios.add("spectrum / double Gram product and tridiagonal form",
        ours / spectra.floorDouble.median, "");
    fields["spectrum_seconds"] = toJson(spectra.ours);
    fields["spectrum_double_seconds"] = toJson(spectra.ourDouble);
    fields["spectrum_wall_seconds"] = toJson(spectra.wall);
    fields["gesdd_seconds"] = toJson(spectra.direct);
    fields["spectrum_floor_single_seconds"] = toJson(spectra.floorSingle);
    fields["spectrum_floor_double_seconds"] = toJson(spectra.floorDouble);
    fields["spectra"] = spectra.matrices;
    fields["spectra_in_double"] = spectra.doubles;
    fields["gesdd_over_spectrum"] = direct / ours;
    fields["gesdd_over_spectrum_wall"] = direct / spectra.wall.median;
    fields["spectrum_over_floor_single"] = ours / spectra.floorSingle.median;
    fields["spectrum_over_floor_double"] = ours / spectra.floorDouble.median;
}

} // namespace

Report benchReport(const OpenModel& open, const Machine& machine, const RuntimeBench& runtime,
    const std::optional<SpectraBench>& spectra, const BenchSpec& spec)
{
    Report report;
    report.experiment = "bench";
    report.title = "Speed on this machine";
    report.model = identifyModel(open);
    *report.spec
        = Json{{"prompt_tokens", spec.promptTokens}, {"long_prompt_tokens", spec.longPromptTokens},
            {"new_tokens", spec.newTokens}, {"runs", spec.runs}, {"matrices", spec.matrices}};

    const double gigabytes = static_cast<double>(runtime.bytesPerToken) / 1e9;
    const double generationRate = runtime.generation.median * gigabytes;
    const double prefillRate = runtime.prefill.median * runtime.operationsPerToken / 1e9;
    const double ofBandwidth = generationRate / machine.readBandwidth.median;
    const double ofMatrixRate = prefillRate / machine.matrixRate.median;

    Table facts("machine", "This machine", "Measured in this run, on the threads of the run.");
    facts.add("reading memory", machine.readBandwidth, "GB/s");
    facts.add("single-precision products", machine.matrixRate, "GF/s");
    Table speed("speed", "Speed",
        "Medians over the runs after a first one that is not counted; the long prompt and its "
        "attention are measured once, the spectra of noise in turns with their yardsticks.");
    speed.add(fmt::format("prompt of {} tokens", spec.promptTokens), runtime.prefill, "tokens/s");
    speed.add(
        fmt::format("generation from {} weights", runtime.packing), runtime.generation, "tokens/s");
    speed.add("weights read for a token", gigabytes * 1000, "MB");
    speed.add("weights read in generation", generationRate, "GB/s");
    if (runtime.firstToken) {
        speed.add(fmt::format("first token after {} tokens", runtime.longTokens),
            *runtime.firstToken, "s");
        speed.add(fmt::format("prompt of {} tokens", runtime.longTokens), *runtime.longPrefill,
            "tokens/s");
    }
    if (runtime.attention)
        speed.add(
            fmt::format("attention of {} tokens", runtime.longTokens), *runtime.attention, "s");
    Table ratios("ratios", "Ratios", "How much of what the machine can do is reached.");
    ratios.add("generation / reading memory", ofBandwidth, "");
    ratios.add("prompt / single-precision products", ofMatrixRate, "");
    if (runtime.longPrefill)
        ratios.add("long prompt / short prompt", *runtime.longPrefill / runtime.prefill.median, "");
    if (runtime.attention)
        ratios.add("attention / long prompt", *runtime.attention / *runtime.firstToken, "");
    *report.fields = Json{
        {"machine",
            {{"processor", machine.processor}, {"cores", machine.cores},
                {"threads", machine.threads}, {"instructions", machine.instructions},
                {"bf16_products", machine.bf16Products}, {"linear_algebra", machine.linearAlgebra},
                {"read_bandwidth", toJson(machine.readBandwidth)},
                {"matrix_rate", toJson(machine.matrixRate)}}},
        {"prefill", toJson(runtime.prefill)}, {"generation", toJson(runtime.generation)},
        {"packing", runtime.packing}, {"bytes_per_token", runtime.bytesPerToken},
        {"generation_gigabytes", generationRate}, {"generation_over_bandwidth", ofBandwidth},
        {"prefill_over_matrix_rate", ofMatrixRate}};
    if (runtime.firstToken) {
        (*report.fields)["first_token_seconds"] = *runtime.firstToken;
        (*report.fields)["long_prefill"] = *runtime.longPrefill;
        (*report.fields)["long_over_short_prefill"] = *runtime.longPrefill / runtime.prefill.median;
    }
    if (runtime.attention) {
        (*report.fields)["attention_seconds"] = *runtime.attention;
        (*report.fields)["attention_over_long_prefill"] = *runtime.attention / *runtime.firstToken;
    }
    if (runtime.bf16)
        addPrecision(*runtime.bf16, speed, ratios, *report.fields);
    if (spectra)
        addSpectra(*spectra, speed, ratios, *report.fields);
    report.figures.push_back(std::move(facts).figure());
    report.figures.push_back(std::move(speed).figure());
    report.figures.push_back(std::move(ratios).figure());
    report.figures.front().subtitle
        = fmt::format("{}, {} cores, {} threads used, {} products{}; yardsticks by {}",
            machine.processor, machine.cores, machine.threads, machine.instructions,
            machine.bf16Products ? ", with bfloat16" : ", without bfloat16", machine.linearAlgebra);
    std::string& run = report.figures[1].subtitle;
    run = fmt::format(
        "{} layers, a prompt of {} tokens", open.model->config().layerCount(), spec.promptTokens);
    if (runtime.firstToken)
        run += fmt::format(", one of {}", runtime.longTokens);
    run += fmt::format(", {} new tokens; {} runs", spec.newTokens, spec.runs);
    if (spectra)
        run += fmt::format("; {} spectra", spectra->matrices);
    return report;
}

} // namespace moescope::bench
