// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "core/semantics/scan.h"
#include "tests/core/tst_semantics_support.h"

using namespace moescope;
using namespace moescope::test;

namespace {

/// QCOMPARE of two UTF-8 strings that prints them.
#define COMPARE_TEXT(actual, expected)                                                             \
    QCOMPARE(QString::fromStdString(actual), QString::fromUtf8(expected))

} // namespace

class TestSemantics : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(lexicon() != nullptr); }

    void everyTypeHasItsOwnNameAndLetter()
    {
        std::set<std::string_view> names;
        std::set<std::string_view> letters;
        for (int i = 0; i < 32; ++i) {
            const auto type = static_cast<TokenType>(i);
            names.insert(tokenTypeName(type));
            letters.insert(tokenTypeLetter(type));
            QVERIFY(!tokenTypeMeaning(type).empty());
            QVERIFY(!typeGroupName(typeGroup(type)).empty());
        }
        QCOMPARE(names.size(), std::size_t{32});
        QCOMPARE(letters.size(), std::size_t{32});
        QCOMPARE(tokenTypeName(static_cast<TokenType>(32)), std::string_view("^"));
        QCOMPARE(tokenTypeLetter(TokenType::Noun), std::string_view("N"));
        QCOMPARE(tokenTypeLetter(TokenType::Func), std::string_view("F"));
        QCOMPARE(tokenTypeLetter(TokenType::Pn), std::string_view("P"));
    }

    void units_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("units");
        const auto row = [](const char* text, const char* units) {
            QTest::addRow("%s", text) << QString::fromUtf8(text) << QString::fromUtf8(units);
        };
        row("127 is one", "127|is|one");
        row("1,234.5 and 1.2.3, 5.", "1,234.5|and|1.2.3|,|5|.");
        row("0xFFg 0X1a 0x 0", "0xFF|g|0X1a|0|x|0");
        row("3rd e2e x_1", "3|rd|e2e|x_1");
        row("Don't rock-and-roll, O’Brien!", "Don't|rock-and-roll|,|O’Brien|!");
        row("well- 'tis a-1", "well|-|'|tis|a|-|1");
        row("x = foo-bar's", "x|=|foo|-|bar|'|s");
        row("_ _x", "_|_|x");
        row("_ = _x", "_|=|_x");
        row("a === b; c<=>d; e**=2; f//=3;", "a|===|b|;|c|<=>|d|;|e|**=|2|;|f|//=|3|;");
        row("x!==y;  i++ -- := :: ...", "x|!==|y|;|i|++|--|:=|::|...");
        row("'''q''' \"\"\"r\"\"\"", "'''|q|'''|\"\"\"|r|\"\"\"");
        row("\xC3\xA9t\xC3\xA9 ni\xC3\xB1o", "été|niño");
        row("東京は、日本。", "東京は|、|日本|。");
        row("e\xCC\x81t ١٢٣ ½", "e\xCC\x81t|١٢٣|½");
        row("a\xC2\xA0"
            "b\xE3\x80\x80"
            "c\r\n\td",
            "a|b|c|d");
    }

    void units()
    {
        QFETCH(QString, text);
        QFETCH(QString, units);
        QCOMPARE(QString::fromStdString(unitTexts(text.toStdString())), units);
    }

    void brokenBytesAreUnitsOfOneByte()
    {
        COMPARE_TEXT(unitTypes("a \xFF\xC3 b\x80"), "FUNC PN PN VAR PN");
        const auto units = scanUnits("ok\xE6\xBC", *lexicon());
        QCOMPARE(units.size(), std::size_t{3});
        QCOMPARE(units[1].end - units[1].begin, 1U);
        COMPARE_TEXT(unitTypes(std::string_view("a\0b", 3)), "FUNC PN VAR");
    }

    void lines_data()
    {
        QTest::addColumn<bool>("code");
        const auto code = [](const char* line) { QTest::addRow("%s", line) << true; };
        const auto prose = [](const char* line) { QTest::addRow("%s", line) << false; };
        code("a == b");
        code("a != b");
        code("a += 1");
        code("a -= 1");
        code("p->x");
        code("x => y");
        code("std::move");
        code("a && b");
        code("a || b");
        code("struct Point {");
        code("  }");
        code("go home; ");
        code("area(2)");
        code("the row[3] of it");
        code("  x = 5");
        code("größe=5");
        code("def area");
        code("async work");
        code("else:");
        code("return total / n");
        code("for x in [1]");
        code("import a.b");
        code("import numpy as np");
        code("from a.b import c, d");
        code("if a < b: go");
        code("while true: go");
        prose("King is to queen");
        prose("8 + 6 = 14");
        prose("2nd (last) one");
        prose("Total: 18 + 24 = 42");
        prose("3(4)");
        prose("import goods from abroad");
        prose("from here we import");
        prose("If you go: stay");
        prose("Return total / n");
        prose("Else:");
        prose("is it a: b");
        prose("SELECT name");
        prose("");
        prose("   ");
    }

    void lines()
    {
        QFETCH(bool, code);
        QCOMPARE(isCodeLine(QTest::currentDataTag()), code);
    }

    void registerIsPerLineAndCanBeForced()
    {
        COMPARE_TEXT(
            unitTypes("if it rains\nif x > y:\nas is"), "COND FUNC VERB KW VAR OP VAR PN AS FUNC");
        COMPARE_TEXT(unitTypes("if it rains", Register::Code), "KW VAR VAR");
        COMPARE_TEXT(unitTypes("return (a + b);", Register::Prose), "VERB BR FUNC OP VAR BR PN");
        COMPARE_TEXT(unitTypes("x = [None, int, SELECT, select, True, foo]"),
            "VAR OP BR BOOL PN TYPE PN KW PN VAR PN BOOL PN VAR BR");
        COMPARE_TEXT(unitTypes("def lambda fn", Register::Prose), "KW KW KW");
    }

    void signs()
    {
        COMPARE_TEXT(unitTypes("' \" ` “ ” ‘ ’"), "QUOTE QUOTE QUOTE QUOTE QUOTE QUOTE QUOTE");
        COMPARE_TEXT(unitTypes("( ) [ ] { }", Register::Prose), "BR BR BR BR BR BR");
        COMPARE_TEXT(unitTypes("+ - * / = < > ^ % & ~ × ÷ ± √ ≤ ≥ ≠ ≈ |"),
            "OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP");
        COMPARE_TEXT(
            unitTypes(
                "=== !== <=> **= //= == != <= >= += -= *= /= // ** && || << >> -> => ++ -- :="),
            "OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP OP");
        COMPARE_TEXT(unitTypes(". , ; : ! ? @ # $ \\ _ … — 🙂 :: ...", Register::Prose),
            "PN PN PN PN PN PN PN PN PN PN PN PN PN PN PN PN");
    }

    void closedLists_data()
    {
        QTest::addColumn<QString>("words");
        const auto row = [](const char* type, const char* words) {
            QTest::addRow("%s", type) << QString::fromUtf8(words);
        };
        row("AS", "as As AS");
        row("TO", "to");
        row("THAN", "than");
        row("SYN",
            "means mean equals equal same like similar equivalent synonym synonymous alias "
            "identical");
        row("ANT",
            "versus vs against opposite opposites unlike contrary contrast contrasts antonym "
            "opposed");
        row("CAUSE",
            "because since therefore thus hence consequently accordingly so due thereby cause "
            "causes caused");
        row("COND",
            "if unless whenever whether while although though provided providing assuming "
            "supposing given "
            "otherwise");
        row("QW", "what who whom whose where why how which Which");
        row("ANS", "yes maybe perhaps probably definitely certainly");
        row("NEG",
            "not never nothing neither nobody nowhere without cannot don't won't isn’t CAN'T "
            "ain't");
        row("TIME",
            "now then before after during yesterday today tomorrow tonight always sometimes often "
            "usually soon "
            "later earlier ago until till already meanwhile recently eventually");
        row("QUANT", "all some many few most every each any both several half much enough");
        row("COMP", "more less least better worse fewer greater further");
        row("COORD", "and or but yet nor");
        row("FUNC",
            "a an the this that these those of in on at by with from into onto over under between "
            "through about "
            "above below near off out up down for per via upon within toward towards across along "
            "around behind "
            "beside beyond among is am are was were be been being has have had having do does did "
            "will would can "
            "could shall should may might must it he she they we you i'm me him her us them my "
            "your his its our "
            "their there it's that's he's she's we're they're you're I It’s THE");
        row("VAR", "b x Z i é λ");
        row("KW",
            "def elif lambda nonlocal async const fn impl mut struct enum func typedef namespace "
            "endif");
    }

    /// Each in the middle of unknown words and alone, where the words around it do not matter.
    void closedLists()
    {
        QFETCH(QString, words);
        for (const QString& word : words.split(' ')) {
            const std::string text = word.toStdString();
            QCOMPARE(unitTypes("qzx " + text + " qzx", Register::Prose),
                std::string("CW ") + QTest::currentDataTag() + " CW");
            QCOMPARE(unitTypes(text, Register::Prose), std::string(QTest::currentDataTag()));
        }
    }

    void codeLists()
    {
        const QString words
            = "await if else for while return class import from try except finally with as in is "
              "not and or pass "
              "break continue raise yield global assert del switch case default do goto new this "
              "public private "
              "static void function let var match use pub trait package interface type extends "
              "export throw catch "
              "SELECT FROM WHERE INSERT UPDATE DELETE CREATE TABLE JOIN GROUP ORDER BY def endif";
        for (const QString& word : words.split(' '))
            QCOMPARE(unitTypes(word.toStdString(), Register::Code), std::string("KW"));
        const QString typeNames = "int str float bool list dict set tuple bytes string number char "
                                  "double long short vec i32 i64 u8 u32 "
                                  "usize size_t Any Optional Union List Dict";
        for (const QString& word : typeNames.split(' '))
            QCOMPARE(unitTypes(word.toStdString(), Register::Code), std::string("TYPE"));
        for (const char* word :
            {"True", "False", "true", "false", "None", "null", "nil", "NULL", "undefined", "NaN"})
            QCOMPARE(unitTypes(word, Register::Code), std::string("BOOL"));
        for (const char* word : {"a", "I", "to", "King", "_", "Select", "snake_case"})
            QCOMPARE(unitTypes(word, Register::Code), std::string("VAR"));
    }

    void specialCases()
    {
        COMPARE_TEXT(unitTypes("None of us came"), "QUANT FUNC FUNC VERB");
        COMPARE_TEXT(unitTypes("I saw none"), "FUNC VERB NEG");
        COMPARE_TEXT(unitTypes("No, thanks"), "ANS PN VERB");
        COMPARE_TEXT(unitTypes("Go! No. Go!"), "VERB PN ANS PN VERB PN");
        COMPARE_TEXT(unitTypes("no"), "ANS");
        COMPARE_TEXT(unitTypes("I have no idea"), "FUNC FUNC NEG NOUN");
        COMPARE_TEXT(unitTypes("When is it?"), "QW FUNC FUNC PN");
        COMPARE_TEXT(unitTypes("“When is it?”"), "QUOTE QW FUNC FUNC PN QUOTE");
        COMPARE_TEXT(unitTypes("When it is. Go?"), "COND FUNC FUNC PN VERB PN");
        COMPARE_TEXT(unitTypes("Is it when?"), "FUNC FUNC COND PN");
    }

    void capitals()
    {
        COMPARE_TEXT(unitTypes("London is in London"), "NOUN FUNC FUNC CAP");
        COMPARE_TEXT(unitTypes("NASA flew. NASA did!"), "CAP VERB PN CAP FUNC PN");
        COMPARE_TEXT(unitTypes("Quixby smiled. Quixby"), "CAP VERB PN CAP");
        COMPARE_TEXT(unitTypes("quixby"), "CW");
        COMPARE_TEXT(unitTypes("He left. \"King\" ran.\nKing"),
            "FUNC VERB PN QUOTE NOUN QUOTE VERB PN NOUN");
        COMPARE_TEXT(unitTypes("7 Boats"), "NUM CAP"); // the number begins the sentence
        COMPARE_TEXT(unitTypes("go to example.King"), "VERB TO NOUN PN CAP");
        COMPARE_TEXT(unitTypes("The King of the Sea"), "FUNC CAP FUNC FUNC CAP");
    }

    void repairs()
    {
        COMPARE_TEXT(unitTypes("I paper it"), "FUNC VERB FUNC");
        COMPARE_TEXT(unitTypes("paper"), "NOUN");
        COMPARE_TEXT(unitTypes("early who early"), "ADJ QW ADJ");
        COMPARE_TEXT(unitTypes("Who paints the fence"), "QW VERB FUNC NOUN");
        COMPARE_TEXT(unitTypes("the run, run"), "FUNC NOUN PN VERB");
        COMPARE_TEXT(unitTypes("those walks"), "FUNC NOUN");
        COMPARE_TEXT(unitTypes("the think"), "FUNC NOUN");
        COMPARE_TEXT(unitTypes("she happy"), "FUNC ADJ"); // no verb reading
        COMPARE_TEXT(unitTypes("the eat"), "FUNC VERB"); // no noun reading
        COMPARE_TEXT(unitTypes("I\npaper"), "FUNC NOUN"); // another line is not directly after
        COMPARE_TEXT(unitTypes("Where do swallows sleep"), "QW FUNC VERB VERB"); // a stated limit
    }
};

QTEST_APPLESS_MAIN(TestSemantics)
#include "tst_semantics.moc"
