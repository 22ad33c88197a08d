// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/token_ids.h"

#include <QRegularExpression>
#include <QStringList>

namespace moescope::ui {

Result<std::vector<std::int32_t>> parseTokenIds(const QString& text)
{
    static const QRegularExpression separators(QStringLiteral("[\\s,;\\[\\]]+"));
    std::vector<std::int32_t> ids;
    for (const QString& word : text.split(separators, Qt::SkipEmptyParts)) {
        bool isNumber = false;
        const int id = word.toInt(&isNumber);
        if (!isNumber || id < 0)
            return fail(ErrorCode::InvalidArgument,
                "This model has no usable tokenizer, so the prompt must be token ids such as 1, "
                "50, 7; \""
                    + word.toStdString() + "\" is none.");
        ids.push_back(id);
    }
    return ids;
}

QString formatTokenIds(const std::vector<std::int32_t>& ids)
{
    QStringList words;
    for (const std::int32_t id : ids)
        words.append(QString::number(id));
    return words.join(QStringLiteral(", "));
}

} // namespace moescope::ui
