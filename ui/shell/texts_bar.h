// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include <QWidget>

class QComboBox;
class QHBoxLayout;
class QLabel;
class QPushButton;
class QToolButton;

namespace moescope::ui {

class ElidedLabel;
class Session;
class Style;
class TextsController;

/// The line under the prompt while a text set is open: what it holds, and a walk through its
/// documents. Hidden without one.
class TextsBar : public QWidget {
    Q_OBJECT

public:
    TextsBar(Style& style, Session& session, TextsController& texts, QWidget* parent = nullptr);

    /// One document on or back within the chosen domain; stops at the ends.
    void step(int by);

signals:
    void detailsWanted();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QToolButton* makeTool(const char* name, const char* icon, const QString& tip);
    void onTextsChanged();
    void fillDomains();
    void updateWords();
    void restyle();
    /// Documents of the chosen domain, as indices into the set.
    std::vector<std::size_t> chosen() const;

    Style& m_style;
    Session& m_session;
    TextsController& m_texts;
    QHBoxLayout* m_layout;
    QLabel* m_name;
    ElidedLabel* m_counts;
    QComboBox* m_domain;
    QToolButton* m_previous;
    QLabel* m_place;
    QToolButton* m_next;
    QPushButton* m_details;
    QToolButton* m_close;
    const void* m_filledFor = nullptr; ///< the set whose domains the box lists
};

} // namespace moescope::ui
