// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/prompt_history.h"

namespace moescope::ui {

namespace {
constexpr qsizetype kKept = 200;
}

void PromptHistory::setEntries(const QStringList& oldestFirst)
{
    m_entries = oldestFirst;
    stop();
}

void PromptHistory::add(const QString& prompt)
{
    if (prompt.trimmed().isEmpty())
        return;
    m_entries.removeAll(prompt);
    m_entries.append(prompt);
    if (m_entries.size() > kKept)
        m_entries.removeFirst();
    stop();
}

std::optional<QString> PromptHistory::older(const QString& typed)
{
    if (m_at == m_entries.size())
        m_draft = typed;
    while (m_at > 0) {
        --m_at;
        if (m_entries[m_at] != typed) // the prompt on the screen is usually the newest entry
            return m_entries[m_at];
    }
    return std::nullopt;
}

std::optional<QString> PromptHistory::newer()
{
    if (m_at >= m_entries.size())
        return std::nullopt;
    ++m_at;
    return m_at == m_entries.size() ? m_draft : m_entries[m_at];
}

} // namespace moescope::ui
