// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/text_set_summary.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope {

namespace {

using Cell = TableFigure::Cell;

Cell count(std::size_t number)
{
    return static_cast<double>(number);
}

/// Nothing over 0.
Cell ratio(std::size_t a, std::size_t b)
{
    Cell cell;
    if (b > 0)
        cell = static_cast<double>(a) / static_cast<double>(b);
    return cell;
}

TableFigure::Column numbers(std::string title, std::string unit, std::string help)
{
    return {std::move(title), std::move(unit), true, 0, std::move(help)};
}

/// The first words on one line.
std::string beginning(const std::string& text)
{
    constexpr std::size_t kMost = 80;
    std::string line = text.substr(0, 4 * kMost);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return displayName(line, kMost);
}

std::string fileName(const TextSetSummary& summary)
{
    return displayPath(summary.texts->path.filename());
}

} // namespace

std::optional<std::size_t> TextSetSummary::tokenCount() const
{
    return tokens ? std::optional(all.tokens) : std::nullopt;
}

Result<TextSetSummary> summariseTexts(
    std::shared_ptr<const TextSet> texts, const Tokenizer* tokenizer, TaskContext& context)
{
    TextSetSummary summary;
    if (tokenizer) {
        MOESCOPE_TRY(summary.tokens, countTokens(*texts, *tokenizer, context));
    }
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < texts->documents.size(); ++i) {
        const TextDocument& document = texts->documents[i];
        const auto [at, fresh] = known.try_emplace(document.domain, summary.domains.size());
        if (fresh)
            summary.domains.push_back({document.domain});
        const std::size_t tokens = summary.tokens ? (*summary.tokens)[i] : 0;
        for (TextSetSummary::Domain* sum : {&summary.domains[at->second], &summary.all}) {
            ++sum->documents;
            sum->bytes += document.text.size();
            sum->tokens += tokens;
        }
    }
    summary.texts = std::move(texts);
    return summary;
}

Figure textDomainsFigure(const TextSetSummary& summary)
{
    TableFigure table;
    table.columns = {{"domain", "", false, -1, "What the file says a text is about or made of"},
        numbers("documents", "", "Texts of this domain")};
    if (summary.tokens) {
        table.columns.push_back(
            numbers("tokens", "", "Tokens of the open model, without added special ones"));
        table.columns.push_back({"share of tokens", "%", true, 1, "Of all tokens of the set"});
        table.columns.push_back(
            {"bytes a token", "B", true, 2, "How well the tokenizer knows this kind of text"});
    }
    table.columns.push_back(numbers("size", "B", "UTF-8 bytes"));
    auto domains = summary.domains;
    std::stable_sort(domains.begin(), domains.end(), [](const auto& a, const auto& b) {
        return std::pair(a.tokens, a.bytes) > std::pair(b.tokens, b.bytes);
    });
    for (const auto& domain : domains) {
        std::vector<Cell> row;
        row.emplace_back(domain.name.empty() ? std::string("(none)") : displayName(domain.name));
        row.push_back(count(domain.documents));
        if (summary.tokens) {
            row.push_back(count(domain.tokens));
            row.push_back(ratio(100 * domain.tokens, summary.all.tokens));
            row.push_back(ratio(domain.bytes, domain.tokens));
        }
        row.push_back(count(domain.bytes));
        table.rows.push_back(std::move(row));
    }
    Figure figure;
    figure.id = "text-domains";
    figure.title = "Domains";
    figure.subtitle = fmt::format("{}: {} documents in {} domains", fileName(summary),
        formatCount(summary.all.documents), summary.domains.size());
    figure.data = std::move(table);
    return figure;
}

Figure textDocumentsFigure(const TextSetSummary& summary)
{
    TableFigure table;
    table.columns = {{"document", "", false, -1, "Its name in the file"},
        {"domain", "", false, -1, "What the file says it is about or made of"}};
    if (summary.tokens)
        table.columns.push_back(
            numbers("tokens", "", "Tokens of the open model, without added special ones"));
    table.columns.push_back({"begins with", "", false, -1, "The first words"});
    table.rows.reserve(summary.texts->documents.size());
    for (std::size_t i = 0; i < summary.texts->documents.size(); ++i) {
        const TextDocument& document = summary.texts->documents[i];
        std::vector<Cell> row;
        row.emplace_back(displayName(document.name));
        row.emplace_back(displayName(document.domain));
        if (summary.tokens)
            row.push_back(count((*summary.tokens)[i]));
        row.emplace_back(beginning(document.text));
        table.rows.push_back(std::move(row));
    }
    Figure figure;
    figure.id = "text-documents";
    figure.title = "Documents";
    figure.subtitle = fileName(summary);
    figure.data = std::move(table);
    return figure;
}

} // namespace moescope
