// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/tokenizer/input.h"
#include "core/tokenizer/json_scanner.h"
#include "core/tokenizer/json_tokenizer.h"
#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

namespace {

enum Member { Version, Added, Normalization, Splitting, Model, Finishing, Decoding, MemberCount };
constexpr std::array<std::string_view, MemberCount> kMembers{
    "version", "added_tokens", "normalizer", "pre_tokenizer", "model", "post_processor", "decoder"};

/// Texts of the members of the file's object; empty for those it lacks.
Result<std::array<std::string_view, MemberCount>> findMembers(
    std::string_view text, std::string_view source)
{
    if (const auto at = firstInvalidUtf8(text))
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is broken: it is not UTF-8 (byte {}).", source, *at));
    std::array<std::string_view, MemberCount> members{};
    JsonScanner scanner(text, source);
    const auto findMember = [&](const std::string& key) -> Status {
        MOESCOPE_TRY(const std::string_view value, scanner.skipValue());
        for (std::size_t i = 0; i < kMembers.size(); ++i) {
            if (kMembers[i] != key)
                continue;
            if (!members[i].empty())
                return scanner.error(fmt::format("the key \"{}\" appears twice", key));
            members[i] = value;
        }
        return {};
    };
    MOESCOPE_CHECK(scanner.forEachMember(findMember));
    MOESCOPE_CHECK(scanner.expectEnd());
    if (members[Model].empty())
        return fail(ErrorCode::BadFormat, fmt::format("{} has no \"model\".", source));
    return members;
}

Result<JsonTokenizer::Parts> parseParts(std::string_view text, const std::string& source)
{
    MOESCOPE_TRY(const auto members, findMembers(text, source));
    const auto sourceOf
        = [&](Member member) { return fmt::format("{}, \"{}\"", source, kMembers[member]); };
    const auto read = [&](Member member) -> Result<Json> {
        return members[member].empty() ? Json() : parseJson(members[member], sourceOf(member));
    };
    MOESCOPE_TRY(const Json version, read(Version));
    if (!version.is_null() && version != "1.0")
        return fail(ErrorCode::Unsupported,
            fmt::format("{} has the version {}; only \"1.0\" is supported.", source,
                dumpJson(version, -1)));

    // The small parts first: what is not supported should not wait for a large vocabulary.
    JsonTokenizer::Parts parts;
    MOESCOPE_TRY(const Json normalizer, read(Normalization));
    MOESCOPE_TRY(parts.normalizer, Normalizer::parse(normalizer, sourceOf(Normalization)));
    MOESCOPE_TRY(const Json splitting, read(Splitting));
    MOESCOPE_TRY(parts.preTokenizer, PreTokenizer::parse(splitting, sourceOf(Splitting)));
    MOESCOPE_TRY(const Json finishing, read(Finishing));
    MOESCOPE_TRY(parts.postProcessor, PostProcessor::parse(finishing, sourceOf(Finishing)));
    MOESCOPE_TRY(const Json decoding, read(Decoding));
    MOESCOPE_TRY(parts.decoder, Decoder::parse(decoding, sourceOf(Decoding)));
    MOESCOPE_TRY(parts.model, BpeModel::parse(members[Model], sourceOf(Model)));
    MOESCOPE_TRY(const Json added, read(Added));
    MOESCOPE_TRY(parts.added,
        AddedTokens::parse(added, parts.model->vocabulary(), parts.normalizer, sourceOf(Added)));
    return parts;
}

} // namespace

Result<std::shared_ptr<const Tokenizer>> parseTokenizerJson(std::string_view text,
    const std::filesystem::path& path, std::string warning,
    const std::optional<std::string>& promptBos)
{
    return withoutExceptions<Result<std::shared_ptr<const Tokenizer>>>(
        [&]() -> Result<std::shared_ptr<const Tokenizer>> {
            MOESCOPE_TRY(JsonTokenizer::Parts parts, parseParts(text, path.string()));
            auto tokenizer
                = std::make_shared<JsonTokenizer>(std::move(parts), path, std::move(warning));
            if (promptBos)
                tokenizer->beginPromptsWith(*promptBos);
            return tokenizer;
        });
}

} // namespace moescope::tokenization
