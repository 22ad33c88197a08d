// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <QDialog>
#include <QString>

class QDialogButtonBox;

namespace moescope::ui {

class Style;

/// A name and a value; without a value it heads the rows below it.
using FactRow = std::pair<QString, QString>;

/// Rows of text that can be selected and copied. Non-modal; deletes itself when closed.
class FactsDialog : public QDialog {
    Q_OBJECT

public:
    FactsDialog(
        Style& style, const QString& title, const std::vector<FactRow>& rows, QWidget* parent);

    /// A button beside Close; the dialog closes before `run`.
    void addButton(const QString& objectName, const QString& text, std::function<void()> run);

private:
    QDialogButtonBox* m_buttons;
};

/// Name, version, licence and what the program is built on.
std::vector<FactRow> aboutRows();

} // namespace moescope::ui
