// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/page_window.h"

#include <utility>

#include <QCloseEvent>
#include <QHBoxLayout>

#include "ui/shell/page.h"
#include "ui/style/style.h"

namespace moescope::ui {

PageWindow::PageWindow(Style& style, Page* page, QWidget* inspector, QWidget* window)
    : QWidget(window, Qt::Window)
    , m_page(page)
    , m_inspector(inspector)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("pageWindow.") + page->id());
    setWindowTitle(tr("%1 – Moescope").arg(page->title()));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(page, 1);
    if (inspector) {
        layout->addWidget(inspector);
        inspector->setMaximumWidth(style.pxInt(320));
        inspector->show();
    }
    page->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    page->show();
    resize(page->size().expandedTo(QSize(style.pxInt(960), style.pxInt(680))));
}

void PageWindow::closeEvent(QCloseEvent* event)
{
    if (m_inspector)
        m_inspector->setMaximumWidth(QWIDGETSIZE_MAX);
    if (Page* page = std::exchange(m_page, nullptr))
        emit handedBack(page, m_inspector);
    QWidget::closeEvent(event);
}

} // namespace moescope::ui
