// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/shaping.h"

namespace moescope::ui {

namespace {

/// One letter after the other, whatever stands beside it.
bool isPlain(QChar::Script script)
{
    switch (script) {
    case QChar::Script_Common:
    case QChar::Script_Latin:
    case QChar::Script_Greek:
    case QChar::Script_Cyrillic:
    case QChar::Script_Armenian:
    case QChar::Script_Georgian:
    case QChar::Script_Han:
    case QChar::Script_Hiragana:
    case QChar::Script_Katakana:
    case QChar::Script_Hangul:
    case QChar::Script_Bopomofo:
        return true;
    default:
        return false;
    }
}

} // namespace

bool needsShaping(const QString& text)
{
    constexpr char32_t kFirstMark = 0x300; // letters before it stand alone
    for (qsizetype i = 0; i < text.size(); ++i) {
        char32_t letter = text[i].unicode();
        if (text[i].isHighSurrogate() && i + 1 < text.size()) {
            letter = QChar::surrogateToUcs4(text[i], text[i + 1]);
            ++i;
        }
        if (letter >= kFirstMark && !isPlain(QChar::script(letter)))
            return true;
    }
    return false;
}

QFont fontFor(QFont font, const QString& text)
{
    const int strategy = font.styleStrategy();
    if ((strategy & QFont::PreferNoShaping) && needsShaping(text))
        font.setStyleStrategy(
            static_cast<QFont::StyleStrategy>(strategy & ~int{QFont::PreferNoShaping}));
    return font;
}

} // namespace moescope::ui
