// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/command.h"

#include <QRegularExpression>
#include <QStringList>

namespace moescope::ui {

std::optional<GoTo> parseGoTo(const QString& text)
{
    static const QRegularExpression filler(QStringLiteral("\\b(go|to|of|in|at)\\b|,"));
    static const QRegularExpression part(
        QStringLiteral("^(expert|e|layer|l|token|t)\\s*(\\d{1,6})\\b\\s*"));
    QString rest = text.toLower().replace(filler, QStringLiteral(" ")).simplified();
    GoTo target;
    while (!rest.isEmpty()) {
        const QRegularExpressionMatch match = part.match(rest);
        if (!match.hasMatch())
            return std::nullopt;
        const std::uint32_t number = match.captured(2).toUInt();
        switch (match.captured(1).front().toLatin1()) {
        case 'e':
            target.expert = number;
            break;
        case 'l':
            target.layer = number;
            break;
        default:
            target.token = number;
        }
        rest = rest.mid(match.capturedEnd());
    }
    if (!target.layer && !target.expert && !target.token)
        return std::nullopt;
    return target;
}

int matchScore(const QString& text, const QString& wanted)
{
    int score = 1;
    for (const QString& word : wanted.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const qsizetype at = text.indexOf(word, 0, Qt::CaseInsensitive);
        if (at < 0)
            return 0;
        const bool startsWord = at == 0 || !text[at - 1].isLetterOrNumber();
        const qsizetype end = at + word.size();
        const bool endsWord = end == text.size() || !text[end].isLetterOrNumber();
        score += 1 + (at == 0 ? 4 : 0) + (startsWord ? 2 : 0) + (startsWord && endsWord ? 3 : 0);
    }
    return score;
}

} // namespace moescope::ui
