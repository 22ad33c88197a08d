// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/page_rail.h"

#include <QAbstractButton>
#include <QButtonGroup>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/shell/icons.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

class RailButton : public QAbstractButton {
public:
    RailButton(Style& style, QWidget* parent)
        : QAbstractButton(parent)
        , m_style(style)
    {
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
    }

    QSize sizeHint() const override
    {
        const int words
            = QFontMetrics(m_style.words(-1, QFont::DemiBold)).horizontalAdvance(text());
        return {qMax(m_style.pxInt(56), words + m_style.pxInt(12)), m_style.pxInt(56)};
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = m_style.theme();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QRectF frame = QRectF(rect()).adjusted(1, 1, -1, -1);
        if (isChecked() || underMouse()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(isChecked() ? theme.accentSoft : theme.field);
            painter.drawRoundedRect(frame, m_style.px(6), m_style.px(6));
        }
        if (hasFocus()) {
            painter.setPen(QPen(theme.accent, m_style.px(1.5)));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(frame, m_style.px(6), m_style.px(6));
        }
        const int side = m_style.pxInt(22);
        const QRect picture((width() - side) / 2, m_style.pxInt(8), side, side);
        icon().paint(&painter, picture, Qt::AlignCenter, QIcon::Normal,
            isChecked() ? QIcon::On : QIcon::Off);
        painter.setFont(m_style.words(-1, isChecked() ? QFont::DemiBold : QFont::Normal));
        painter.setPen(isChecked() ? theme.accent : theme.mutedText);
        painter.drawText(
            QRect(0, picture.bottom() + 1, width(), height() - picture.bottom() - m_style.pxInt(4)),
            Qt::AlignCenter, text());
    }

private:
    Style& m_style;
};

} // namespace

PageRail::PageRail(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_layout(new QVBoxLayout(this))
    , m_buttons(new QButtonGroup(this))
{
    setObjectName(QStringLiteral("pageRail"));
    setAccessibleName(tr("Pages"));
    m_layout->addStretch();
    m_buttons->setExclusive(true);
    const auto restyle = [this] {
        const int gap = m_style.pxInt(8);
        m_layout->setContentsMargins(gap, gap, gap, gap);
        m_layout->setSpacing(gap);
        for (QAbstractButton* button : m_buttons->buttons())
            button->updateGeometry();
        update();
    };
    connect(&style, &Style::changed, this, restyle);
    restyle();
}

void PageRail::addPage(
    const QString& id, const QString& title, const QString& iconName, const QString& key)
{
    auto* button = new RailButton(m_style, this);
    button->setObjectName(QStringLiteral("rail.") + id);
    button->setText(title);
    button->setAccessibleName(title);
    button->setToolTip(key.isEmpty() ? title : tr("%1 (%2)").arg(title, key));
    button->setIcon(themedIcon(m_style, iconName, IconInk::Muted));
    m_buttons->addButton(button);
    m_layout->insertWidget(m_layout->count() - 1, button, 0, Qt::AlignHCenter);
    connect(button, &QAbstractButton::clicked, this, [this, id] { emit chosen(id); });
}

void PageRail::setCurrent(const QString& id)
{
    QAbstractButton* button = find(id);
    if (button) {
        button->setChecked(true);
        return;
    }
    m_buttons->setExclusive(false);
    for (QAbstractButton* other : m_buttons->buttons())
        other->setChecked(false);
    m_buttons->setExclusive(true);
}

void PageRail::setPageVisible(const QString& id, bool visible)
{
    if (QAbstractButton* button = find(id))
        button->setVisible(visible);
}

QAbstractButton* PageRail::find(const QString& id) const
{
    return findChild<QAbstractButton*>(QStringLiteral("rail.") + id);
}

void PageRail::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_style.theme().panel);
    painter.setPen(m_style.theme().hairline);
    painter.drawLine(width() - 1, 0, width() - 1, height());
}

} // namespace moescope::ui
