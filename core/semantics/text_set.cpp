// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/text_set.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/io/json_lines.h"
#include "core/task/worker_pool.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

bool isBlankText(const std::string& text)
{
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

Status checkSize(const fs::path& path)
{
    const std::string name = displayPath(path);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status))
        return fail(ErrorCode::NotFound, fmt::format("{} does not exist.", name));
    if (!fs::is_regular_file(status))
        return fail(ErrorCode::Io, fmt::format("{} is not a regular file.", name));
    const std::uintmax_t size = fs::file_size(path, error);
    if (error)
        return fail(ErrorCode::Io, fmt::format("{} cannot be read: {}.", name, error.message()));
    if (size > kMostTextBytes)
        return fail(ErrorCode::Unsupported,
            fmt::format("{} has {}; a text set takes up to {}. Split it.", name, formatBytes(size),
                formatBytes(kMostTextBytes)));
    return {};
}

Status readLines(const fs::path& path, std::vector<TextDocument>& documents)
{
    std::size_t objects = 0;
    MOESCOPE_CHECK(forEachJsonLine(path, [&](const Json& line, std::string_view where) -> Status {
        ++objects;
        MOESCOPE_TRY(auto text, jsonOptionalString(line, "text", where));
        MOESCOPE_TRY(auto domain, jsonOptionalString(line, "domain", where));
        MOESCOPE_TRY(auto name, jsonOptionalString(line, "doc", where));
        if (!text)
            return fail(ErrorCode::BadFormat, fmt::format("{} has no \"text\".", where));
        if (!isBlankText(*text))
            documents.push_back({domain.value_or(std::string()),
                name.value_or(fmt::format("document {}", objects)), std::move(*text)});
        return {};
    }));
    return {};
}

Status readPlain(const fs::path& path, std::vector<TextDocument>& documents)
{
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string name = displayPath(path);
    if (!file || file.bad())
        return fail(ErrorCode::Io, fmt::format("{} cannot be read.", name));
    if (text.starts_with("\xEF\xBB\xBF"))
        text.erase(0, 3);
    if (!isValidUtf8(text))
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is not UTF-8 text; save it as UTF-8 and open it again.", name));
    text.erase(text.find_last_not_of("\r\n") + 1); // the end that editors add
    if (!isBlankText(text))
        documents.push_back({{}, displayPath(path.filename()), std::move(text)});
    return {};
}

} // namespace

Result<TextSet> readTextSet(const fs::path& path)
{
    MOESCOPE_CHECK(checkSize(path));
    TextSet texts;
    texts.path = path;
    MOESCOPE_CHECK(path.extension() == ".jsonl" ? readLines(path, texts.documents)
                                                : readPlain(path, texts.documents));
    if (texts.documents.empty())
        return fail(ErrorCode::BadFormat, fmt::format("{} holds no text.", displayPath(path)));
    return texts;
}

Result<std::vector<std::size_t>> countTokens(
    const TextSet& texts, const Tokenizer& tokenizer, TaskContext& context)
{
    // Small batches, so that a cancel is heard and progress is seen.
    constexpr std::size_t kBatch = 256;
    const std::size_t count = texts.documents.size();
    std::vector<std::size_t> tokens(count);
    for (std::size_t begin = 0; begin < count; begin += kBatch) {
        MOESCOPE_CHECK(context.check());
        const std::size_t end = std::min(begin + kBatch, count);
        std::vector<Status> answers(end - begin);
        parallelFor(context.pool(), end - begin, [&](std::size_t i) {
            const TextDocument& document = texts.documents[begin + i];
            const auto encoded = tokenizer.encode(document.text);
            if (encoded)
                tokens[begin + i] = encoded->ids.size();
            else
                answers[i] = tl::unexpected(encoded.error());
        });
        for (const Status& answer : answers)
            MOESCOPE_CHECK(answer);
        context.progress(static_cast<double>(end) / static_cast<double>(count),
            fmt::format("document {} of {}", end, count));
    }
    return tokens;
}

Result<std::string> textPrefix(
    const std::string& text, const Tokenizer& tokenizer, std::size_t tokens)
{
    // A book need not be encoded for its first page; few tokens are longer than this.
    constexpr std::size_t kLongToken = 64;
    std::string head = text;
    if (tokens < text.size() / kLongToken) {
        std::size_t end = tokens * kLongToken;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            --end;
        head.resize(end);
    }
    MOESCOPE_TRY(const Encoding encoded, tokenizer.encode(head));
    if (encoded.ids.size() <= tokens)
        return head;
    // The next token may share a character with the last one kept; that character goes with it.
    head.resize(std::min<std::size_t>(encoded.offsets[tokens].first, head.size()));
    return head;
}

} // namespace moescope
