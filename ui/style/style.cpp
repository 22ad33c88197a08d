// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/style.h"

#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QFontDatabase>
#include <QPalette>
#include <QScreen>
#include <QStyle>
#include <QStyleFactory>

#include "ui/style/style_sheet.h"
#include "ui/style/system_colour_scheme.h"

namespace moescope::ui {

namespace {

constexpr double kBasePoints = 10;
constexpr double kStep = 1.125;
constexpr int kMotionMs = 150;

QString familyOr(const QString& wanted, QFontDatabase::SystemFont fallback)
{
    return QFontDatabase::hasFamily(wanted) ? wanted : QFontDatabase::systemFont(fallback).family();
}

QPalette paletteOf(const Theme& theme)
{
    QPalette palette;
    palette.setColor(QPalette::Window, theme.window);
    palette.setColor(QPalette::WindowText, theme.text);
    palette.setColor(QPalette::Base, theme.panel);
    palette.setColor(QPalette::AlternateBase, theme.field);
    palette.setColor(QPalette::Text, theme.text);
    palette.setColor(QPalette::PlaceholderText, theme.mutedText);
    palette.setColor(QPalette::Button, theme.panel);
    palette.setColor(QPalette::ButtonText, theme.text);
    palette.setColor(QPalette::BrightText, theme.accentText);
    palette.setColor(QPalette::ToolTipBase, theme.panel);
    palette.setColor(QPalette::ToolTipText, theme.text);
    palette.setColor(QPalette::Highlight, theme.accent);
    palette.setColor(QPalette::HighlightedText, theme.accentText);
    palette.setColor(QPalette::Link, theme.accent);
    palette.setColor(QPalette::LinkVisited, theme.accent);
    palette.setColor(QPalette::Light, theme.panel);
    palette.setColor(QPalette::Midlight, theme.hairline);
    palette.setColor(QPalette::Mid, theme.control);
    palette.setColor(QPalette::Dark, theme.axis);
    palette.setColor(QPalette::Shadow, theme.dark ? QColor(Qt::black) : theme.axis);
    const QColor disabled = mix(theme.mutedText, theme.panel, 0.35);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, disabled);
    return palette;
}

} // namespace

Style::Style(QObject* parent)
    : QObject(parent)
    , m_system(std::make_unique<SystemColourScheme>(QDBusConnection::sessionBus()))
    , m_wordsFamily(familyOr(QStringLiteral("Inter"), QFontDatabase::GeneralFont))
    , m_monoFamily(familyOr(QStringLiteral("JetBrains Mono"), QFontDatabase::FixedFont))
{
    connect(m_system.get(), &SystemColourScheme::changed, this, &Style::refresh);
    measure();
    refresh();
}

Style::~Style() = default;

void Style::setMode(ThemeMode mode)
{
    m_mode = mode;
    refresh();
}

void Style::setFontSize(double points)
{
    if (std::isnan(points))
        return;
    const double wanted = std::clamp(points, 6.0, 32.0);
    if (wanted == m_fontSize)
        return;
    m_fontSize = wanted;
    measure();
    if (m_applied)
        applyToApplication();
    emit changed();
}

void Style::setMotion(bool allowed)
{
    m_motion = allowed;
}

int Style::motionMs() const
{
    if (!m_motion || !QApplication::style())
        return 0;
    return std::min(
        kMotionMs, QApplication::style()->styleHint(QStyle::SH_Widget_Animation_Duration));
}

int Style::pxInt(double n) const
{
    return n > 0 ? std::max(1, static_cast<int>(std::lround(px(n)))) : 0;
}

QFont Style::words(int steps, QFont::Weight weight) const
{
    QFont font(m_wordsFamily);
    font.setStyleHint(QFont::SansSerif);
    font.setPointSizeF(m_fontSize * std::pow(kStep, steps));
    font.setWeight(weight);
    return font;
}

QFont Style::mono(int steps, QFont::Weight weight) const
{
    QFont font(m_monoFamily);
    font.setStyleHint(QFont::Monospace);
    font.setFixedPitch(true);
    font.setPointSizeF(m_fontSize * std::pow(kStep, steps));
    font.setWeight(weight);
    // Ligatures would draw "<|" or "->" as one sign that the text does not hold.
    font.setStyleStrategy(static_cast<QFont::StyleStrategy>(
        int{QFont::PreferAntialias} | int{QFont::PreferNoShaping}));
    return font;
}

void Style::measure()
{
    const QScreen* screen = QGuiApplication::primaryScreen();
    m_dpi = screen ? static_cast<int>(std::lround(screen->logicalDotsPerInchY())) : 96;
    m_scale = m_fontSize / kBasePoints * m_dpi / 96;
}

void Style::refresh()
{
    const bool dark
        = m_mode == ThemeMode::Dark || (m_mode == ThemeMode::System && m_system->dark());
    const Theme* wanted = dark ? &darkTheme() : &lightTheme();
    if (wanted == m_theme)
        return;
    m_theme = wanted;
    if (m_applied)
        applyToApplication();
    emit changed();
}

QString Style::styleSheet() const
{
    return makeStyleSheet(*this);
}

void Style::applyToApplication()
{
    if (!m_applied) {
        if (QStyle* fusion = QStyleFactory::create(QStringLiteral("Fusion")))
            QApplication::setStyle(fusion);
        m_applied = true;
    }
    QApplication::setPalette(paletteOf(*m_theme));
    QApplication::setFont(words());
    qApp->setStyleSheet(styleSheet());
}

} // namespace moescope::ui
