// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <set>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/tokenizer/gguf_split_rules.h"
#include "core/tokenizer/gguf_tokenizer.h"
#include "core/tokenizer/gguf_vocabulary.h"
#include "core/tokenizer/json_tokenizer.h"
#include "tests/support/files.h"
#include "tests/support/gguf_builder.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::GgufBuilder;
namespace fs = std::filesystem;

namespace {

std::string packed(auto value)
{
    return GgufBuilder::packed(value);
}

/// The byte alphabet in the order of the bytes, then `more`.
std::vector<std::string> byteTokens(std::initializer_list<const char*> more)
{
    std::vector<std::string> tokens;
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
        const bool isItself = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
        tokens.emplace_back();
        appendUtf8(tokens.back(), isItself ? byte : next++);
    }
    tokens.insert(tokens.end(), more.begin(), more.end());
    return tokens;
}

std::string typeList(std::span<const std::int32_t> types)
{
    std::string list = packed(5U) + packed<std::uint64_t>(types.size());
    for (const std::int32_t type : types)
        list += packed(type);
    return list;
}

GgufBuilder byteLevel(std::string_view pre, std::initializer_list<const char*> more = {})
{
    GgufBuilder builder;
    builder.string("tokenizer.ggml.model", "gpt2")
        .strings("tokenizer.ggml.tokens", byteTokens(more));
    builder.strings("tokenizer.ggml.merges", {});
    if (!pre.empty())
        builder.string("tokenizer.ggml.pre", pre);
    return builder;
}

GgufBuilder sentencePieces(std::size_t scores = 5)
{
    const std::vector<std::string> tokens = {"<unk>", "<s>", "</s>", "\xE2\x96\x81", "a"};
    GgufBuilder builder;
    builder.string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", tokens);
    std::string list = packed(6U) + packed<std::uint64_t>(scores);
    for (std::size_t i = 0; i < scores; ++i)
        list += packed(-static_cast<float>(i));
    builder.raw("tokenizer.ggml.scores", 9, list);
    builder.raw("tokenizer.ggml.token_type", 9, typeList(std::vector<std::int32_t>{2, 3, 3, 1, 1}));
    return builder;
}

} // namespace

class TestGgufTokenizer : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    fs::path file(std::string_view name) const
    {
        return fs::path(m_folder.path().toStdString()) / name;
    }

    Result<std::shared_ptr<const Tokenizer>> load(const GgufBuilder& builder) const
    {
        MOESCOPE_CHECK(writeFileAtomically(file("model.gguf"), builder.bytes()));
        return loadTokenizer(file("model.gguf"));
    }

private slots:
    void referenceTextsGiveTheirIds_data()
    {
        QTest::addColumn<QString>("folder");
        for (const auto& entry : fs::directory_iterator(test::fixtures() / "gguf"))
            if (fs::exists(entry.path() / "expected.json"))
                QTest::newRow(entry.path().filename().c_str())
                    << QString::fromStdString(entry.path().string());
    }

    void referenceTextsGiveTheirIds()
    {
        QFETCH(QString, folder);
        const fs::path path = folder.toStdString();
        const auto expected = readJsonFile(path / "expected.json");
        VERIFY_OK(expected);
        const auto tokenizer = loadTokenizer(path / (*expected)["file"].get<std::string>());
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->warning(), std::string());
        QVERIFY((*expected)["tokenizer"].size() >= 10);
        for (const Json& line : (*expected)["tokenizer"]) {
            const auto text = line["text"].get<std::string>();
            const auto encoding = (*tokenizer)->encode(text);
            VERIFY_OK(encoding);
            QVERIFY2(encoding->ids == line["ids"].get<std::vector<std::int32_t>>(), text.c_str());
            QCOMPARE((*tokenizer)->decode(encoding->ids), text);
            std::string joined;
            for (const std::int32_t id : encoding->ids)
                joined += (*tokenizer)->tokenBytes(id);
            QVERIFY(joined == text || joined == " " + text);
        }
    }

    void specialTokensAreFoundAndAdded()
    {
        GgufBuilder builder = byteLevel("gpt-2", {"<end>", "  ", "ab"});
        std::vector<std::int32_t> types(259, 1);
        types[256] = 3;
        types[257] = 4;
        builder.raw("tokenizer.ggml.token_type", 9, typeList(types));
        builder.uint32("tokenizer.ggml.bos_token_id", 256)
            .uint32("tokenizer.ggml.eos_token_id", 256);
        const auto plain = load(builder);
        VERIFY_OK(plain);
        QCOMPARE(
            (*plain)->encode("a<end>  b")->ids, (std::vector<std::int32_t>{'a', 256, 257, 'b'}));
        QCOMPARE((*plain)->encodeWithSpecial("a")->ids, (std::vector<std::int32_t>{'a'}));
        QVERIFY((*plain)->isSpecial(256) && !(*plain)->isSpecial(257) && !(*plain)->isSpecial('a'));
        QVERIFY(!(*plain)->bosId());
        QCOMPARE((*plain)->vocabularySize(), std::size_t{259});
        QCOMPARE((*plain)->kind(), std::string_view("byte-level BPE"));
        QCOMPARE((*plain)->source().filename().string(), std::string("model.gguf"));

        builder.boolean("tokenizer.ggml.add_bos_token", true)
            .boolean("tokenizer.ggml.add_eos_token", true);
        const auto framed = load(builder);
        VERIFY_OK(framed);
        QCOMPARE(
            (*framed)->encodeWithSpecial("a")->ids, (std::vector<std::int32_t>{256, 'a', 256}));
        QCOMPARE((*framed)->encode("a")->ids, (std::vector<std::int32_t>{'a'}));
        QCOMPARE(*(*framed)->bosId(), 256);
    }

    void sentencePiecesBeginWithBos()
    {
        GgufBuilder builder = sentencePieces();
        builder.uint32("tokenizer.ggml.bos_token_id", 1).uint32("tokenizer.ggml.eos_token_id", 2);
        const auto tokenizer = load(builder);
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->encode("a a")->ids, (std::vector<std::int32_t>{3, 4, 3, 4}));
        QCOMPARE((*tokenizer)->encodeWithSpecial("a")->ids, (std::vector<std::int32_t>{1, 3, 4}));
        builder.boolean("tokenizer.ggml.add_bos_token", false)
            .boolean("tokenizer.ggml.add_eos_token", true);
        builder.boolean("tokenizer.ggml.add_space_prefix", false);
        const auto other = load(builder);
        VERIFY_OK(other);
        QCOMPARE((*other)->encodeWithSpecial("a")->ids, (std::vector<std::int32_t>{4, 2}));
    }

    void unknownRulesAreNamed()
    {
        const auto unknown = load(byteLevel("made-up"));
        VERIFY_OK(unknown);
        const std::string warning = (*unknown)->warning();
        QVERIFY2(warning.find("\"made-up\", which is not known; the default rule is used")
                != std::string::npos,
            warning.c_str());
        const auto usual = load(byteLevel("default"));
        const auto none = load(byteLevel(""));
        VERIFY_OK(usual);
        VERIFY_OK(none);
        QCOMPARE((*usual)->warning(), std::string());
        QVERIFY2((*none)->warning().find("does not name its split rule") != std::string::npos,
            (*none)->warning().c_str());
        for (const char* text : {"12345 a+b == c", "don't  stop"})
            for (const auto& other : {*unknown, *none})
                QCOMPARE(other->encode(text)->ids, (*usual)->encode(text)->ids);
    }

    void everyRuleCompiles()
    {
        for (const char* name : {"default", "gpt-2", "olmo", "refact", "starcoder", "llama-bpe",
                 "dbrx", "glm4", "qwen2", "qwen35", "hunyuan", "bailingmoe2", "gpt-4o", "llama4",
                 "minimax-m2", "tekken", "deepseek-v3", "deepseek-llm", "deepseek-coder", "kimi-k2",
                 "falcon", "afmoe", "exaone-moe", "seed-coder"}) {
            QVERIFY2(tokenization::findSplitRule(name), name);
            const auto tokenizer = load(byteLevel(name));
            VERIFY_OK(tokenizer);
            const std::string text = "It's 12345 \xC3\x89t\xC3\xA9, \xE4\xBD\xA0\xE5\xA5\xBD\r\n\n "
                                     " x+=1; \xE2\x80\x9C!?\xE2\x80\x9D  ";
            const auto encoding = (*tokenizer)->encode(text);
            VERIFY_OK(encoding);
            QCOMPARE((*tokenizer)->decode(encoding->ids), text);
        }
        QVERIFY(!tokenization::findSplitRule("made-up") && !tokenization::findSplitRule(""));
    }

    void rulesOfOtherNamesAreTheSame()
    {
        const auto same = [](const char* rule, std::initializer_list<const char*> names) {
            for (const char* name : names)
                QVERIFY2(
                    tokenization::findSplitRule(name) == tokenization::findSplitRule(rule), name);
        };
        same("gpt-2", {"phi-2", "gigachat", "a.x-4.0", "mellum"});
        same("llama-bpe", {"lfm2", "pixtral", "falcon3", "falcon-h1", "midm-2.0"});
        same("gpt-4o", {"kanana2"});
        same("deepseek-v3", {"joyai-llm"});
    }

    void rulesCutWhereTheyShould_data()
    {
        QTest::addColumn<QStringList>("pieces");
        const auto row = [](const char* rule, const char8_t* pieces) {
            QTest::addRow("%s", rule)
                << QString::fromUtf8(reinterpret_cast<const char*>(pieces)).split(QLatin1Char('|'));
        };
        // Capitals begin a word; Han characters stand alone, their punctuation and kana do not
        // belong to them, but the mark of repetition does.
        row("kimi-k2",
            u8"get|User|Name| i|Phone's| |\u4EBA\u3005|\u3001|\u597D|\u304B\u306A|123|4|?!\n");
        row("falcon", u8"x| |`+`| y| 12| |345|6");
        row("afmoe", u8"1|234|567| |12| |345| |\u4F60\u597D| ab|,cd");
        row("exaone-moe", u8"one two| | three|!\n|\n|A|1");
        row("seed-coder", u8"x|!|\n\n| y|2| |3");
    }

    /// Every part of the text is a token that stays whole, so the tokens are the pieces.
    void rulesCutWhereTheyShould()
    {
        QFETCH(QStringList, pieces);
        const std::string text = pieces.join(QString()).toStdString();
        const std::vector<std::string> bytes = byteTokens({});
        std::set<std::string> parts;
        for (std::size_t begin = 0; begin < text.size(); ++begin) {
            std::string part;
            for (std::size_t i = begin; i < text.size(); ++i) {
                part += bytes[static_cast<unsigned char>(text[i])];
                if (i > begin)
                    parts.insert(part);
            }
        }
        tokenization::GgufVocabulary vocabulary;
        vocabulary.tokens.assign(bytes.begin(), bytes.end());
        vocabulary.tokens.insert(vocabulary.tokens.end(), parts.begin(), parts.end());
        vocabulary.types.assign(
            vocabulary.tokens.size(), tokenization::GgufVocabulary::Type::Normal);
        const tokenization::SplitRule* named = tokenization::findSplitRule(QTest::currentDataTag());
        QVERIFY(named);
        tokenization::SplitRule rule = *named;
        rule.ignoreMerges = true;
        const auto tokenizer = tokenization::parseTokenizerJson(
            tokenization::tokenizerJsonOf(vocabulary, rule), "model.gguf");
        VERIFY_OK(tokenizer);
        const auto encoding = (*tokenizer)->encode(text);
        VERIFY_OK(encoding);
        QStringList found;
        for (const std::int32_t id : encoding->ids)
            found << QString::fromStdString((*tokenizer)->tokenBytes(id));
        QCOMPARE(found, pieces);
    }

    void longRunsAreCut()
    {
        const std::string digits(200'000, '7');
        std::string words;
        for (int i = 0; i < 100'000; ++i)
            words += i == 0 ? "a" : " a";
        for (const char* name : {"afmoe", "exaone-moe", "kimi-k2"}) {
            const auto tokenizer = load(byteLevel(name));
            VERIFY_OK(tokenizer);
            VERIFY_OK((*tokenizer)->encode(digits));
            VERIFY_OK((*tokenizer)->encode(words));
        }
    }

    void brokenVocabulariesAreRefused()
    {
        const auto refuse = [&](const GgufBuilder& builder, ErrorCode code, const char* fragment) {
            const auto tokenizer = load(builder);
            QVERIFY(!tokenizer);
            const Error& error = tokenizer.error();
            QVERIFY2(error.message.find(fragment) != std::string::npos, error.message.c_str());
            QCOMPARE(error.code, code);
            QVERIFY(isValidUtf8(error.message)
                && error.message.find("model.gguf") != std::string::npos);
        };
        refuse(GgufBuilder(), ErrorCode::NotFound, "holds no tokenizer");
        refuse(GgufBuilder().string("tokenizer.ggml.model", "gpt2"), ErrorCode::NotFound,
            "holds no tokenizer");
        refuse(GgufBuilder()
                   .string("tokenizer.ggml.model", "gpt2")
                   .strings("tokenizer.ggml.tokens", {}),
            ErrorCode::BadFormat, "it has 0 tokens");
        refuse(
            GgufBuilder().string("tokenizer.ggml.model", "gpt2").uint32("tokenizer.ggml.tokens", 3),
            ErrorCode::BadFormat, "should be texts");
        refuse(GgufBuilder()
                   .string("tokenizer.ggml.model", "bert")
                   .strings("tokenizer.ggml.tokens", byteTokens({})),
            ErrorCode::Unsupported, "kind \"bert\"");
        refuse(sentencePieces(4), ErrorCode::BadFormat, "it has 5 tokens, but 4 scores");
        refuse(byteLevel("olmo").raw(
                   "tokenizer.ggml.token_type", 9, typeList(std::vector<std::int32_t>{1, 1})),
            ErrorCode::BadFormat, "but 2 token types");
        refuse(byteLevel("olmo").raw(
                   "tokenizer.ggml.token_type", 9, typeList(std::vector<std::int32_t>(256, -1))),
            ErrorCode::BadFormat, "whole numbers");
        refuse(GgufBuilder()
                   .string("tokenizer.ggml.model", "llama")
                   .strings("tokenizer.ggml.tokens", byteTokens({})),
            ErrorCode::BadFormat, "have no scores");
        refuse(byteLevel("olmo", {"a"}), ErrorCode::BadFormat, "");
        refuse(GgufBuilder()
                   .string("tokenizer.ggml.model", "gpt2")
                   .strings("tokenizer.ggml.tokens", byteTokens({})),
            ErrorCode::BadFormat, "is broken: it has no merges");
        GgufBuilder merges;
        merges.string("tokenizer.ggml.model", "gpt2")
            .strings("tokenizer.ggml.tokens", byteTokens({}));
        merges.strings("tokenizer.ggml.merges", std::vector<std::string>{"a b"});
        refuse(merges, ErrorCode::BadFormat, "which is not in the vocabulary");
    }

    void hostileValuesDoNotCrash()
    {
        for (const std::int32_t type : {0, 2, 3, 4, 5, 6, 7, 1000}) {
            GgufBuilder builder;
            const std::vector<std::string> tokens = {"\xFF", "<0x41>", "a", "\"\\\n"};
            builder.string("tokenizer.ggml.model", "llama")
                .strings("tokenizer.ggml.tokens", tokens);
            builder.raw("tokenizer.ggml.scores", 9,
                packed(6U) + packed<std::uint64_t>(4) + packed(0.0F) + packed(-1.0F) + packed(1e38F)
                    + packed(0.0F));
            builder.raw(
                "tokenizer.ggml.token_type", 9, typeList(std::vector<std::int32_t>(4, type)));
            builder.uint32("tokenizer.ggml.bos_token_id", 4'000'000'000)
                .uint32("tokenizer.ggml.unknown_token_id", 99);
            if (const auto tokenizer = load(builder))
                (void)(*tokenizer)->encode("Aa b");
            builder.string("tokenizer.ggml.model2", "x");
            GgufBuilder bytes;
            bytes.string("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens", tokens);
            bytes.strings("tokenizer.ggml.merges", {});
            bytes.raw("tokenizer.ggml.token_type", 9, typeList(std::vector<std::int32_t>(4, type)));
            if (const auto tokenizer = load(bytes))
                (void)(*tokenizer)->encode("Aa b");
        }
    }
};

QTEST_APPLESS_MAIN(TestGgufTokenizer)
#include "tst_gguf_tokenizer.moc"
