// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QLabel>
#include <QProcess>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QtDBus/QDBusConnectionInterface>
#include <QtDBus/QDBusVariant>
#include <QtTest/QTest>

#include "ui/style/colour_map.h"
#include "ui/style/inline_message.h"
#include "ui/style/panel.h"
#include "ui/style/progress_placeholder.h"
#include "ui/style/segmented_control.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"
#include "ui/style/system_colour_scheme.h"

using namespace moescope::ui;

namespace {

constexpr double kReadable = 4.5;

/// What a desktop says about its colours, on a bus of the test's own.
class FakePortal : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")

public:
    uint preference = 1;

public slots:
    QDBusVariant Read(const QString& group, const QString& key)
    {
        asked = group + QLatin1Char(' ') + key;
        return QDBusVariant(QVariant::fromValue(QDBusVariant(preference)));
    }

signals:
    void SettingChanged(const QString& group, const QString& key, const QDBusVariant& value);

public:
    QString asked;
};

} // namespace

class TestStyle : public QObject {
    Q_OBJECT

private slots:
    void textIsReadable_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }

    void textIsReadable()
    {
        QFETCH(bool, dark);
        const Theme& t = dark ? darkTheme() : lightTheme();
        QCOMPARE(t.dark, dark);
        const auto readable = [](const char* what, const QColor& words, const QColor& ground) {
            const double ratio = contrastRatio(words, ground);
            QVERIFY2(ratio >= kReadable,
                qPrintable(QStringLiteral("%1: %2 on %3 has %4 : 1")
                               .arg(QString::fromLatin1(what), words.name(), ground.name())
                               .arg(ratio, 0, 'f', 2)));
        };
        for (const QColor& ground : {t.window, t.panel, t.field, t.pending}) {
            readable("text", t.text, ground);
            readable("mutedText", t.mutedText, ground);
        }
        for (const QColor& ground : {t.window, t.panel}) {
            readable("accent", t.accent, ground);
            readable("nullAmber", t.nullAmber, ground);
            readable("evidenceGreen", t.evidenceGreen, ground);
            readable("warning", t.warning, ground);
            readable("error", t.error, ground);
            readable("letterA", t.letterA, ground);
            readable("letterB", t.letterB, ground);
        }
        readable("accent on its soft fill", t.accent, t.accentSoft);
        readable("text on the soft accent", t.text, t.accentSoft);
        readable("accentText", t.accentText, t.accent);
        readable("amber on the null band", t.nullAmber, t.nullBand);
        readable("green on its soft fill", t.evidenceGreen, t.evidenceSoft);
        readable("warning on its soft fill", t.warning, t.warningSoft);
        readable("text on a warning", t.text, t.warningSoft);
        readable("text on an error", t.text, t.errorSoft);
        for (const Theme::Chip& chip : t.chips) {
            readable("token", t.text, chip.fill);
            readable("type letter", chip.letter, t.panel);
        }
        for (int i = 0; i <= 100; ++i) {
            const QColor shade = t.weight(i / 100.0);
            readable("rank", t.readableOn(shade), shade);
        }
        for (const QColor& fill : {t.onlyA, t.onlyB, t.both})
            readable("comparison", t.readableOn(fill), fill);
        for (const ColourMap* map : {&cividis(), &viridis(), &blueWhiteRed()})
            for (const QRgb colour : *map)
                readable("value in a cell", t.readableOn(colour), colour);
        // Lines and marks: 3 : 1 is what the guidelines ask for graphics.
        for (const QColor& colour : t.categories)
            QVERIFY2(contrastRatio(colour, t.panel) >= 3, qPrintable(colour.name()));
    }

    void contrastIsThatOfTheGuidelines()
    {
        QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
        QCOMPARE(contrastRatio(Qt::white, Qt::white), 1.0);
        QVERIFY(std::abs(contrastRatio(QColor(0x777777), Qt::white) - 4.478) < 0.001);
    }

    void sequentialMapsGrowLighterStepByStep()
    {
        for (const ColourMap* map : {&cividis(), &viridis()}) {
            for (std::size_t i = 1; i < map->size(); ++i)
                QVERIFY(contrastRatio(QColor((*map)[i]), Qt::black)
                    > contrastRatio(QColor((*map)[i - 1]), Qt::black) - 0.02);
        }
        QCOMPARE(QColor(cividis().front()).name(), QStringLiteral("#00224e"));
        QCOMPARE(QColor(cividis().back()).name(), QStringLiteral("#fee838"));
        QCOMPARE(colourAt(cividis(), std::nan("")).rgb(), cividis().front());
        QCOMPARE(colourAt(cividis(), 7).rgb(), cividis().back());
        const QColor middle = colourAt(blueWhiteRed(), 0.5);
        QVERIFY(middle.lightness() > 235);
        QVERIFY(colourAt(blueWhiteRed(), 0.1).blue() > colourAt(blueWhiteRed(), 0.1).red());
        QVERIFY(colourAt(blueWhiteRed(), 0.9).red() > colourAt(blueWhiteRed(), 0.9).blue());
    }

    void weightsGetStrongerAndAreKeptInRange()
    {
        for (const Theme* theme : {&lightTheme(), &darkTheme()}) {
            double last = 0;
            for (int i = 0; i <= 10; ++i) {
                const double strength = contrastRatio(theme->weight(i / 10.0), theme->panel);
                QVERIFY(strength > last);
                last = strength;
            }
            QCOMPARE(theme->weight(-1), theme->weight(0));
            QCOMPARE(theme->weight(9), theme->weight(1));
        }
    }

    void everythingScalesWithTheFont()
    {
        Style style;
        style.setFontSize(10);
        const double base = style.px(12);
        QSignalSpy changed(&style, &Style::changed);
        style.setFontSize(20);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(style.px(12), 2 * base);
        QCOMPARE(style.words().pointSizeF(), 20.0);
        QVERIFY(style.words(1).pointSizeF() > style.words().pointSizeF());
        style.setFontSize(20);
        QCOMPARE(changed.count(), 1);
        style.setFontSize(1000);
        QCOMPARE(style.fontSize(), 32.0);
        style.setFontSize(std::nan(""));
        QCOMPARE(style.fontSize(), 32.0);
        QCOMPARE(style.pxInt(0), 0);
        QVERIFY(style.pxInt(0.01) >= 1);
        const QFontMetricsF digits(style.mono());
        QCOMPARE(
            digits.horizontalAdvance(QLatin1Char('1')), digits.horizontalAdvance(QLatin1Char('8')));
    }

    void theThemeReachesTheApplication()
    {
        Style style;
        style.applyToApplication();
        style.setMode(ThemeMode::Dark);
        QCOMPARE(QApplication::palette().color(QPalette::Window), darkTheme().window);
        QVERIFY(qApp->styleSheet().contains(darkTheme().accent.name()));
        style.setMode(ThemeMode::Light);
        QCOMPARE(QApplication::palette().color(QPalette::Window), lightTheme().window);
        // Every placeholder found a value.
        const QRegularExpression left(QStringLiteral("\\{-?[0-9A-Za-z]+\\}"));
        QVERIFY2(!left.match(style.styleSheet()).hasMatch(),
            qPrintable(left.match(style.styleSheet()).captured()));
        QVERIFY(!style.styleSheet().contains(QStringLiteral(": ;")));
    }

    void motionCanBeSwitchedOff()
    {
        Style style;
        QVERIFY(style.motionMs() <= 150);
        style.setMotion(false);
        QCOMPARE(style.motionMs(), 0);
    }

    void followsTheDesktopPortal()
    {
        const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
        if (program.isEmpty())
            QSKIP("no dbus-daemon here");
        QProcess daemon;
        daemon.start(program,
            {QStringLiteral("--session"), QStringLiteral("--nofork"),
                QStringLiteral("--print-address")});
        QVERIFY(daemon.waitForReadyRead(10000));
        const QString address = QString::fromLocal8Bit(daemon.readLine()).trimmed();
        {
            qRegisterMetaType<QDBusVariant>();
            QDBusConnection server
                = QDBusConnection::connectToBus(address, QStringLiteral("portal"));
            FakePortal portal;
            QVERIFY(server.registerService(QStringLiteral("org.freedesktop.portal.Desktop")));
            QVERIFY(server.registerObject(QStringLiteral("/org/freedesktop/portal/desktop"),
                &portal, QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals));

            const QDBusConnection client
                = QDBusConnection::connectToBus(address, QStringLiteral("window"));
            SystemColourScheme scheme(client);
            QSignalSpy changed(&scheme, &SystemColourScheme::changed);
            QVERIFY(changed.wait());
            QVERIFY(scheme.dark());
            QCOMPARE(portal.asked, QStringLiteral("org.freedesktop.appearance color-scheme"));

            const QString group = QStringLiteral("org.freedesktop.appearance");
            emit portal.SettingChanged(group, QStringLiteral("contrast"), QDBusVariant(1U));
            emit portal.SettingChanged(group, QStringLiteral("color-scheme"), QDBusVariant(2U));
            QVERIFY(changed.wait());
            QVERIFY(!scheme.dark());
            QCOMPARE(changed.count(), 2);
        }
        QDBusConnection::disconnectFromBus(QStringLiteral("portal"));
        QDBusConnection::disconnectFromBus(QStringLiteral("window"));
        daemon.kill();
        daemon.waitForFinished();
    }

    void withoutABusThePaletteDecides()
    {
        const SystemColourScheme scheme(QDBusConnection(QStringLiteral("nowhere")));
        QCOMPARE(scheme.dark(), QApplication::palette().color(QPalette::Window).lightness() < 128);
    }

    void segmentsAnswerToMouseAndKeys()
    {
        Style style;
        SegmentedControl control(
            style, {QStringLiteral("id"), QStringLiteral("load"), QStringLiteral("clustered")});
        control.setName(QStringLiteral("order"));
        control.show();
        QVERIFY(QTest::qWaitForWindowExposed(&control));
        QCOMPARE(control.current(), 0);
        QSignalSpy changed(&control, &SegmentedControl::currentChanged);
        auto* load = control.findChild<QPushButton*>(QStringLiteral("segment1"));
        QVERIFY(load);
        QCOMPARE(load->accessibleName(), QStringLiteral("order: load"));
        QTest::mouseClick(load, Qt::LeftButton);
        QCOMPARE(control.currentLabel(), QStringLiteral("load"));
        QTest::keyClick(load, Qt::Key_Right);
        QCOMPARE(control.current(), 2);
        QCOMPARE(changed.count(), 2);
        control.setCurrent(2);
        QCOMPARE(changed.count(), 2);
        control.setSegmentEnabled(0, false, QStringLiteral("no ids"));
        QCOMPARE(control.findChild<QPushButton*>(QStringLiteral("segment0"))->toolTip(),
            QStringLiteral("no ids"));
        control.setLabels({QStringLiteral("one")});
        QCOMPARE(control.count(), 1);
        QCOMPARE(control.current(), 0);
        QCOMPARE(changed.count(), 2);
    }

    void panelsShowOnlyWhatTheyHave()
    {
        Style style;
        Panel panel(style);
        auto* body = new QLabel(QStringLiteral("body"));
        panel.setBody(body);
        panel.show();
        QVERIFY(!panel.findChild<QLabel*>(QStringLiteral("panelTitle"))->isVisible());
        panel.setTitle(QStringLiteral("Layer 5"));
        panel.setSubtitle(QStringLiteral("which expert reads which token"));
        QVERIFY(panel.findChild<QLabel*>(QStringLiteral("panelTitle"))->isVisible());
        QCOMPARE(panel.accessibleName(), QStringLiteral("Layer 5"));
        panel.setBody(new QLabel(QStringLiteral("other")));
        const auto labels = panel.findChildren<QLabel*>();
        QCOMPARE(std::count_if(labels.begin(), labels.end(),
                     [](const QLabel* label) { return label->isVisible(); }),
            3);
    }

    void chosenSegmentsAreNotCut()
    {
        Style style;
        style.applyToApplication();
        SegmentedControl control(
            style, {QStringLiteral("differences from the mean"), QStringLiteral("whole")});
        control.show();
        const QFontMetrics bold(style.words(0, QFont::DemiBold));
        for (const QPushButton* button : control.findChildren<QPushButton*>()) {
            const int room = button->width() - 2 * style.pxInt(10);
            QVERIFY2(bold.horizontalAdvance(button->text()) <= room, qPrintable(button->text()));
        }
        const int width = control.sizeHint().width();
        control.setCurrent(1);
        QCOMPARE(control.sizeHint().width(), width);
    }

    void lettersJoinWhereTheirScriptNeedsIt()
    {
        Style style;
        const auto shapes = [&style](const char* text) {
            const QFont font = fontFor(style.mono(), QString::fromUtf8(text));
            return (font.styleStrategy() & QFont::PreferNoShaping) == 0;
        };
        for (const char* plain : {"", "King ·to <|end|> -> !=", "Ärger über ß", "Ελλάδα и Київ",
                 "你好 こんにちは 안녕", "naïve"})
            QVERIFY2(!shapes(plain), plain);
        for (const char* joined : {"السلام", "शान्ति", "สวัสดี", "e\u0301", "a שלום b"})
            QVERIFY2(shapes(joined), joined);
    }

    void messagesCanBeActedOnAndDismissed()
    {
        Style style;
        InlineMessage message(style);
        QVERIFY(message.isHidden());
        QSignalSpy acted(&message, &InlineMessage::actionTriggered);
        QSignalSpy dismissed(&message, &InlineMessage::dismissed);
        message.showMessage(InlineMessage::Kind::Error, QStringLiteral("x.gguf ends early."),
            QStringLiteral("Open another"));
        QVERIFY(!message.isHidden());
        QVERIFY(message.accessibleName().startsWith(QStringLiteral("Error")));
        QTest::mouseClick(
            message.findChild<QPushButton*>(QStringLiteral("messageAction")), Qt::LeftButton);
        QCOMPARE(acted.count(), 1);
        QTest::keyClick(&message, Qt::Key_Escape);
        QCOMPARE(dismissed.count(), 1);
        QVERIFY(message.isHidden());
    }

    void progressTellsHowFarAndCancels()
    {
        Style style;
        ProgressPlaceholder progress(style);
        QSignalSpy cancelled(&progress, &ProgressPlaceholder::cancelled);
        progress.setProgress(0.25, QStringLiteral("layer 2 of 8"), QStringLiteral("9 s left"));
        const auto* bar = progress.findChild<QProgressBar*>();
        QCOMPARE(bar->value() * 4, bar->maximum());
        QTest::mouseClick(
            progress.findChild<QPushButton*>(QStringLiteral("progressCancel")), Qt::LeftButton);
        QCOMPARE(cancelled.count(), 1);
    }
};

QTEST_MAIN(TestStyle)
#include "tst_style.moc"
