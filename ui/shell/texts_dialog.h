// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

namespace moescope::ui {

class FigurePanel;
class FigureTableView;
class Session;
class Style;
class TextsController;

/// The domains and documents of the session's text set; a document that is activated becomes the
/// prompt. Non-modal; deletes itself when closed, and closes with the set.
class TextsDialog : public QDialog {
    Q_OBJECT

public:
    TextsDialog(Style& style, Session& session, TextsController& texts, QWidget* parent);

private:
    void onTextsChanged();

    Session& m_session;
    FigurePanel* m_domains;
    FigurePanel* m_documents;
    const void* m_shown = nullptr; ///< the summary whose tables are shown
};

} // namespace moescope::ui
