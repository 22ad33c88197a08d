// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>

#include "core/tokenizer/decoder.h"
#include "core/tokenizer/gguf_vocabulary.h"

namespace moescope::tokenization {

namespace {

using Type = GgufVocabulary::Type;

constexpr std::string_view kSpace = "\xE2\x96\x81";

/// Fields of a protocol buffer message, whose numbers are those of sentencepiece_model.proto.
class Message {
public:
    void number(std::uint32_t field, std::uint64_t value)
    {
        varint(field << 3U);
        varint(value);
    }
    void real(std::uint32_t field, float value)
    {
        varint((field << 3U) | 5U);
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        m_bytes.append(bytes, sizeof value);
    }
    void text(std::uint32_t field, std::string_view value)
    {
        varint((field << 3U) | 2U);
        varint(value.size());
        m_bytes += value;
    }
    const std::string& bytes() const { return m_bytes; }

private:
    void varint(std::uint64_t value)
    {
        for (; value >= 0x80; value >>= 7U)
            m_bytes += static_cast<char>((value & 0x7FU) | 0x80U);
        m_bytes += static_cast<char>(value);
    }
    std::string m_bytes;
};

enum ModelField : std::uint32_t { Pieces = 1, Trainer = 2, Normalizer = 3 };
enum PieceField : std::uint32_t { Piece = 1, Score = 2, Kind = 3 };
enum TrainerField : std::uint32_t {
    ModelType = 3,
    VocabularySize = 4,
    ByteFallback = 35,
    UnknownId = 40,
    BosId = 41,
    EosId = 42,
    UnknownPiece = 45,
    BosPiece = 46,
    EosPiece = 47
};
enum NormalizerField : std::uint32_t {
    Name = 1,
    AddDummyPrefix = 3,
    RemoveExtraSpaces = 4,
    EscapeSpaces = 5
};
constexpr std::uint64_t kBpe = 2;

/// In the file the spaces of tokens that a user added are plain.
std::string withMarkedSpaces(std::string_view token)
{
    std::string marked;
    for (const char c : token)
        if (c == ' ')
            marked += kSpace;
        else
            marked += c;
    return marked;
}

/// The library takes exactly one unknown piece, and all bytes or none.
std::vector<Type> checkedTypes(const GgufVocabulary& vocabulary, std::size_t& unknown)
{
    std::vector<Type> types = vocabulary.types;
    const auto isUnknown = [&](std::size_t i) { return types[i] == Type::Unknown; };
    unknown = static_cast<std::size_t>(vocabulary.unknown.value_or(0));
    for (std::size_t i = types.size(); i-- > 0;)
        if (isUnknown(i))
            unknown = i;
    for (std::size_t i = 0; i < types.size(); ++i)
        if (isUnknown(i))
            types[i] = Type::Control;
    types[unknown] = Type::Unknown;
    for (std::size_t i = 0; i < types.size(); ++i)
        if (types[i] == Type::Byte && fallbackByte(vocabulary.tokens[i]) < 0)
            types[i] = Type::Unused;
    return types;
}

} // namespace

std::string sentencePieceModelOf(const GgufVocabulary& vocabulary)
{
    std::size_t unknown = 0;
    std::vector<Type> types = checkedTypes(vocabulary, unknown);
    const bool hasBytes = std::count(types.begin(), types.end(), Type::Byte) == 256;
    Message model;
    for (std::size_t i = 0; i < types.size(); ++i) {
        Message piece;
        const Type type = types[i] == Type::Byte && !hasBytes ? Type::Unused : types[i];
        piece.text(Piece,
            type == Type::UserDefined ? withMarkedSpaces(vocabulary.tokens[i])
                                      : std::string(vocabulary.tokens[i]));
        piece.real(Score, vocabulary.scores[i]);
        piece.number(Kind, static_cast<std::uint64_t>(type));
        model.text(Pieces, piece.bytes());
    }
    Message trainer;
    trainer.number(ModelType, kBpe);
    trainer.number(VocabularySize, types.size());
    trainer.number(ByteFallback, hasBytes ? 1 : 0);
    trainer.number(UnknownId, unknown);
    trainer.text(UnknownPiece, vocabulary.tokens[unknown]);
    if (vocabulary.bos) {
        trainer.number(BosId, static_cast<std::uint64_t>(*vocabulary.bos));
        trainer.text(BosPiece, vocabulary.tokens[static_cast<std::size_t>(*vocabulary.bos)]);
    }
    if (vocabulary.eos) {
        trainer.number(EosId, static_cast<std::uint64_t>(*vocabulary.eos));
        trainer.text(EosPiece, vocabulary.tokens[static_cast<std::size_t>(*vocabulary.eos)]);
    }
    model.text(Trainer, trainer.bytes());
    Message normalizer;
    normalizer.text(Name, "identity");
    normalizer.number(AddDummyPrefix, vocabulary.addSpacePrefix.value_or(true) ? 1 : 0);
    normalizer.number(RemoveExtraSpaces, 0);
    normalizer.number(EscapeSpaces, 1);
    model.text(Normalizer, normalizer.bytes());
    return model.bytes();
}

} // namespace moescope::tokenization
