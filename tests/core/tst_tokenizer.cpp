// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <stop_token>
#include <thread>

#include <QtCore/QTemporaryDir>

#include "core/io/file_write.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"
#include "tests/support/tokenizer_builder.h"
#include "tests/support/tokenizer_files.h"

using namespace moescope;
using test::joinTokens;
using test::TokenizerBuilder;
using Spans = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// Rules that the reference files do not reach, each on a vocabulary small enough to follow by
/// hand.
class TestTokenizer : public QObject {
    Q_OBJECT

private:
    test::TokenizerFiles m_files;

    static const std::vector<std::string>& letters()
    {
        static const std::vector<std::string> tokens{"<unk>", "a", "b", "c", "d", "e", "h", "l",
            "o", "x", "A", "1", "2", " ", "▁", ".", "\n"};
        return tokens;
    }

    static std::string tokensOf(const TokenizerBuilder& builder, std::string_view text)
    {
        const auto tokenizer = builder.load();
        if (!tokenizer)
            return tokenizer.error().message;
        const auto encoding = (*tokenizer)->encode(text);
        return encoding ? joinTokens(**tokenizer, encoding->ids) : encoding.error().message;
    }

private slots:
    void lowestMergeComesFirst()
    {
        const TokenizerBuilder builder(letters(), {"l o", "h e", "l l", "he l", "hel lo"});
        QCOMPARE(tokensOf(builder, "hello"), std::string("hello"));
        QCOMPARE(tokensOf(builder, "llo"), std::string("l|lo"));
        QCOMPARE(tokensOf(builder, "lll"), std::string("ll|l"));
    }

    void mergesAreStringsOrPairs()
    {
        TokenizerBuilder builder(letters(), {"h e"});
        builder.model()["merges"] = Json::array({Json::array({"h", "e"})});
        QCOMPARE(tokensOf(builder, "he"), std::string("he"));
    }

    void ignoreMergesTakesWholePieces()
    {
        std::vector<std::string> tokens = letters();
        tokens.push_back("hello");
        TokenizerBuilder builder(tokens, {"h e"});
        QCOMPARE(tokensOf(builder, "hello"), std::string("he|l|l|o"));
        builder.model()["ignore_merges"] = true;
        QCOMPARE(tokensOf(builder, "hello"), std::string("hello"));
        QCOMPARE(tokensOf(builder, "hellox"), std::string("he|l|l|o|x"));
    }

    void prefixAndSuffixOfWords()
    {
        TokenizerBuilder builder({"a", "##b", "##c</w>", "ab", "a</w>"}, {});
        builder.model()["continuing_subword_prefix"] = "##";
        builder.model()["end_of_word_suffix"] = "</w>";
        builder.model()["merges"] = Json::array({"a ##b"});
        QCOMPARE(tokensOf(builder, "abc"), std::string("ab|##c</w>"));
        QCOMPARE(tokensOf(builder, "a"), std::string("a</w>"));
    }

    void unknownCharacters()
    {
        TokenizerBuilder builder(letters(), {});
        builder.model()["unk_token"] = "<unk>";
        QCOMPARE(tokensOf(builder, "aßßb"), std::string("a|<unk>|<unk>|b"));
        builder.model()["fuse_unk"] = true;
        QCOMPARE(tokensOf(builder, "aßßb"), std::string("a|<unk>|b"));
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->encode("aßßb")->offsets, (Spans{{0, 1}, {1, 5}, {5, 6}}));
        builder.model()["unk_token"] = "<missing>";
        QVERIFY(tokensOf(builder, "ß").find("<missing>") != std::string::npos);
        QCOMPARE(tokensOf(builder, "a"), std::string("a"));
    }

    void bytesStandForMissingCharacters()
    {
        std::vector<std::string> tokens = letters();
        tokens.insert(tokens.end(), {"<0xC3>", "<0x9F>", "<0xE3>"});
        TokenizerBuilder builder(tokens, {});
        builder.model()["byte_fallback"] = true;
        builder.model()["unk_token"] = "<unk>";
        builder.set("decoder",
            R"({"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]})");
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        const auto encoding = (*tokenizer)->encode("aß漢");
        VERIFY_OK(encoding);
        QCOMPARE(joinTokens(**tokenizer, encoding->ids), std::string("a|\xC3|\x9F|<unk>"));
        QCOMPARE(encoding->offsets, (Spans{{0, 1}, {1, 3}, {1, 3}, {3, 6}}));
        QCOMPARE((*tokenizer)->decode(encoding->ids), std::string("aß<unk>"));
        QCOMPARE(
            (*tokenizer)->decode(std::vector<std::int32_t>{17, 19}), std::string("\uFFFD\uFFFD"));
    }

    void addedTokens()
    {
        TokenizerBuilder plain(letters(), {});
        plain.addToken("<s>", {{"special", true}});
        QCOMPARE(tokensOf(plain, "a<s>b"), std::string("a|<s>|b"));

        TokenizerBuilder word(letters(), {});
        word.addToken("ab", {{"single_word", true}});
        QCOMPARE(tokensOf(word, "ab xab abx ab."), std::string("ab| |x|a|b| |a|b|x| |ab|."));

        TokenizerBuilder strip(letters(), {});
        strip.addToken("<m>", {{"lstrip", true}, {"rstrip", true}});
        const auto stripping = strip.load();
        VERIFY_OK(stripping);
        const auto encoding = (*stripping)->encode("a  <m> \nb");
        VERIFY_OK(encoding);
        QCOMPARE(joinTokens(**stripping, encoding->ids), std::string("a|<m>|b"));
        QCOMPARE(encoding->offsets, (Spans{{0, 1}, {1, 8}, {8, 9}}));

        TokenizerBuilder longest(letters(), {});
        longest.addToken("<s>");
        longest.addToken("<s>a");
        QCOMPARE(tokensOf(longest, "<s>ab<s>b"), std::string("<s>a|b|<s>|b"));
    }

    void normalizedAddedTokensMatchAfterNormalization()
    {
        for (const bool normalized : {false, true}) {
            TokenizerBuilder builder(letters(), {});
            builder.set("normalizer", R"({"type": "Lowercase"})");
            builder.addToken("ABC", {{"normalized", normalized}});
            QCOMPARE(tokensOf(builder, "abc"), std::string(normalized ? "ABC" : "a|b|c"));
            QCOMPARE(tokensOf(builder, "ABC"), std::string("ABC"));
        }
    }

    void addedTokensTakeTheVocabularysIds()
    {
        TokenizerBuilder builder(letters(), {});
        builder.addToken("x");
        builder.addToken("<new>");
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->encode("x<new>")->ids, (std::vector<std::int32_t>{9, 17}));
        QCOMPARE((*tokenizer)->vocabularySize(), std::size_t{18});
    }

    void metaspace_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* settings, const char* expected) {
            QTest::newRow(settings) << settings << expected;
        };
        row(R"("prepend_scheme": "always", "split": true)", " a| b|<s>| c");
        row(R"("prepend_scheme": "first", "split": true)", " a| b|<s>|c");
        row(R"("prepend_scheme": "never", "split": true)", "a| b|<s>|c");
        row(R"("prepend_scheme": "never", "split": false)", "a b|<s>|c");
        row(R"("add_prefix_space": true, "str_rep": "▁")", " a| b|<s>| c");
        row(R"("add_prefix_space": false)", "a| b|<s>|c");
    }

    void metaspace()
    {
        QFETCH(QString, settings);
        QFETCH(QString, expected);
        TokenizerBuilder builder(letters(), {"▁ a", "▁ b", "▁ c", "a ▁b"});
        builder.addToken("<s>", {{"special", true}});
        const std::string step
            = R"({"type": "Metaspace", "replacement": "▁", )" + settings.toStdString() + "}";
        builder.set("pre_tokenizer", step).set("decoder", step);
        QCOMPARE(tokensOf(builder, "a b<s>c"), expected.toStdString());
    }

    void splitting_data()
    {
        QTest::addColumn<QString>("step");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* step, const char* expected) {
            QTest::newRow(step) << step << expected;
        };
        const char* regex
            = R"({"type": "Split", "pattern": {"Regex": "[12]"}, "behavior": "%1", "invert": %2})";
        const auto split = [&](const char* behavior, bool invert, const char* expected) {
            const QString step = QString::fromUtf8(regex).arg(
                QString::fromLatin1(behavior), QString::fromLatin1(invert ? "true" : "false"));
            QTest::newRow(qPrintable(step)) << step << QString::fromUtf8(expected);
        };
        split("Isolated", false, "aa|1|2|bb|1");
        split("Removed", false, "aa|bb");
        split("Removed", true, "1|2|1");
        split("MergedWithPrevious", false, "aa1|2|bb1");
        split("MergedWithNext", false, "aa|1|2bb|1");
        split("Contiguous", false, "aa|12|bb|1");
        row(R"({"type": "Digits", "individual_digits": true})", "aa|1|2|bb|1");
        row(R"({"type": "Digits", "individual_digits": false})", "aa|12|bb|1");
        row(R"({"type": "Sequence", "pretokenizers": []})", "aa1|2bb|1");
    }

    void splitting()
    {
        QFETCH(QString, step);
        QFETCH(QString, expected);
        // Everything that stands together in the text merges, so the pieces show.
        TokenizerBuilder builder(letters(),
            {"a a", "aa 1", "1 2", "aa 12", "b b", "2 bb", "12 bb", "bb 1", "aa12 bb1", "aa1 2",
                "aa12 bb"});
        builder.set("pre_tokenizer", step.toStdString());
        QCOMPARE(tokensOf(builder, "aa12bb1"), expected.toStdString());
    }

    void regularExpressionsAreOnigurumas_data()
    {
        QTest::addColumn<QString>("regex");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("kept");
        const auto row = [](const char* regex, const char* text, const char* kept) {
            QTest::newRow(regex) << regex << text << kept;
        };
        row("\\\\h", "a1xh", "xh"); // a hexadecimal digit
        row("[a-e&&[^bc]]", "abcde", "bc");
        row("[a[bc]]", "abcd", "d");
        row("[^a[bc]]", "abcd", "abc");
        row("\\\\p{Han}", "a漢。ー", "a。ー"); // script, not script extensions
        row("\\\\s", "a\u180E\u00A0b", "a\u180Eb");
        row("[^\\\\S ]", "a \tb", "a b");
        row("\\\\p{So}", "a\U0001FAE8b", "ab"); // an emoji of Unicode 15
        row("(?m:a.)", "a\nb", "b");
        row("^b", "a\nbb", "a\nb"); // ^ is the start of a line
        row("[[:alpha:]]", "aé1", "1");
        row("\\\\w", "a\u0301²!", "!");
        row("(?i:k)", "kK\u212Ax", "x");
    }

    void regularExpressionsAreOnigurumas()
    {
        QFETCH(QString, regex);
        QFETCH(QString, text);
        QFETCH(QString, kept);
        TokenizerBuilder builder({"<unk>"}, {});
        builder.model()["unk_token"] = "<unk>";
        builder.set("pre_tokenizer",
            R"({"type": "Split", "pattern": {"Regex": ")" + regex.toStdString()
                + R"("}, "behavior": "Removed"})");
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        const std::string input = text.toStdString();
        const auto encoding = (*tokenizer)->encode(input);
        VERIFY_OK(encoding);
        std::string left;
        for (const auto& [begin, end] : encoding->offsets)
            left += input.substr(begin, end - begin);
        QCOMPARE(left, kept.toStdString());
    }

    void normalizersKeepTheOrigin()
    {
        TokenizerBuilder builder({"é", "a", "x", "y"}, {});
        builder.set("normalizer", R"({"type": "NFC"})");
        const auto composing = builder.load();
        VERIFY_OK(composing);
        const auto encoding = (*composing)->encode("ae\u0301x");
        VERIFY_OK(encoding);
        QCOMPARE(encoding->ids, (std::vector<std::int32_t>{1, 0, 2}));
        QCOMPARE(encoding->offsets, (Spans{{0, 1}, {1, 4}, {4, 5}}));

        builder.set("normalizer",
            R"({"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": true,
            "strip_right": true}, {"type": "Replace", "pattern": {"Regex": " +"}, "content": "xy"},
            {"type": "Prepend", "prepend": "y"}]})");
        const auto replacing = builder.load();
        VERIFY_OK(replacing);
        const auto replaced = (*replacing)->encode("  a   a ");
        VERIFY_OK(replaced);
        QCOMPARE(joinTokens(**replacing, replaced->ids), std::string("y|a|x|y|a"));
        QCOMPARE(replaced->offsets, (Spans{{2, 3}, {2, 3}, {5, 6}, {5, 6}, {6, 7}}));
    }

    void offsetsAreTrimmedWhereTheFileSaysSo()
    {
        TokenizerBuilder builder({"Ġ", "a", "Ġa"}, {"Ġ a"});
        builder.set("pre_tokenizer",
            R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": true})");
        for (const bool trim : {false, true}) {
            builder.json["post_processor"]
                = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", trim}};
            const auto tokenizer = builder.load();
            VERIFY_OK(tokenizer);
            const auto encoding = (*tokenizer)->encode("a a");
            VERIFY_OK(encoding);
            QCOMPARE(encoding->offsets, (Spans{{0, 1}, {trim ? 2U : 1U, 3}}));
        }
    }

    void postProcessorsFrameTheText()
    {
        TokenizerBuilder builder(letters(), {});
        builder.addToken("<s>", {{"special", true}});
        builder.addToken("</s>", {{"special", true}});
        builder.set("post_processor",
            R"({"type": "Sequence", "processors": [{"type": "ByteLevel", "trim_offsets": false},
            {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [17], "tokens": ["<s>"]},
            "</s>": {"id": "</s>", "ids": [18], "tokens": ["</s>"]}}}]})");
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        const auto encoding = (*tokenizer)->encodeWithSpecial("ab");
        VERIFY_OK(encoding);
        QCOMPARE(encoding->ids, (std::vector<std::int32_t>{17, 1, 2, 18}));
        QCOMPARE(encoding->offsets, (Spans{{0, 0}, {0, 1}, {1, 2}, {2, 2}}));
        QCOMPARE((*tokenizer)->bosId(), std::optional<std::int32_t>(17));
        QVERIFY((*tokenizer)->isSpecial(17) && !(*tokenizer)->isSpecial(1)
            && !(*tokenizer)->isSpecial(99));
        QCOMPARE((*tokenizer)->decode(encoding->ids), std::string("<s>ab</s>"));

        builder.set("post_processor",
            R"({"type": "RobertaProcessing", "sep": ["</s>", 18], "cls": ["<s>", 17]})");
        const auto roberta = builder.load();
        VERIFY_OK(roberta);
        QCOMPARE((*roberta)->encodeWithSpecial("a")->ids, (std::vector<std::int32_t>{17, 1, 18}));
    }

    void configDecidesAboutBosOfSentencepieceModels()
    {
        const std::filesystem::path model
            = test::resources() / "samples" / "upcycled" / "tokenizer.model";
        const auto bosWith = [&](const char* config) -> std::optional<std::int32_t> {
            const QTemporaryDir folder;
            const std::filesystem::path path = folder.path().toStdString();
            std::filesystem::copy_file(model, path / "tokenizer.model");
            if (config && !writeFileAtomically(path / "tokenizer_config.json", config))
                return -1;
            const auto tokenizer = loadTokenizer(path);
            if (!tokenizer)
                return -2;
            const auto ids = (*tokenizer)->encodeWithSpecial("a")->ids;
            const auto bos = (*tokenizer)->bosId();
            return ids.size() == (bos ? 2U : 1U) ? bos : -3;
        };
        QCOMPARE(bosWith(nullptr), std::optional(1));
        QCOMPARE(bosWith("{}"), std::optional(1));
        QCOMPARE(bosWith(R"({"add_bos_token": true, "bos_token": {"content": "<s>"}})"),
            std::optional(1));
        QCOMPARE(bosWith(R"({"add_bos_token": true, "bos_token": "</s>"})"), std::optional(2));
        QCOMPARE(bosWith(R"({"add_bos_token": false})"), std::optional<std::int32_t>());
        QCOMPARE(bosWith(R"({"bos_token": null})"), std::optional<std::int32_t>());
        QCOMPARE(bosWith("{\"add_bos_token\": 3}"), std::optional(-2));
    }

    void postProcessorDecidesAboutBosOfTokenizerJson()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        TokenizerBuilder builder(letters(), {});
        VERIFY_OK(writeFileAtomically(path / "tokenizer.json", dumpJson(builder.json)));
        VERIFY_OK(writeFileAtomically(
            path / "tokenizer_config.json", R"({"add_bos_token": true, "bos_token": "a"})"));
        std::filesystem::copy_file(test::resources() / "samples" / "upcycled" / "tokenizer.model",
            path / "tokenizer.model");
        const auto tokenizer = loadTokenizer(path);
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->source(), path / "tokenizer.json");
        QCOMPARE((*tokenizer)->bosId(), std::optional<std::int32_t>());
        QCOMPARE((*tokenizer)->encodeWithSpecial("b")->ids, std::vector<std::int32_t>{2});
    }

    void brokenConfigsAreNamed()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        TokenizerBuilder builder(letters(), {});
        VERIFY_OK(writeFileAtomically(path / "tokenizer.json", dumpJson(builder.json)));
        VERIFY_OK(loadTokenizer(path));
        VERIFY_OK(writeFileAtomically(path / "tokenizer_config.json", "{\"a\":"));
        const auto broken = loadTokenizer(path);
        QVERIFY(!broken);
        QCOMPARE(broken.error().code, ErrorCode::BadFormat);
        QVERIFY2(broken.error().message.find("tokenizer_config.json") != std::string::npos,
            broken.error().message.c_str());
    }

    void sentencepieceFaultsAreSentences()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        // One piece, "a", and none for unknown characters.
        VERIFY_OK(writeFileAtomically(
            path / "tokenizer.model", std::string("\x0A\x08\x0A\x01" "a\x15\0\0\0\0", 10)));
        const auto broken = loadTokenizer(path);
        QVERIFY(!broken);
        QVERIFY2(broken.error().message.ends_with("it has no piece for unknown characters."),
            broken.error().message.c_str());
    }

    /// transformers' LlamaTokenizerFast frames texts by tokenizer_config.json, so a model was
    /// trained with that BOS, though the file alone adds nothing.
    void llamaClassesBeginPromptsWithBos()
    {
        const auto load = [&](const char* config, const char* postProcessor = nullptr) {
            const QTemporaryDir folder;
            const std::filesystem::path path = folder.path().toStdString();
            TokenizerBuilder builder(letters(), {});
            builder.addToken("<bos>", {{"special", true}});
            builder.addToken("<eos>", {{"special", true}});
            if (postProcessor)
                builder.set("post_processor", postProcessor);
            const Status files[]
                = {writeFileAtomically(path / "tokenizer.json", dumpJson(builder.json)),
                    writeFileAtomically(path / "tokenizer_config.json", config)};
            return files[0] && files[1] ? loadTokenizer(path).value_or(nullptr) : nullptr;
        };
        using Ids = std::vector<std::int32_t>;
        for (const char* name : {"LlamaTokenizer", "LlamaTokenizerFast"}) {
            const Json config = {{"add_bos_token", true}, {"add_eos_token", true},
                {"tokenizer_class", name}, {"bos_token", {{"content", "<bos>"}}},
                {"eos_token", "<eos>"}};
            const auto tokenizer = load(dumpJson(config).c_str());
            QVERIFY(tokenizer);
            QCOMPARE(tokenizer->bosId(), std::optional<std::int32_t>(17));
            const auto prompt = tokenizer->encodePrompt("b");
            VERIFY_OK(prompt);
            QCOMPARE(prompt->ids, (Ids{17, 2}));
            QCOMPARE(prompt->offsets, (Spans{{0, 0}, {0, 1}}));
            // The file's own post-processor decides what the tokenizer alone makes of a text.
            QCOMPARE(tokenizer->encodeWithSpecial("b")->ids, Ids{2});
        }
        const auto plain = [&](const char* config) {
            const auto tokenizer = load(config);
            return tokenizer && !tokenizer->bosId() && tokenizer->encodePrompt("b")->ids == Ids{2};
        };
        QVERIFY(plain(R"({"add_bos_token": false, "tokenizer_class": "LlamaTokenizerFast",
            "bos_token": "<bos>"})"));
        QVERIFY(plain(R"({"add_bos_token": true, "tokenizer_class": "LlamaTokenizerFast",
            "bos_token": null})"));
        QVERIFY(plain(R"({"add_bos_token": true, "tokenizer_class": "LlamaTokenizerFast",
            "bos_token": "<nowhere>"})"));
        QVERIFY(plain(R"({"add_bos_token": true, "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<bos>"})"));
        const auto framed = load(R"({"add_bos_token": true, "bos_token": "<bos>",
            "tokenizer_class": "LlamaTokenizerFast"})",
            R"({"type": "RobertaProcessing", "sep": ["<eos>", 18], "cls": ["<bos>", 17]})");
        QVERIFY(framed);
        QCOMPARE(framed->encodePrompt("b")->ids, (Ids{17, 2, 18})); // once
    }

    void foldersWithoutTokenizerAreNotFound()
    {
        const QTemporaryDir folder;
        QCOMPARE(loadTokenizer(folder.path().toStdString()).error().code, ErrorCode::NotFound);
        QCOMPARE(loadTokenizer("/no/such/file").error().code, ErrorCode::NotFound);
    }

    void tokenBytesAreTheText_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("lead");
        QTest::newRow("gptoss") << "gptoss"
                                << "byte-level BPE"
                                << "";
        QTest::newRow("deepseek_v3") << "deepseek_v3"
                                     << "byte-level BPE"
                                     << "";
        QTest::newRow("sample_native") << "sample_native"
                                       << "byte-level BPE"
                                       << "";
        QTest::newRow("mixtral") << "mixtral"
                                 << "sentencepiece BPE"
                                 << " ";
        QTest::newRow("mixtral_metaspace") << "mixtral_metaspace"
                                           << "sentencepiece BPE"
                                           << " ";
        QTest::newRow("mixtral_sentencepiece") << "mixtral_sentencepiece"
                                               << "sentencepiece BPE"
                                               << " ";
        QTest::newRow("sample_upcycled_sentencepiece") << "sample_upcycled_sentencepiece"
                                                       << "sentencepiece BPE"
                                                       << " ";
    }

    void tokenBytesAreTheText()
    {
        QFETCH(QString, name);
        QFETCH(QString, kind);
        QFETCH(QString, lead);
        const auto tokenizer = loadTokenizer(m_files.pathOf(name.toStdString()));
        VERIFY_OK(tokenizer);
        QCOMPARE(std::string((*tokenizer)->kind()), kind.toStdString());
        const std::string text = "King is to queen, as 漢字 and 👩‍👩‍👧 are\n\tto "
                                 "\xF0\x9D\x94\x98 café…";
        const auto encoding = (*tokenizer)->encode(text);
        VERIFY_OK(encoding);
        std::string all;
        for (const std::int32_t id : encoding->ids)
            all += (*tokenizer)->tokenBytes(id);
        QCOMPARE(all, lead.toStdString() + text);
        QCOMPARE((*tokenizer)->decode(encoding->ids), text);
        QVERIFY((*tokenizer)->tokenBytes(-1).empty());
        QVERIFY((*tokenizer)->tokenBytes(2'000'000'000).empty());
    }

    void specialTokensSurviveDecoding()
    {
        const auto tokenizer = loadTokenizer(m_files.pathOf("mixtral_sentencepiece"));
        VERIFY_OK(tokenizer);
        auto ids = (*tokenizer)->encodeWithSpecial("King  queen")->ids;
        ids.push_back(2);
        const auto more = (*tokenizer)->encode("man")->ids;
        ids.insert(ids.end(), more.begin(), more.end());
        QCOMPARE((*tokenizer)->decode(ids), std::string("<s>King  queen</s> man"));
        QVERIFY((*tokenizer)->isSpecial(1) && !(*tokenizer)->isSpecial(300));
        QCOMPARE((*tokenizer)->tokenBytes(1), std::string("<s>"));
    }

    void brokenBytesBecomeReplacementCharacters()
    {
        TokenizerBuilder builder({"a", "â", "Ĥ", "ð", "í", "Ġ"}, {});
        builder.set("decoder", R"({"type": "ByteLevel"})");
        const auto tokenizer = builder.load();
        VERIFY_OK(tokenizer);
        const auto decode
            = [&](std::vector<std::int32_t> ids) { return (*tokenizer)->decode(ids); };
        QCOMPARE(decode({1, 2, 0}), std::string("\uFFFDa")); // E2 82: one truncated character
        QCOMPARE(decode({2, 2, 0}), std::string("\uFFFD\uFFFDa")); // 82 82: two stray bytes
        QCOMPARE(decode({3, 2, 5}), std::string("\uFFFD\uFFFD ")); // F0 82: an overlong form
        QCOMPARE(decode({0, 1}), std::string("a\uFFFD"));
        QCOMPARE(decode({0, 77, -5, 0}), std::string("aa")); // ids that are no tokens
    }

    void invalidUtf8IsRefused()
    {
        for (const char* name : {"sample_native", "sample_upcycled_sentencepiece"}) {
            const auto tokenizer = loadTokenizer(m_files.pathOf(name));
            VERIFY_OK(tokenizer);
            for (const std::string text :
                {"ab\xFFz", "ab\xC0\xAF", "ab\xED\xA0\x80", "ab\xE6\xBC"}) {
                const auto encoding = (*tokenizer)->encode(text);
                QVERIFY(!encoding);
                QCOMPARE(encoding.error().code, ErrorCode::InvalidArgument);
                QVERIFY(encoding.error().message.find("byte 2") != std::string::npos);
                QVERIFY(!(*tokenizer)->encodeWithSpecial(text));
            }
        }
    }

    void longTextsCanBeStopped()
    {
        for (const char* name : {"mixtral", "sample_native", "sample_upcycled_sentencepiece"}) {
            const auto tokenizer = loadTokenizer(m_files.pathOf(name));
            VERIFY_OK(tokenizer);
            std::string text;
            while (text.size() < 400'000)
                text += "Lord is to lady, as 漢字 is to Łódź. ";
            const auto whole = (*tokenizer)->encode(text);
            VERIFY_OK(whole);
            QCOMPARE((*tokenizer)->decode(whole->ids), text);
            std::stop_source stop;
            WorkerPool pool(1);
            TaskContext context(pool, stop.get_token());
            int calls = 0;
            context.setProgressSink([&](double, std::string_view) {
                ++calls;
                stop.request_stop();
            });
            const auto encoding = (*tokenizer)->encode(text, context);
            QVERIFY(!encoding);
            QCOMPARE(encoding.error().code, ErrorCode::Cancelled);
            QVERIFY(calls <= 2);
        }
    }

    void threadsShareATokenizer()
    {
        for (const char* name : {"mixtral", "sample_native", "sample_upcycled_sentencepiece"}) {
            const auto tokenizer = loadTokenizer(m_files.pathOf(name));
            VERIFY_OK(tokenizer);
            std::string text;
            while (text.size() < 20'000)
                text += "Lord is to lady, as " + std::to_string(text.size()) + " is\n";
            std::vector<Encoding> found(4);
            std::vector<std::thread> threads;
            for (Encoding& one : found)
                threads.emplace_back(
                    [&] { one = (*tokenizer)->encode(text).value_or(Encoding()); });
            for (std::thread& thread : threads)
                thread.join();
            QVERIFY(found[0].ids.size() > 1000);
            for (const Encoding& one : found) {
                QCOMPARE(one.ids, found[0].ids);
                QCOMPARE(one.offsets, found[0].offsets);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestTokenizer)
#include "tst_tokenizer.moc"
