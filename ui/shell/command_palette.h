// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QDialog>

#include "ui/shell/command.h"

class QLineEdit;
class QListWidget;

namespace moescope::ui {

class Style;

/// Ctrl+K: type a few letters of what you want, Enter does it.
class CommandPalette : public QDialog {
    Q_OBJECT

public:
    /// `find` answers a text like "expert 5 layer 12" with the command that goes there, if there is
    /// one.
    using Finder = std::function<std::optional<Command>(const QString& text)>;

    CommandPalette(Style& style, std::vector<Command> commands, Finder find, QWidget* parent);

    QStringList shownTitles() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void refresh();
    void runCurrent();
    void fitHeight();

    Style& m_style;
    std::vector<Command> m_commands;
    Finder m_find;
    std::vector<Command> m_shown;
    QLineEdit* m_line;
    QListWidget* m_list;
};

} // namespace moescope::ui
