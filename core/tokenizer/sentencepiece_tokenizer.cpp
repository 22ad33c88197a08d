// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece_tokenizer.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/decoder.h"
#include "core/tokenizer/input.h"
#include "core/tokenizer/sentencepiece_file.h"
#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";
/// Parts of this size stay in the processor's caches; the library's time for one long text grows
/// faster than the text.
constexpr std::size_t kPartSize = 4096;

/// What the library says, as the end of a sentence.
std::string ownWords(std::string_view message)
{
    if (message.find("unk is not defined") != message.npos)
        return "it has no piece for unknown characters";
    if (message.find("byte_fallback") != message.npos)
        return "it has pieces for bytes, but does not say that they are used";
    if (message.find("is already defined") != message.npos)
        return "a piece appears twice";
    std::string reason = displayName(message);
    while (reason.ends_with('.'))
        reason.pop_back();
    return reason.empty() ? "sentencepiece does not say why" : reason;
}

class SentencePieceTokenizer final : public Tokenizer {
public:
    Status load(
        std::string_view bytes, const std::filesystem::path& path, const BosSettings& settings)
    {
        m_path = path;
        m_bytes = bytes;
        MOESCOPE_TRY(m_facts, inspectSentencePieceModel(bytes, path.string()));
        if (const auto status
            = m_processor.LoadFromSerializedProto(modelFor(TextPart::Beginning, bytes));
            !status.ok()) {
            return fail(ErrorCode::BadFormat,
                fmt::format("{} is not a usable sentencepiece model: {}.", path.string(),
                    ownWords(status.message())));
        }
        const auto resolve = [&](const std::optional<std::string>& token, int own) {
            const auto id = token ? findPiece(*token) : std::nullopt;
            return id.value_or(own);
        };
        if (const int bos = resolve(settings.bos, m_processor.bos_id());
            settings.addBos && bos >= 0)
            m_before.push_back(bos);
        if (const int eos = resolve(settings.eos, m_processor.eos_id());
            settings.addEos && eos >= 0)
            m_after.push_back(eos);
        for (int id = 0; id < m_processor.GetPieceSize() && m_visible < 0; ++id)
            if (!m_processor.IsControl(id) && !m_processor.IsUnknown(id) && !m_processor.IsByte(id)
                && !m_processor.IsUnused(id))
                m_visible = id;
        return {};
    }

    using Tokenizer::encode;
    Result<Encoding> encode(std::string_view utf8, TaskContext& context) const override
    {
        MOESCOPE_CHECK(checkInput(utf8));
        return withoutExceptions<Result<Encoding>>([&] { return encodeParts(utf8, context); });
    }

    void addSpecial(Encoding& encoding, std::size_t textBytes) const override
    {
        frame(encoding, m_before, m_after, textBytes);
    }

    std::string decode(std::span<const std::int32_t> ids) const override
    {
        std::string out;
        std::vector<int> run;
        bool begun = false;
        const auto flush = [&] {
            if (!run.empty())
                out += decodeRun(run, begun);
            begun = begun || !run.empty();
            run.clear();
        };
        for (const std::int32_t id : ids) {
            if (!isPiece(id))
                continue;
            // The library takes several hundred bytes for a piece; the bytes of one character stay
            // together.
            if (run.size() >= kPartSize && m_visible >= 0 && !continuesCharacter(id))
                flush();
            if (m_processor.IsControl(id)) { // the library would leave it out
                flush();
                out += m_processor.IdToPiece(id);
            } else {
                run.push_back(id);
            }
        }
        flush();
        // A damaged model may stand for unknown pieces by bytes that are no text.
        return firstInvalidUtf8(out) ? lossyUtf8(out) : out;
    }

    std::string tokenBytes(std::int32_t id) const override
    {
        if (!isPiece(id))
            return {};
        const std::string& piece = m_processor.IdToPiece(id);
        if (m_processor.IsControl(id) || m_processor.IsUnknown(id))
            return piece;
        if (const int byte = m_processor.IsByte(id) ? fallbackByte(piece) : -1; byte >= 0)
            return std::string(1, static_cast<char>(byte));
        std::string out;
        std::size_t last = 0;
        for (std::size_t at = piece.find(kSpace); at != piece.npos; at = piece.find(kSpace, last)) {
            out.append(piece, last, at - last).append(" ");
            last = at + kSpace.size();
        }
        return out.append(piece, last, piece.npos);
    }

    std::size_t vocabularySize() const override
    {
        return static_cast<std::size_t>(m_processor.GetPieceSize());
    }
    bool isSpecial(std::int32_t id) const override
    {
        return isPiece(id) && (m_processor.IsControl(id) || m_processor.IsUnknown(id));
    }
    std::optional<std::int32_t> bosId() const override
    {
        return m_before.empty() ? std::nullopt : std::optional(m_before.front());
    }
    std::string_view kind() const override
    {
        switch (m_facts.type) {
        case SentencePieceFacts::Type::Bpe:
            return "sentencepiece BPE";
        case SentencePieceFacts::Type::Word:
            return "sentencepiece words";
        case SentencePieceFacts::Type::Character:
            return "sentencepiece characters";
        case SentencePieceFacts::Type::Unigram:
            break;
        }
        return "sentencepiece unigram";
    }
    std::filesystem::path source() const override { return m_path; }

private:
    using Processor = sentencepiece::SentencePieceProcessor;

    bool isPiece(std::int32_t id) const { return id >= 0 && id < m_processor.GetPieceSize(); }

    bool continuesCharacter(std::int32_t id) const
    {
        const int byte = m_processor.IsByte(id) ? fallbackByte(m_processor.IdToPiece(id)) : -1;
        return byte >= 0 && (byte & 0xC0) == 0x80;
    }

    std::optional<int> findPiece(const std::string& piece) const
    {
        const int id = m_processor.PieceToId(piece);
        return isPiece(id) && m_processor.IdToPiece(id) == piece ? std::optional(id) : std::nullopt;
    }

    /// The library drops a space before the first piece; a run inside a text keeps it.
    std::string decodeRun(std::vector<int> run, bool inside) const
    {
        std::string lead;
        std::string text;
        if (inside && m_visible >= 0) {
            run.insert(run.begin(), m_visible);
            m_processor.Decode(std::vector<int>{m_visible}, &lead).IgnoreError();
        }
        m_processor.Decode(run, &text).IgnoreError();
        return text.substr(std::min(lead.size(), text.size()));
    }

    const Processor* continuation() const
    {
        std::call_once(m_continuationOnce, [this] {
            auto processor = std::make_unique<Processor>();
            if (processor->LoadFromSerializedProto(modelFor(TextPart::Continuation, m_bytes)).ok())
                m_continuation = std::move(processor);
        });
        return m_continuation.get();
    }

    /// End of the part that begins at `begin`: a place that no token reaches across.
    std::size_t partEnd(std::string_view utf8, std::size_t begin) const
    {
        if (!m_facts.cuttable || utf8.size() - begin <= kPartSize || !continuation())
            return utf8.size();
        const auto escaped = [](char32_t c) { return c == ' ' ? char32_t{0x2581} : c; };
        CodePoint left = decodeUtf8(utf8, begin);
        for (std::size_t i = begin + left.bytes; i < utf8.size();) {
            const CodePoint point = decodeUtf8(utf8, i);
            if (i - begin >= kPartSize
                && !m_facts.pairs.contains(escaped(left.value), escaped(point.value)))
                return i;
            left = point;
            i += point.bytes;
        }
        return utf8.size();
    }

    Result<Encoding> encodeParts(std::string_view utf8, TaskContext& context) const
    {
        Encoding encoding;
        for (std::size_t begin = 0; begin < utf8.size();) {
            MOESCOPE_CHECK(context.check());
            context.progress(static_cast<double>(begin) / static_cast<double>(utf8.size()),
                "Tokenizing the text");
            const std::size_t end = partEnd(utf8, begin);
            const Processor& processor = begin == 0 ? m_processor : *continuation();
            sentencepiece::ImmutableSentencePieceText text;
            if (const auto status
                = processor.Encode(utf8.substr(begin, end - begin), text.mutable_proto());
                !status.ok())
                return fail(ErrorCode::Internal,
                    fmt::format("{} cannot tokenize this text: {}.", m_path.string(),
                        ownWords(status.message())));
            const auto shift = static_cast<std::uint32_t>(begin);
            for (std::size_t i = 0; i < text.pieces_size(); ++i) {
                const auto piece = text.pieces(static_cast<int>(i));
                encoding.ids.push_back(static_cast<std::int32_t>(piece.id()));
                encoding.offsets.emplace_back(shift + piece.begin(), shift + piece.end());
            }
            begin = end;
        }
        return encoding;
    }

    Processor m_processor;
    SentencePieceFacts m_facts;
    std::filesystem::path m_path;
    std::string m_bytes; ///< the file, for the continuation
    std::vector<std::int32_t> m_before;
    std::vector<std::int32_t> m_after;
    int m_visible = -1; ///< any piece that decodes to something
    mutable std::once_flag m_continuationOnce;
    mutable std::unique_ptr<const Processor> m_continuation; ///< made for the first long text
};

/// A token is written as a string or as an object with "content".
Result<std::optional<std::string>> readToken(
    const Json& config, const std::string& key, std::string_view source)
{
    const auto it = config.find(key);
    if (it != config.end() && it->is_object())
        return jsonOptionalString(*it, "content", source);
    return jsonOptionalString(config, key, source);
}

} // namespace

Result<BosSettings> readBosSettings(const std::filesystem::path& path)
{
    BosSettings settings;
    std::error_code error;
    if (!std::filesystem::exists(path, error))
        return settings;
    MOESCOPE_TRY(const Json config, readJsonFile(path));
    const std::string source = path.string();
    if (!config.is_object())
        return fail(ErrorCode::BadFormat, fmt::format("{} should be an object.", source));
    MOESCOPE_TRY(const auto addBos, jsonOptionalBool(config, "add_bos_token", source));
    MOESCOPE_TRY(const auto addEos, jsonOptionalBool(config, "add_eos_token", source));
    MOESCOPE_TRY(settings.bos, readToken(config, "bos_token", source));
    MOESCOPE_TRY(settings.eos, readToken(config, "eos_token", source));
    const auto bos = config.find("bos_token");
    const bool withoutBos = bos != config.end() && bos->is_null();
    settings.addBos = addBos.value_or(true) && !withoutBos;
    settings.addEos = addEos.value_or(false);
    const auto name = config.find("tokenizer_class");
    settings.ownPostProcessor = addBos.has_value() && name != config.end()
        && (*name == "LlamaTokenizer" || *name == "LlamaTokenizerFast");
    return settings;
}

Result<std::shared_ptr<const Tokenizer>> parseSentencePieceModel(
    std::string_view bytes, const std::filesystem::path& path, const BosSettings& settings)
{
    using Parsed = Result<std::shared_ptr<const Tokenizer>>;
    return withoutExceptions<Parsed>([&]() -> Parsed {
        auto tokenizer = std::make_shared<SentencePieceTokenizer>();
        MOESCOPE_CHECK(tokenizer->load(bytes, path, settings));
        return tokenizer;
    });
}

} // namespace moescope::tokenization
