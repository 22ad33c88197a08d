// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace moescope::ui {

class Page;
class Style;

/// A page with its inspector in a window of its own, for a second screen. When it is closed it
/// hands the page back and deletes itself.
class PageWindow : public QWidget {
    Q_OBJECT

public:
    /// Takes page and inspector over until they are handed back; the inspector may be null.
    PageWindow(Style& style, Page* page, QWidget* inspector, QWidget* window);

signals:
    void handedBack(Page* page, QWidget* inspector);

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    Page* m_page;
    QWidget* m_inspector;
};

} // namespace moescope::ui
