// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Condenses WordNet's index, exception and sense-count files (Debian: wordnet-base) into
// resources/lexicon/wordnet.txt. Usage: moescope-make-lexicon /usr/share/wordnet
// resources/lexicon/wordnet.txt
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/io/file_write.h"

using namespace moescope;

namespace {

struct PartOfSpeech {
    char letter;
    std::string_view file;
    std::string_view senseTypes; ///< digits after `%` in a sense key
};

constexpr std::array<PartOfSpeech, 4> kParts{{
    {'n', "noun", "1"},
    {'v', "verb", "2"},
    {'a', "adj", "35"},
    {'r', "adv", "4"},
}};

struct Entry {
    std::array<std::uint32_t, 4> synsets{};
    std::array<std::uint32_t, 4> count{};
    std::vector<std::pair<std::size_t, std::string>> bases;
};

using Entries = std::map<std::string, Entry, std::less<>>;

/// Collocations (with an underscore for the space) and lemmas that do not begin with a letter are
/// never one word of a text.
bool isWord(std::string_view lemma)
{
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    return !lemma.empty() && letter(lemma.front())
        && std::all_of(lemma.begin(), lemma.end(),
            [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '\'' || c == '-'; });
}

Result<std::istringstream> openText(const std::filesystem::path& path)
{
    MOESCOPE_TRY(std::string text, readTextFile(path));
    return std::istringstream(std::move(text));
}

Status readIndex(const std::filesystem::path& folder, std::size_t part, Entries& entries)
{
    MOESCOPE_TRY(auto stream, openText(folder / fmt::format("index.{}", kParts[part].file)));
    for (std::string line; std::getline(stream, line);) {
        std::istringstream fields(line);
        std::string lemma;
        std::string letter;
        std::uint32_t synsets = 0;
        // The licence at the top is indented.
        if (line.starts_with(' ') || !(fields >> lemma >> letter >> synsets) || !isWord(lemma))
            continue;
        entries[lemma].synsets[part] = synsets;
    }
    return {};
}

Status readExceptions(const std::filesystem::path& folder, std::size_t part, Entries& entries)
{
    MOESCOPE_TRY(auto stream, openText(folder / fmt::format("{}.exc", kParts[part].file)));
    for (std::string line; std::getline(stream, line);) {
        std::istringstream fields(line);
        std::string inflected;
        fields >> inflected;
        for (std::string base; fields >> base;) {
            const auto found = entries.find(base);
            if (isWord(inflected) && base != inflected && found != entries.end()
                && found->second.synsets[part] > 0)
                entries[inflected].bases.emplace_back(part, base);
        }
    }
    return {};
}

Status readCounts(const std::filesystem::path& folder, Entries& entries)
{
    MOESCOPE_TRY(auto stream, openText(folder / "cntlist.rev"));
    for (std::string line; std::getline(stream, line);) {
        std::istringstream fields(line);
        std::string key;
        std::uint32_t sense = 0;
        std::uint32_t count = 0;
        if (!(fields >> key >> sense >> count))
            continue;
        const std::size_t mark = key.find('%');
        const auto found = entries.find(std::string_view(key).substr(0, mark));
        if (mark == std::string::npos || mark + 1 >= key.size() || found == entries.end())
            continue;
        for (std::size_t part = 0; part < kParts.size(); ++part) {
            if (kParts[part].senseTypes.find(key[mark + 1]) != std::string_view::npos)
                found->second.count[part] += count;
        }
    }
    return {};
}

std::string format(const Entries& entries)
{
    std::string out = fmt::format("moescope-lexicon 1 {}\n", entries.size());
    out += "# Condensed from WordNet 3.0; see LICENSE-WordNet.txt. Made by make_lexicon.cpp, not "
           "by hand.\n"
           "# One word a line, sorted by bytes. n5,123: 5 noun synsets, tagged 123 times in the "
           "sense-tagged texts\n"
           "# (without a comma: never); v=leave: irregular form of the verb \"leave\". n noun, v "
           "verb, a adjective,\n"
           "# r adverb. Collocations and lemmas that do not begin with a letter are left out.\n";
    for (const auto& [word, entry] : entries) {
        out += word;
        for (std::size_t part = 0; part < kParts.size(); ++part) {
            if (entry.synsets[part] == 0)
                continue;
            out += fmt::format(" {}{}", kParts[part].letter, entry.synsets[part]);
            if (entry.count[part] > 0)
                out += fmt::format(",{}", entry.count[part]);
        }
        for (const auto& [part, base] : entry.bases)
            out += fmt::format(" {}={}", kParts[part].letter, base);
        out += '\n';
    }
    return out;
}

Status run(const std::filesystem::path& folder, const std::filesystem::path& output)
{
    Entries entries;
    for (std::size_t part = 0; part < kParts.size(); ++part)
        MOESCOPE_CHECK(readIndex(folder, part, entries));
    for (std::size_t part = 0; part < kParts.size(); ++part)
        MOESCOPE_CHECK(readExceptions(folder, part, entries));
    MOESCOPE_CHECK(readCounts(folder, entries));
    return writeFileAtomically(output, format(entries));
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::cerr << "Usage: moescope-make-lexicon WORDNET_FOLDER OUTPUT\n";
        return 2;
    }
    const Status status = run(argv[1], argv[2]);
    if (!status)
        std::cerr << status.error().message << '\n';
    return status ? 0 : 1;
}
