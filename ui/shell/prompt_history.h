// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QString>
#include <QStringList>

namespace moescope::ui {

/// Prompts given before, walked through with Up and Down as in a shell; what was being typed comes
/// back at the end.
class PromptHistory {
public:
    void setEntries(const QStringList& oldestFirst);
    const QStringList& entries() const { return m_entries; }
    /// A repeated prompt moves to the end.
    void add(const QString& prompt);

    /// The entry before the one shown; `typed` is what stands in the field. Nothing at the oldest.
    std::optional<QString> older(const QString& typed);
    /// The entry after the one shown, at the end what was typed. Nothing when no walk is on.
    std::optional<QString> newer();
    /// Typing ends the walk.
    void stop() { m_at = m_entries.size(); }

private:
    QStringList m_entries;
    qsizetype m_at = 0; ///< shown entry; size() = the draft
    QString m_draft;
};

} // namespace moescope::ui
