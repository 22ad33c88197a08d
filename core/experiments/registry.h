// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/open_model.h"
#include "core/report/report.h"
#include "core/semantics/lexicon.h"
#include "core/task/task_context.h"

namespace moescope {

/// One parameter of an experiment: makes the CLI option, the form field and the help line.
struct ParameterInfo {
    enum class Kind : std::uint8_t { Text, Integer, Number, Flag, Choice };
    std::string name; ///< "layer": `--layer`
    std::string shortName; ///< "c": `-c`; empty without
    Kind kind = Kind::Text;
    std::string help; ///< one sentence, with the unit
    std::string fallback; ///< default value as text; empty = none
    std::vector<std::string> choices;
    bool required = false;
};

struct ExperimentInput {
    std::shared_ptr<const OpenModel> model;
    std::shared_ptr<const Lexicon> lexicon; ///< null when it could not be loaded
    std::map<std::string, std::string> values; ///< by parameter name; only those given
};

/// Everything the CLI, the Lab and the help need to know about an experiment.
struct ExperimentInfo {
    std::string id; ///< "moe-type-analyze", the CLI subcommand
    std::string title;
    std::string question; ///< what it answers, one sentence
    std::vector<ParameterInfo> parameters;
    Result<Report> (*run)(const ExperimentInput& input, TaskContext& context) = nullptr;
};

/// All experiments, in the order of the help.
std::span<const ExperimentInfo> experiments();
const ExperimentInfo* findExperiment(std::string_view id);

} // namespace moescope
