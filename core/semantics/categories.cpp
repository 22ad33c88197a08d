// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "core/semantics/patterns.h"

namespace moescope {

namespace {

struct CategoryText {
    std::string_view id;
    std::string_view patterns; ///< separated by spaces
    std::string_view prompts; ///< separated by newlines
};

constexpr std::array<CategoryText, 16> kCategories{{
    {"arithmetic", "NUM→OP OP→WS→NUM OP→NUM NUM→WS→NUM",
        "8 + 6 = 14\n"
        "91 - 37 = 54\n"
        "12 * 12 = 144\n"
        "84 / 7 = 12\n"
        "350 + 275 = 625\n"
        "64 128 256"},
    {"code", "^→KW KW→VAR→BR KW→CW→BR KW→VAR BR→VAR→BR VAR→OP→VAR KW→BR CW→OP→CW",
        "def area(width):\n"
        "for row in grid:\n"
        "while count > 0:\n"
        "return total / n\n"
        "class Parser(Base):\n"
        "return (a + b) / 2\n"
        "if a < b: swap(a, b)"},
    {"synonym", "→SYN→ ADJ→SYN NOUN→SYN",
        "Rapid means quick.\n"
        "Brave is similar to fearless.\n"
        "Tiny is like small.\n"
        "A couch is the same as a sofa.\n"
        "Silent is a synonym of quiet.\n"
        "Twilight means dusk."},
    {"antonym", "→ANT→ ADJ→ANT NOUN→ANT",
        "Wet versus dry.\n"
        "Early is the opposite of late.\n"
        "Empty unlike full.\n"
        "Strong against weak.\n"
        "Noisy is contrary to silent.\n"
        "Summer versus winter."},
    {"analogy", "→AS→ →TO→ NOUN→AS FUNC→TO→NOUN",
        "Finger is to hand as toe is to foot.\n"
        "Wing is to bird as fin is to fish.\n"
        "Baker is to bread as potter is to clay.\n"
        "Author is to novel as painter is to canvas.\n"
        "Seed is to tree as egg is to hen.\n"
        "Captain is to ship as pilot is to plane."},
    {"hypernym", "NOUN→FUNC→NOUN FUNC→FUNC→NOUN →FUNC→NOUN",
        "A violin is an instrument.\n"
        "Copper is a metal.\n"
        "An eagle is an animal.\n"
        "Chess is a game.\n"
        "Cotton is a fabric.\n"
        "The cello is an instrument of wood."},
    {"comparison", "→THAN→ ADJ→THAN COMP→THAN",
        "The tower is taller than the church.\n"
        "Gold costs more than iron.\n"
        "A whale is heavier than a truck.\n"
        "Trains are safer than cars.\n"
        "This road is longer than that one.\n"
        "Silk feels better than wool."},
    {"causation", "→CAUSE→ PN→CAUSE VERB→CAUSE",
        "The game stopped because the lamp broke.\n"
        "It was late, so we left.\n"
        "The bridge closed because the river rose.\n"
        "We won, therefore we danced.\n"
        "Thus the plan failed.\n"
        "Since the door was locked, she waited."},
    {"conditional", "→COND→ ^→COND COND→CW",
        "If the bell rings, open the gate.\n"
        "Unless you hurry, the shop will close.\n"
        "Bring a coat if snow falls.\n"
        "When the water boils, add the rice.\n"
        "Assuming the data holds, publish it.\n"
        "If snow falls, stay home."},
    {"question", "^→QW QW→VERB QW→FUNC",
        "Which train leaves first?\n"
        "Who paints the fence?\n"
        "Where do swallows sleep?\n"
        "Why is the sky blue?\n"
        "How many eggs are left?\n"
        "What makes bread rise?"},
    {"negation", "→NEG→ VERB→NEG FUNC→NEG",
        "The shop is not open.\n"
        "He never eats meat.\n"
        "Nobody answered the phone.\n"
        "They did not see the sign.\n"
        "Nothing moved in the field.\n"
        "She said nothing."},
    {"temporal", "^→TIME →TIME→ VERB→TIME",
        "Yesterday the ferry sank.\n"
        "Tomorrow brings rain.\n"
        "They ate before the concert.\n"
        "We spoke during lunch.\n"
        "Now the lights dim.\n"
        "He slept after work."},
    {"quantification", "^→QUANT QUANT→NOUN QUANT→FUNC",
        "All rivers bend.\n"
        "Some doors were open.\n"
        "Every child drew a house.\n"
        "Few of the letters survived.\n"
        "Most people walk to work.\n"
        "Each of the rooms has a window."},
    {"context_switch", "CW→WS→NUM PN→WS→NUM CW→PN→NUM FUNC→NUM NUM→FUNC CW→NUM NUM→CW",
        "The recipe needs 3 eggs.\n"
        "Room 12 is on floor 4.\n"
        "Total: 18 + 24 = 42\n"
        "She ran 10 km in 52 minutes.\n"
        "Chapter 7 of 9 is short.\n"
        "The train left at 6 and came back at 9.\n"
        "Gate:7 is open."},
    {"position", "^→CW ^→NUM ^→FUNC ^→CAP CW→PN→$ NUM→PN→$",
        "Rivers flow.\n"
        "The lamp is on.\n"
        "7 boats sailed.\n"
        "Open the window.\n"
        "Silver coins shine.\n"
        "We counted 15.\n"
        "Quixby smiled."},
    {"coordination", "NOUN→COORD→NOUN ADJ→COORD→ADJ VERB→COORD→VERB CW→COORD→CW →COORD→",
        "Bread and butter.\n"
        "Slow but steady.\n"
        "Sing or dance.\n"
        "Salt and pepper.\n"
        "Warm yet windy.\n"
        "Knock and wait."},
}};

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, length));
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return parts;
}

std::vector<Category> makeCategories()
{
    std::vector<Category> result;
    for (const CategoryText& entry : kCategories) {
        Category category;
        category.id = entry.id;
        for (const std::string_view pattern : split(entry.patterns, ' '))
            category.patterns.push_back(Pattern::parse(pattern).value());
        for (const std::string_view prompt : split(entry.prompts, '\n'))
            category.prompts.emplace_back(prompt);
        result.push_back(std::move(category));
    }
    return result;
}

} // namespace

std::span<const Category> categories()
{
    static const std::vector<Category> all = makeCategories();
    return all;
}

std::span<const std::string> sourcePrompts()
{
    static const std::vector<std::string> prompts
        = {"2 + 3 = 5", "def hello():", "King is to queen as man is to woman", "happy means joyful",
            "big versus small", "bigger than", "because she won", "if it rains", "what is"};
    return prompts;
}

std::vector<CategoryHit> categoriesOf(std::span<const TaggedToken> tokens)
{
    std::vector<CategoryHit> hits;
    for (const Category& category : categories()) {
        const auto belongs = [&](const TaggedToken& token) {
            return std::any_of(category.patterns.begin(), category.patterns.end(),
                [&](const Pattern& pattern) { return pattern.match(token).has_value(); });
        };
        const auto count = std::count_if(tokens.begin(), tokens.end(), belongs);
        if (count > 0)
            hits.push_back({category.id, static_cast<std::size_t>(count)});
    }
    std::stable_sort(hits.begin(), hits.end(),
        [](const CategoryHit& a, const CategoryHit& b) { return a.tokens > b.tokens; });
    return hits;
}

} // namespace moescope
