// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/io/file_write.h"
#include "tests/support/files.h"
#include "tests/support/tokenizer_builder.h"
#include "tests/support/tokenizer_files.h"

using namespace moescope;
using test::loadTokenizerText;
using test::TokenizerBuilder;

/// Broken files give one sentence, random text and ids give something; nothing crashes.
class TestTokenizerHostile : public QObject {
    Q_OBJECT

private:
    test::TokenizerFiles m_files;

    static TokenizerBuilder sample()
    {
        TokenizerBuilder builder({"<unk>", "a", "b", "▁", "<0xC3>", "<0xA9>"}, {"a b", "▁ a"});
        builder.set("normalizer", R"({"type": "Sequence", "normalizers": [{"type": "NFC"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]})");
        builder.set("pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "\\p{L}+|[^\\s\\w]"},
            "behavior": "Isolated", "invert": false})");
        builder.set("post_processor", R"({"type": "TemplateProcessing", "single": [
            {"SpecialToken": {"id": "<unk>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<unk>": {"id": "<unk>", "ids": [0], "tokens": ["<unk>"]}}})");
        builder.set("decoder",
            R"({"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]})");
        builder.model()["byte_fallback"] = true;
        builder.addToken("<x>", {{"lstrip", true}});
        return builder;
    }

    /// Uses a tokenizer that was read from damaged bytes.
    static void use(const Result<std::shared_ptr<const Tokenizer>>& tokenizer)
    {
        if (!tokenizer) {
            QVERIFY(!tokenizer.error().message.empty());
            QVERIFY(isValidUtf8(tokenizer.error().message));
            QVERIFY(tokenizer.error().message.size() < 2000);
            return;
        }
        for (const char* text : {"", " a ab<x> \n é", "漢 a\u0301b   <unk>"}) {
            const auto encoding = (*tokenizer)->encodeWithSpecial(text);
            if (encoding)
                QVERIFY(isValidUtf8((*tokenizer)->decode(encoding->ids)));
        }
    }

private slots:
    void brokenFilesSayWhatIsWrong_data()
    {
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("value");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("message");
        const auto row
            = [](const char* pointer, const char* value, ErrorCode code, const char* message) {
                  QTest::newRow(qPrintable(QString::fromUtf8(message)))
                      << pointer << value << static_cast<int>(code) << message;
              };
        const auto bad = ErrorCode::BadFormat;
        const auto unsupported = ErrorCode::Unsupported;
        row("/model/vocab/a", "-1", bad, "the token \"a\" has the id -1");
        row("/model/vocab/a", "2", bad, "the tokens \"a\" and \"b\" both have the id 2");
        row("/model/vocab/a", "4294967296", bad, "has the id 4294967296");
        row("/model/vocab/a", "1.5", bad, "a whole number should stand here");
        row("/model/vocab/a", "\"1\"", bad, "a whole number should stand here");
        row("/model/vocab", "[]", bad, "an object should stand here");
        row("/model/vocab", "{}", bad,
            "merge 0 names the token \"a\", which is not in the vocabulary");
        row("/model/merges", "[\"a\"]", bad, "is not two tokens with a space between");
        row("/model/merges", "[\"a b c\"]", bad, "is not two tokens with a space between");
        row("/model/merges", "[[\"a\"]]", bad, "fewer than two parts");
        row("/model/merges", "[[\"a\", \"b\", \"c\"]]", bad, "more than two parts");
        row("/model/merges", "[\"b a\"]", bad, "names the token \"ba\"");
        row("/model/merges", "[7]", bad, "an array should stand here");
        row("/model/type", "\"Unigram\"", unsupported, "is of the type \"Unigram\"; only \"BPE\"");
        row("/model", "null", bad, "an object should stand here");
        row("/version", "\"2.0\"", unsupported, "has the version \"2.0\"");
        row("/normalizer", "{\"type\": \"Nmt\"}", unsupported,
            "\"normalizer\" is of the type \"Nmt\"");
        row("/normalizer", "3", bad, "\"normalizer\" should be an object");
        row("/normalizer", "{}", bad, "\"normalizer\" has no \"type\"");
        row("/pre_tokenizer", "{\"type\": \"UnicodeScripts\"}", unsupported, "\"UnicodeScripts\"");
        row("/pre_tokenizer/pattern", "{\"Regex\": \"(a\"}", bad,
            "is not a valid regular expression: a group is not closed.");
        row("/pre_tokenizer/pattern", "{\"Regex\": \"(?<n>a)(?<n>b)\"}", bad,
            "is not a valid regular expression: two groups have the same name.");
        row("/pre_tokenizer/pattern", "{\"Regex\": \"é(?Xa)\"}", bad,
            "is not a valid regular expression: it cannot be compiled at character 3.");
        row("/pre_tokenizer/pattern", "{\"Regex\": \"[a\"}", bad,
            "a character class is not closed");
        row("/pre_tokenizer/pattern", "{\"Regex\": \"\\\\\"}", bad, "it ends in a backslash");
        row("/pre_tokenizer/pattern", "{\"Regex\": \"(*COMMIT)a\"}", unsupported, "a control verb");
        row("/pre_tokenizer/pattern", "{}", bad, "has neither a \"String\" nor a \"Regex\"");
        row("/pre_tokenizer/behavior", "\"Odd\"", unsupported, "has the behavior \"Odd\"");
        row("/decoder", "{\"type\": \"CTC\"}", unsupported, "\"decoder\" is of the type \"CTC\"");
        row("/decoder", "{\"type\": \"Strip\", \"content\": \"ab\", \"start\": 1, \"stop\": 0}",
            bad, "it should be one character");
        row("/post_processor/single", "[{\"Sequence\": {\"id\": \"B\"}}]", unsupported,
            "uses the text \"B\"");
        row("/post_processor/special_tokens", "{}", bad, "without saying what it is");
        row("/post_processor/special_tokens/<unk>/ids", "[-1]", bad,
            "holds a token id that is no id");
        row("/added_tokens", "{}", bad, "\"added_tokens\" should be an array");
        row("/added_tokens", "[{}]", bad, "\"added_tokens\" has no \"content\"");
        row("/added_tokens/0/lstrip", "1", bad, "\"lstrip\" should be true or false");
    }

    void brokenFilesSayWhatIsWrong()
    {
        QFETCH(QString, pointer);
        QFETCH(QString, value);
        QFETCH(int, code);
        QFETCH(QString, message);
        TokenizerBuilder builder = sample();
        VERIFY_OK(builder.load());
        builder.json[Json::json_pointer(pointer.toStdString())]
            = parseJson(value.toStdString(), "row").value();
        const auto tokenizer = builder.load();
        QVERIFY(!tokenizer);
        QCOMPARE(static_cast<int>(tokenizer.error().code), code);
        const std::string& said = tokenizer.error().message;
        QVERIFY2(said.find(message.toStdString()) != std::string::npos, said.c_str());
        QVERIFY2(said.find("tokenizer.json") != std::string::npos, said.c_str());
        QVERIFY2(said.find('\n') == std::string::npos && said.ends_with('.'), said.c_str());
    }

    void missingMembers()
    {
        for (const char* key : {"vocab", "merges"}) {
            TokenizerBuilder builder = sample();
            builder.model().erase(key);
            QVERIFY(builder.load().error().message.find(std::string("has no \"") + key)
                != std::string::npos);
        }
        QVERIFY(loadTokenizerText("{}", "tokenizer.json").error().message.find("has no \"model\"")
            != std::string::npos);
        QVERIFY(loadTokenizerText(R"({"model": {"vocab": {}, "merges": []}})", "tokenizer.json"));
    }

    void brokenJson()
    {
        for (const std::string text :
            {"", "{", "[]", "{\"model\"", "{\"model\": }", "{\"model\": {}} x", "\xFF",
                "{\"model\": {\"vocab\": {\"\\ud800\": 1}, \"merges\": []}}", "{\"a\": 1, \"a\"}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"a\": 2}, \"merges\": []}}",
                "{\"model\": {}, \"model\": {}}"}) {
            const auto tokenizer = loadTokenizerText(text, "tokenizer.json");
            QVERIFY2(!tokenizer, text.c_str());
            QCOMPARE(tokenizer.error().code, ErrorCode::BadFormat);
        }
        std::string deep = R"({"model": {"vocab": {}, "merges": []}, "normalizer": )";
        for (int i = 0; i < 100'000; ++i)
            deep += R"({"type": "Sequence", "normalizers": [)";
        QVERIFY(!loadTokenizerText(deep, "tokenizer.json"));
        deep += std::string(100'000, '[');
        QVERIFY(!loadTokenizerText(deep, "tokenizer.json"));
        std::string classes(100'000, '[');
        TokenizerBuilder builder = sample();
        builder.json["pre_tokenizer"]["pattern"] = {{"Regex", classes.substr(0, 1000)}};
        QVERIFY(!builder.load());
        builder.json["pre_tokenizer"]["pattern"] = {{"Regex", classes}};
        QVERIFY(!builder.load());
    }

    void hugeIdsNeedNoMemory()
    {
        TokenizerBuilder builder({"a", "b"}, {});
        builder.model()["vocab"] = {{"b", 2147483647}, {"a", 1000000000}, {"ab", 5}};
        builder.model()["merges"] = Json::array({"a b"});
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->encode("abba")->ids,
            (std::vector<std::int32_t>{5, 2147483647, 1000000000}));
        QCOMPARE((*tokenizer)->tokenBytes(2147483647), std::string("b"));
        QCOMPARE((*tokenizer)->vocabularySize(), std::size_t{3});
    }

    void explodingExpressionsGiveUp()
    {
        TokenizerBuilder builder = sample();
        builder.json["pre_tokenizer"]["pattern"] = {{"Regex", "(?:a+)+$"}};
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        const auto encoding = (*tokenizer)->encode(std::string(60, 'a') + "b");
        QVERIFY(!encoding);
        QVERIFY(
            encoding.error().message.find("cannot be applied to this text") != std::string::npos);
    }

    void damagedFilesNeverCrash()
    {
        const std::string good = dumpJson(sample().json);
        for (std::size_t size = 0; size < good.size(); size += 7)
            use(loadTokenizerText(good.substr(0, size), "tokenizer.json"));
        Random random(7);
        for (int round = 0; round < 1500; ++round) {
            std::string bad = good;
            for (int i = 0; i < 1 + round % 4; ++i) {
                const auto at = static_cast<std::size_t>(random.next() % bad.size());
                const std::string_view marks = "{}[]\",:0-9\\ae<\xFF";
                bad[at] = marks[random.next() % marks.size()];
            }
            use(loadTokenizerText(bad, "tokenizer.json"));
        }
    }

    void damagedModelsNeverCrash()
    {
        const auto good
            = readTextFile(test::resources() / "samples" / "upcycled" / "tokenizer.model");
        VERIFY_OK(good);
        for (const std::size_t size : {0U, 1U, 7U, 100U, 1000U, 20'000U})
            use(loadTokenizerText(good->substr(0, size), "tokenizer.model"));
        QCOMPARE(loadTokenizerText("hello, this is text", "tokenizer.model").error().code,
            ErrorCode::BadFormat);
        Random random(8);
        for (int round = 0; round < 60; ++round) {
            std::string bad = *good;
            for (int i = 0; i < 1 + round % 5; ++i) {
                // The settings stand at the end; pieces fill the rest.
                const std::size_t range = round % 2 == 0 ? bad.size() : 300;
                bad[bad.size() - 1 - random.next() % range] = static_cast<char>(random.next());
            }
            use(loadTokenizerText(bad, "tokenizer.model"));
        }
    }

    void damagedCharacterTablesAreRefused()
    {
        const auto good
            = readTextFile(test::resources() / "samples" / "upcycled" / "tokenizer.model");
        VERIFY_OK(good);
        // normalizer_spec { precompiled_charsmap: a trie of one unit whose children would be far
        // outside }
        const std::string map("\x04\x00\x00\x00\x00\xFF\xFF\x7F\x00", 9);
        const std::string field = std::string("\x1A\x0B\x12\x09") + map;
        const auto tokenizer = loadTokenizerText(*good + field, "tokenizer.model");
        QVERIFY(!tokenizer);
        QVERIFY(
            tokenizer.error().message.find("table of characters is damaged") != std::string::npos);
    }

    void randomTextAndIds_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name :
            {"gptoss", "qwen3", "mixtral", "mixtral_metaspace", "sample_upcycled_sentencepiece"})
            QTest::newRow(name) << name;
    }

    void randomTextAndIds()
    {
        QFETCH(QString, name);
        const auto tokenizer = loadTokenizer(m_files.pathOf(name.toStdString()));
        VERIFY_OK(tokenizer);
        Random random(9);
        for (int round = 0; round < 400; ++round) {
            std::string text;
            const bool valid = round % 2 == 0;
            const std::size_t length = random.next() % 60;
            for (std::size_t i = 0; i < length; ++i) {
                const auto point
                    = static_cast<char32_t>(random.next() >> (44 + random.next() % 14));
                if (!valid)
                    text += static_cast<char>(random.next());
                else if (point < 0xD800 || (point >= 0xE000 && point < 0x110000))
                    appendUtf8(text, point);
            }
            const auto encoding = (*tokenizer)->encode(text);
            QCOMPARE(encoding.has_value(), isValidUtf8(text));
            if (!encoding)
                continue;
            QCOMPARE(encoding->ids.size(), encoding->offsets.size());
            std::uint32_t last = 0;
            for (const auto& [begin, end] : encoding->offsets) {
                QVERIFY(begin <= end && end <= text.size() && begin >= std::min(last, begin));
                last = begin;
            }
            std::vector<std::int32_t> ids;
            for (std::size_t i = 0; i < length; ++i)
                ids.push_back(static_cast<std::int32_t>(random.next() % 260'000) - 1000);
            QVERIFY(isValidUtf8((*tokenizer)->decode(ids)));
        }
    }

    void hugeTextsAreTokenized_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"gptoss", "mixtral", "sample_native", "mixtral_sentencepiece"})
            QTest::newRow(name) << name;
    }

    /// 10 MB of what makes careless tokenizers quadratic.
    void hugeTextsAreTokenized()
    {
        QFETCH(QString, name);
        const auto tokenizer = loadTokenizer(m_files.pathOf(name.toStdString()));
        VERIFY_OK(tokenizer);
        constexpr std::size_t kSize = 10'000'000;
        std::string words;
        for (std::size_t i = 0; words.size() < kSize; ++i)
            words += static_cast<char>('a' + (i * i / 7 + i) % 26);
        std::vector<std::string> texts{std::string(kSize - 1, ' ') + "x", words};
        if (name
            != QStringLiteral(
                "mixtral_sentencepiece")) // the library takes long for a single letter
            texts.emplace_back(kSize, 'a');
        for (const std::string& text : texts) {
            const auto encoding = (*tokenizer)->encode(text);
            VERIFY_OK(encoding);
            QVERIFY(encoding->ids.size() > 10'000);
            QCOMPARE(encoding->offsets.front().first, 0U);
            QCOMPARE(encoding->offsets.back().second, static_cast<std::uint32_t>(text.size()));
            QVERIFY((*tokenizer)->decode(encoding->ids) == text);
        }
    }
};

QTEST_APPLESS_MAIN(TestTokenizerHostile)
#include "tst_tokenizer_hostile.moc"
