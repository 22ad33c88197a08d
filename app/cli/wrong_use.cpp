// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/wrong_use.h"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace moescope::cli {

namespace {

const CLI::Option* optionNamed(const CLI::App& command, std::string_view name)
{
    for (const CLI::Option* option : command.get_options())
        if (option->check_name(std::string(name)))
            return option;
    return nullptr;
}

bool anyCommandHas(const CLI::App& app, std::string_view name)
{
    return std::ranges::any_of(app.get_subcommands([](const CLI::App*) { return true; }),
        [&](const CLI::App* command) { return optionNamed(*command, name) != nullptr; });
}

bool takesValue(const CLI::App& app, std::string_view name)
{
    return std::ranges::any_of(
        app.get_subcommands([](const CLI::App*) { return true; }), [&](const CLI::App* command) {
            const CLI::Option* option = optionNamed(*command, name);
            return option && option->get_items_expected_min() > 0;
        });
}

std::string withoutCommand(const CLI::App& app, const std::string& first)
{
    constexpr char kHint[] = "moescope-cli --help lists what there is";
    if (first.empty() || (first.front() == '-' && anyCommandHas(app, first)))
        return fmt::format("No command was given; {}.", kHint);
    if (first.front() == '-')
        return fmt::format("There is no option {}; {}.", first, kHint);
    return fmt::format("There is no command \"{}\"; {}.", first, kHint);
}

/// The option that a sentence of the library begins with.
std::string leadingName(std::string_view sentence)
{
    return std::string(sentence.substr(0, sentence.find_first_of(" :")));
}

} // namespace

std::string wrongUseSentence(
    const CLI::App& app, const CLI::ParseError& error, const std::string& first)
{
    const auto chosen = app.get_subcommands();
    if (chosen.empty())
        return withoutCommand(app, first);
    const CLI::App& command = *chosen.front();
    const std::string& name = command.get_name();
    const std::string hint = fmt::format("moescope-cli {} --help lists what it takes", name);
    const std::string sentence = error.what();
    const std::string option = leadingName(sentence);

    if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
        const auto rest = app.remaining(true);
        const auto wrong = std::ranges::find_if(
            rest, [](const std::string& word) { return word.starts_with('-'); });
        if (wrong != rest.end())
            return fmt::format("{} has no option {}; {}.", name, *wrong, hint);
        if (!rest.empty())
            return fmt::format(
                "{} does not know what to do with \"{}\"; texts with spaces need quotes, and {}.",
                name, rest.front(), hint);
    }
    if (dynamic_cast<const CLI::RequiredError*>(&error)) {
        if (option == "--model")
            return fmt::format("{} needs a model, such as native (--model); {}.", name, hint);
        return fmt::format("{} needs {}; {}.", name, option, hint);
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
        const CLI::Option* const known = optionNamed(command, option);
        if (known && known->count() > 1)
            return fmt::format(
                "{} can be given only once, but is there {} times.", option, known->count());
        return fmt::format("{} needs a value after it; {}.", option, hint);
    }
    // What our own checks say follows the option's name and is a sentence already.
    if (dynamic_cast<const CLI::ValidationError*>(&error))
        return option + sentence.substr(std::min(option.size() + 1, sentence.size()));
    return fmt::format("{}; {}.", sentence, hint);
}

void moveCommandToFront(const CLI::App& app, std::span<char*> arguments)
{
    if (arguments.empty() || *arguments.front() != '-')
        return;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word == "--" || optionNamed(app, word))
            return;
        if (word.starts_with('-')) {
            if (word.find('=') == word.npos && takesValue(app, word))
                ++i;
            continue;
        }
        if (std::ranges::none_of(app.get_subcommands([](const CLI::App*) { return true; }),
                [&](const CLI::App* command) { return command->get_name() == word; }))
            continue;
        const auto command = arguments.begin() + static_cast<std::ptrdiff_t>(i);
        std::rotate(arguments.begin(), command, command + 1);
        return;
    }
}

} // namespace moescope::cli
