// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/weights/pill_strip.h"

#include <QFontMetricsF>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QScrollBar>
#include <QWheelEvent>
#include <QtMath>

#include "ui/style/style.h"
#include "ui/style/theme.h"

namespace moescope::ui {

namespace {

constexpr double kGap = 4;
constexpr int kTight = 2; ///< least room beside a pill's words

} // namespace

PillStrip::PillStrip(Style& style, const QString& name, QWidget* parent)
    : QScrollArea(parent)
    , m_style(style)
    , m_name(name)
    , m_row(new QWidget)
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(name);
    auto* layout = new QHBoxLayout(m_row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addStretch();
    setWidget(m_row);
    viewport()->setAutoFillBackground(false);
    m_row->setAutoFillBackground(false);
    connect(&style, &Style::changed, this, &PillStrip::restyle);
    restyle();
}

void PillStrip::setPills(const std::vector<Pill>& pills)
{
    auto* layout = static_cast<QHBoxLayout*>(m_row->layout());
    while (m_buttons.size() > pills.size()) {
        delete m_buttons.back();
        m_buttons.pop_back();
    }
    while (m_buttons.size() < pills.size()) {
        auto* button = new QPushButton(m_row);
        button->setCheckable(true);
        button->setFocusPolicy(Qt::NoFocus);
        const int index = static_cast<int>(m_buttons.size());
        connect(button, &QPushButton::clicked, this, [this, index] {
            setCurrent(index);
            emit chosen(index);
        });
        layout->insertWidget(index, button);
        m_buttons.push_back(button);
    }
    for (std::size_t i = 0; i < pills.size(); ++i) {
        const Pill& pill = pills[i];
        m_buttons[i]->setText(pill.mark.isEmpty()
                ? pill.label
                : QString(pill.label % QStringLiteral("  ") % pill.mark));
        m_buttons[i]->setToolTip(pill.toolTip);
        m_buttons[i]->setEnabled(pill.enabled);
        m_buttons[i]->setAccessibleName(m_name % QLatin1Char(' ') % pill.label);
    }
    if (m_current >= static_cast<int>(pills.size()))
        m_current = -1;
    restyle();
    updateGeometry();
}

void PillStrip::setCurrent(int index)
{
    m_current = index;
    for (std::size_t i = 0; i < m_buttons.size(); ++i)
        m_buttons[i]->setChecked(static_cast<int>(i) == index);
    if (index >= 0 && index < static_cast<int>(m_buttons.size())) {
        const auto at = static_cast<std::size_t>(index);
        setAccessibleDescription(m_buttons[at]->text());
        ensureWidgetVisible(m_buttons[at], m_style.pxInt(24), 0);
    }
}

void PillStrip::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
        step(-1);
        break;
    case Qt::Key_Right:
        step(1);
        break;
    case Qt::Key_Home:
        show(0);
        break;
    case Qt::Key_End:
        show(static_cast<int>(m_buttons.size()) - 1);
        break;
    default:
        QScrollArea::keyPressEvent(event);
    }
}

void PillStrip::step(int by)
{
    for (int i = m_current + by; i >= 0 && i < static_cast<int>(m_buttons.size()); i += by) {
        if (m_buttons[static_cast<std::size_t>(i)]->isEnabled()) {
            show(i);
            return;
        }
    }
}

void PillStrip::show(int index)
{
    if (index < 0 || index >= static_cast<int>(m_buttons.size())
        || !m_buttons[static_cast<std::size_t>(index)]->isEnabled())
        return;
    setCurrent(index);
    emit chosen(index);
}

int PillStrip::pillsWidth(int padding) const
{
    int width = 0;
    for (const QAbstractButton* button : m_buttons)
        width += qCeil(QFontMetricsF(m_style.mono()).horizontalAdvance(button->text()))
            + 2 * padding + m_style.pxInt(2 + kGap);
    return width;
}

void PillStrip::resizeEvent(QResizeEvent* event)
{
    QScrollArea::resizeEvent(event);
    restyle();
}

void PillStrip::wheelEvent(QWheelEvent* event)
{
    // A wheel that turns up and down walks along the row.
    const QPoint delta = event->angleDelta();
    const int by = delta.x() != 0 ? delta.x() : delta.y();
    QScrollBar* bar = horizontalScrollBar();
    bar->setValue(bar->value() - by);
    event->setAccepted(bar->maximum() > 0);
}

void PillStrip::restyle()
{
    const Theme& theme = m_style.theme();
    // Pills move together before the row has to scroll.
    int side = m_style.pxInt(kTight);
    for (const double padding : {9, 6, 4, kTight})
        if (const int wanted = m_style.pxInt(padding); pillsWidth(wanted) <= width()) {
            side = wanted;
            break;
        }
    const bool scrolls = pillsWidth(side) > width();
    const QString radius = QString::number(m_style.pxInt(4)) % QStringLiteral("px");
    const QString padding = QString::number(m_style.pxInt(3)) % QStringLiteral("px ")
        % QString::number(side) % QStringLiteral("px");
    const QString sheet
        = QStringLiteral("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }"
                         "QPushButton { background: %1; color: %2; border: 1px solid %3; "
                         "border-radius: %4; padding: %5; }"
                         "QPushButton:checked { background: %6; color: %7; border-color: %7; }"
                         "QPushButton:hover:!checked { border-color: %7; }"
                         "QPushButton:disabled { color: %8; border-style: dashed; }")
              .arg(theme.panel.name(), theme.text.name(), theme.control.name(), radius, padding,
                  theme.accentSoft.name(), theme.accent.name(), theme.mutedText.name());
    if (sheet != styleSheet())
        setStyleSheet(sheet);
    for (QAbstractButton* button : m_buttons)
        button->setFont(m_style.mono());
    m_row->layout()->setSpacing(m_style.pxInt(kGap));
    const int bar = scrolls ? horizontalScrollBar()->sizeHint().height() : 0;
    setFixedHeight(sizeHint().height() + bar);
}

QSize PillStrip::sizeHint() const
{
    const double line = QFontMetricsF(m_style.mono()).height();
    return {pillsWidth(m_style.pxInt(9)), static_cast<int>(line + m_style.px(10))};
}

int PillStrip::tightWidth() const
{
    return pillsWidth(m_style.pxInt(kTight));
}

QSize PillStrip::minimumSizeHint() const
{
    return {m_style.pxInt(80), sizeHint().height()};
}

} // namespace moescope::ui
