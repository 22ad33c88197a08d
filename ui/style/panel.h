// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QHBoxLayout;
class QLabel;
class QVBoxLayout;

namespace moescope::ui {

class ElidedLabel;
class Style;

/// One panel of a page: a hairline frame, a title with a subtitle, widgets at the right of the
/// title, a body and a footer of controls. Title and footer take no room while they are empty.
class Panel : public QWidget {
    Q_OBJECT

public:
    explicit Panel(Style& style, QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void setSubtitle(const QString& subtitle);
    void setHeaderVisible(bool visible); ///< for bodies that show their own title
    QString title() const;
    QString subtitle() const;

    void addHeaderWidget(QWidget* widget); ///< at the right of the title
    void addLeadingWidget(QWidget* widget); ///< right behind title and subtitle
    void setBody(QWidget* body); ///< replaces and deletes an earlier one
    QWidget* body() const { return m_body; }
    void addFooterWidget(QWidget* widget);
    void addFooterSpace(); ///< a gap between groups of controls
    void addFooterStretch();
    QVBoxLayout* bodyLayout() const { return m_bodyLayout; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    Style& look() const { return m_style; }
    /// Beside the title, or below it where it would be cut; for when a header widget comes or goes.
    void placeSubtitle();

private:
    void restyle();
    Style& m_style;
    QVBoxLayout* m_outer;
    QWidget* m_header;
    QHBoxLayout* m_headerLayout;
    QLabel* m_title;
    ElidedLabel* m_subtitle;
    ElidedLabel* m_below; ///< the subtitle's second place
    QString m_subtitleText;
    QVBoxLayout* m_bodyLayout;
    QWidget* m_body = nullptr;
    QWidget* m_footer;
    QHBoxLayout* m_footerLayout;
};

} // namespace moescope::ui
