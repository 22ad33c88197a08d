// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/token_ids.h"

#include <algorithm>

#include <QRegularExpression>
#include <QStringList>

#include "core/model/open_model.h"

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

QString spellTokenIds(const OpenModel& open, const std::vector<std::int32_t>& ids)
{
    if (!open.tokenizer)
        return {};
    const Tokenizer& tokenizer = *open.tokenizer;
    std::vector<std::int32_t> spelled;
    for (const std::int32_t id : ids) {
        if (id < 0 || static_cast<std::size_t>(id) >= tokenizer.vocabularySize())
            return {};
        if (!spelled.empty() || !tokenizer.isSpecial(id))
            spelled.push_back(id);
    }
    return QString::fromStdString(tokenizer.decode(spelled));
}

QString formatTokenIds(const std::vector<std::int32_t>& ids)
{
    QStringList words;
    for (const std::int32_t id : ids)
        words.append(QString::number(id));
    return words.join(QStringLiteral(", "));
}

} // namespace moescope::ui
