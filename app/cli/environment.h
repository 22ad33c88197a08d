// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/cli/console.h"
#include "app/cli/progress_bar.h"
#include "core/model/open_model.h"
#include "core/task/task_context.h"
#include "core/task/worker_pool.h"

namespace moescope::cli {

/// What every command that computes can be told.
struct WorkOptions {
    unsigned threads = 0; ///< 0 = all cores
    std::string memory; ///< "4G", "80%"; empty = 80 %
    std::string resources; ///< folder; empty = look for it
    bool quiet = false;
};

/// Bytes of "4G", "500M", "1.5GiB" or "80%" (of `available`); InvalidArgument otherwise.
Result<std::uint64_t> parseMemory(std::string_view text, std::uint64_t available);

/// The threads, the limits and the places that one run of a command works with.
class Environment {
public:
    static Result<std::unique_ptr<Environment>> create(
        const WorkOptions& options, Console& console, std::stop_token stop);

    Console& console() { return m_console; }
    TaskContext& task() { return m_task; }
    const std::filesystem::path& resources() const
    {
        return m_resources;
    } ///< empty when there are none
    std::filesystem::path hubCache() const;

    /// A path, a sample's id or a hub-cache name.
    Result<std::filesystem::path> resolve(const std::string& model) const;
    Result<std::shared_ptr<const OpenModel>> open(
        const std::string& model, OpenFor purpose = OpenFor::Use) const;

    /// From here on long work shows its progress, if standard error is a terminal.
    void showProgress();
    /// Erases the bar; to be called before anything is printed.
    void hideProgress();

private:
    Environment(Console& console, unsigned threads, std::stop_token stop);
    Console& m_console;
    WorkerPool m_pool;
    TaskContext m_task;
    std::filesystem::path m_resources;
    bool m_quiet = false;
    std::optional<ProgressBar> m_bar;
};

} // namespace moescope::cli
