// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "core/base/random.h"
#include "core/bench/bench.h"
#include "core/bench/synthetic_model.h"
#include "core/io/json.h"

namespace moescope::cli {

namespace {

namespace fs = std::filesystem;

constexpr DType kTypes[] = {DType::BF16, DType::Q8_0, DType::Q4_K, DType::Mxfp4};

struct BenchOptions {
    std::string model;
    std::string folder;
    bench::BenchSpec spec;
    bench::SyntheticModel synthetic;
    bool hasType = false;
    Precision precision = Precision::Float32;
    OutputOptions output;
};

/// A folder of its own that is removed with everything in it.
class ScratchFolder {
public:
    static Result<std::unique_ptr<ScratchFolder>> create(const std::string& place)
    {
        std::error_code error;
        const fs::path parent = place.empty() ? fs::temp_directory_path(error) : fs::path(place);
        std::string pattern = (parent / "moescope-bench-XXXXXX").string();
        if (error || !::mkdtemp(pattern.data()))
            return fail(ErrorCode::CannotWrite,
                fmt::format(
                    "{}: no folder for the synthetic model could be made there.", parent.string()));
        return std::unique_ptr<ScratchFolder>(new ScratchFolder(pattern));
    }
    ~ScratchFolder()
    {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const fs::path& path() const { return m_path; }

private:
    explicit ScratchFolder(fs::path path)
        : m_path(std::move(path))
    {
    }
    fs::path m_path;
};

Status checkSpace(const fs::path& folder, std::uint64_t needed)
{
    std::error_code error;
    const auto space = fs::space(folder, error);
    if (!error && space.available < needed)
        return fail(ErrorCode::CannotWrite,
            fmt::format("{}: the synthetic model needs {:.1f} GB, but only {:.1f} GB are free; "
                        "name another place with --folder or ask for fewer --layers.",
                folder.string(), static_cast<double>(needed) / 1e9,
                static_cast<double>(space.available) / 1e9));
    return {};
}

Status runBench(const BenchOptions& options, Environment& environment)
{
    if (options.hasType && !options.model.empty())
        return fail(ErrorCode::InvalidArgument,
            "--type is that of the synthetic model and cannot be used together with a model.");
    MOESCOPE_CHECK(checkOutputs(options.output));
    MOESCOPE_CHECK(checkPrecision(options.precision));
    TaskContext& task = environment.task();
    std::unique_ptr<ScratchFolder> scratch;
    std::shared_ptr<const OpenModel> open;
    MOESCOPE_CHECK(
        task.checkMemory(bench::machineMemory(task.threads()), "Measuring this machine"));
    environment.showProgress();
    if (options.model.empty()) {
        MOESCOPE_TRY(scratch, ScratchFolder::create(options.folder));
        MOESCOPE_CHECK(checkSpace(scratch->path(), options.synthetic.bytes()));
        TaskContext quiet = task.quiet();
        MOESCOPE_CHECK(bench::writeSyntheticModel(options.synthetic, scratch->path(), quiet));
        MOESCOPE_TRY(open, openModel(scratch->path(), "synthetic OLMoE layers"));
    } else {
        MOESCOPE_TRY(open, environment.open(options.model));
    }
    if (!open->model)
        return tl::unexpected(open->modelError);
    const Precision precision = usablePrecision(options.precision, *open->model);
    MOESCOPE_CHECK(task.checkMemory(
        bench::benchMemory(*open->model, options.spec, task.threads()), "Measuring this model"));
    MOESCOPE_TRY(const auto machine, bench::measureMachine(task));
    MOESCOPE_TRY(auto runtime, bench::measureRuntime(*open->model, options.spec, task));
    if (precision == Precision::Bf16) {
        MOESCOPE_TRY(runtime.bf16, bench::measurePrecision(*open->model, options.spec, task));
    }
    std::optional<bench::SpectraBench> spectra;
    if (options.spec.matrices > 0 && !open->model->mixtureLayers().empty()) {
        const MatrixView& gate
            = open->model->layer(open->model->mixtureLayers().front()).experts.front().gate;
        MOESCOPE_TRY(
            spectra, bench::measureSpectra(gate.rows, gate.cols, options.spec.matrices, task));
    }
    Document document{bench::benchReport(*open, machine, runtime, spectra, options.spec), {}, {}};
    Json& given = *document.report.spec;
    given["model"] = options.model.empty() ? Json() : Json(options.model);
    if (options.model.empty()) {
        given["layers"] = options.synthetic.layers;
        given["type"] = std::string(dtypeName(options.synthetic.type));
    }
    given["precision"] = precisionName(precision);
    return emit(std::move(document), options.output, environment.console());
}

} // namespace

void addBenchCommand(CLI::App& app, Commands& commands)
{
    Command& command
        = addCommand(app, commands, "bench", "Measures speed in units of what this machine can do",
            "  moescope-cli bench\n"
            "  moescope-cli bench --type q4_k --matrices 0\n"
            "  moescope-cli bench model.gguf --new-tokens 64 --json -");
    const auto options = std::make_shared<BenchOptions>();
    command.parser
        ->add_option("model,-m,--model", options->model,
            "A model; without one, synthetic layers of OLMoE's true shape are written and removed")
        ->type_name("MODEL");
    CLI::App& parser = *command.parser;
    bench::BenchSpec& spec = options->spec;
    addCount(parser, "--prompt-tokens", spec.promptTokens, "Length of the prompt", 1U, 100000U);
    addCount(parser, "--long-prompt-tokens", spec.longPromptTokens,
        "Length of the long prompt; 0 leaves it out", 0U, 100000U);
    addCount(parser, "--new-tokens", spec.newTokens, "Tokens to generate", 1U, 100000U);
    addCount(parser, "--runs", spec.runs, "Runs after the first", 1U, 100U);
    addCount(parser, "--matrices", spec.matrices,
        "Expert matrices whose spectra are timed; 0 leaves them out", 0U, 10000U);
    addCount(
        parser, "--layers", options->synthetic.layers, "Layers of the synthetic model", 1U, 64U);
    std::vector<std::string> types;
    for (const DType type : kTypes)
        types.emplace_back(dtypeName(type));
    addChoice(
        parser, "--type", types,
        [options](std::size_t i) {
            options->synthetic.type = kTypes[i];
            options->hasType = true;
        },
        "Weights of the synthetic model: bf16, q8_0, q4_k or mxfp4 [bf16]");
    command.parser->add_option("--folder", options->folder, "Where the synthetic model is written")
        ->type_name("FOLDER");
    addPrecisionOption(*command.parser, options->precision);
    addOutputOptions(*command.parser, options->output, true);
    command.run = [options](Environment& environment) { return runBench(*options, environment); };
}

} // namespace moescope::cli
