// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/environment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/checkpoint/hub_cache.h"
#include "core/io/resources.h"

namespace moescope::cli {

namespace fs = std::filesystem;

namespace {

constexpr double kDefaultShare = 0.8;

struct Unit {
    std::string_view name;
    double bytes;
};
constexpr std::array kUnits
    = {Unit{"", 1}, Unit{"B", 1}, Unit{"K", 1e3}, Unit{"KB", 1e3}, Unit{"KIB", 1024},
        Unit{"M", 1e6}, Unit{"MB", 1e6}, Unit{"MIB", 1048576}, Unit{"G", 1e9}, Unit{"GB", 1e9},
        Unit{"GIB", 1073741824}, Unit{"T", 1e12}, Unit{"TB", 1e12}, Unit{"TIB", 1099511627776}};

} // namespace

Result<std::uint64_t> parseMemory(std::string_view text, std::uint64_t available)
{
    const auto wrong = [&] {
        return fail(ErrorCode::InvalidArgument,
            fmt::format(
                "--memory must be an amount such as 4G, 500M or 80%, but is \"{}\".", text));
    };
    double value = 0;
    const auto [end, error]
        = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || !(value > 0))
        return wrong();
    std::string unit(end, text.data() + text.size());
    std::transform(unit.begin(), unit.end(), unit.begin(),
        [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    unit.erase(0, unit.find_first_not_of(' '));
    double bytes = 0;
    if (unit == "%") {
        if (value > 100)
            return wrong();
        bytes = value / 100 * static_cast<double>(available);
    } else {
        const auto known = std::find_if(
            kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit; });
        if (known == kUnits.end())
            return wrong();
        bytes = value * known->bytes;
    }
    return static_cast<std::uint64_t>(std::clamp(std::floor(bytes), 1.0, 1e18));
}

Environment::Environment(Console& console, unsigned threads, std::stop_token stop)
    : m_console(console)
    , m_pool(threads)
    , m_task(m_pool, std::move(stop))
{
}

Result<std::unique_ptr<Environment>> Environment::create(
    const WorkOptions& options, Console& console, std::stop_token stop)
{
    const std::uint64_t available = availableMemory();
    auto limit = static_cast<std::uint64_t>(kDefaultShare * static_cast<double>(available));
    if (!options.memory.empty()) {
        MOESCOPE_TRY(limit, parseMemory(options.memory, available));
    }
    std::unique_ptr<Environment> environment(
        new Environment(console, options.threads, std::move(stop)));
    environment->m_task.setMemoryLimit(limit);
    environment->m_quiet = options.quiet;
    if (options.resources.empty()) {
        // Not every command needs them; those that do say so.
        if (auto found = findResources())
            environment->m_resources = *found;
    } else {
        std::error_code error;
        if (!fs::is_directory(options.resources, error))
            return fail(ErrorCode::NotFound,
                fmt::format("The resources folder {} does not exist.", options.resources));
        environment->m_resources = options.resources;
    }
    return environment;
}

fs::path Environment::hubCache() const
{
    return defaultHubCache();
}

Result<fs::path> Environment::resolve(const std::string& model) const
{
    return resolveModel(model, m_resources, hubCache());
}

Result<std::shared_ptr<const OpenModel>> Environment::open(
    const std::string& model, OpenFor purpose) const
{
    MOESCOPE_TRY(const fs::path path, resolve(model));
    MOESCOPE_TRY(auto open, openModel(path, {}, purpose));
    if (open->tokenizer && !open->tokenizer->warning().empty())
        Console::error(open->tokenizer->warning());
    return open;
}

void Environment::showProgress()
{
    if (m_quiet || !m_console.errorIsTerminal())
        return;
    m_bar.emplace(m_console.width());
    m_task.setProgressSink([this](double fraction, std::string_view stage) {
        if (m_bar)
            m_bar->update(fraction, stage);
    });
}

void Environment::hideProgress()
{
    m_bar.reset();
}

} // namespace moescope::cli
