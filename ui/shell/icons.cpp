// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/icons.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

QString resource(const QString& name)
{
    return QStringLiteral(":/moescope/icons/") + name + QStringLiteral(".svg");
}

class ThemedIconEngine : public QIconEngine {
public:
    ThemedIconEngine(const Style& style, const QString& name, IconInk ink)
        : m_style(style)
        , m_ink(ink)
    {
        QFile file(resource(name));
        if (file.open(QIODevice::ReadOnly))
            m_drawing = file.readAll();
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        QByteArray drawing = m_drawing;
        drawing.replace("currentColor", colour(mode, state).name().toLatin1());
        QSvgRenderer renderer(drawing);
        renderer.render(painter, rect);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(0, 0), size), mode, state);
        return pixmap;
    }

    QIconEngine* clone() const override { return new ThemedIconEngine(*this); }

private:
    QColor colour(QIcon::Mode mode, QIcon::State state) const
    {
        const Theme& theme = m_style.theme();
        if (mode == QIcon::Disabled)
            return theme.quietBar;
        if (state == QIcon::On)
            return theme.accent;
        switch (m_ink) {
        case IconInk::Muted:
            return theme.mutedText;
        case IconInk::Accent:
            return theme.accent;
        case IconInk::OnAccent:
            return theme.accentText;
        case IconInk::Text:
            break;
        }
        return theme.text;
    }

    const Style& m_style;
    IconInk m_ink;
    QByteArray m_drawing;
};

} // namespace

QIcon themedIcon(const Style& style, const QString& name, IconInk ink)
{
    return QIcon(new ThemedIconEngine(style, name, ink));
}

QIcon programIcon()
{
    return QIcon(resource(QStringLiteral("moescope")));
}

} // namespace moescope::ui
