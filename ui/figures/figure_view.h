// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QAbstractScrollArea>

#include "core/base/result.h"
#include "core/report/figure.h"

class QAction;
class QMenu;

namespace moescope::ui {

class Style;
struct Theme;

/// What a drawing function needs: where, with which colours, and the fonts and sizes.
struct Ink {
    QPainter& painter;
    const Theme& theme;
    const Style& style;
    bool onScreen = true; ///< false in exports: no hover, no focus, everything drawn
};

/// Base of the figure widgets: holds the data, draws it on the screen and, whole, on any other
/// painter; hover card, keyboard, copy and export. Shows no title (the panel does); exports carry
/// title, subtitle and caption.
class FigureView : public QAbstractScrollArea {
    Q_OBJECT

public:
    ~FigureView() override;

    /// Figures of another kind than the view's are refused (the view becomes empty). May be null.
    void setFigure(std::shared_ptr<const Figure> figure);
    const std::shared_ptr<const Figure>& figure() const { return m_figure; }
    Style& look() const { return m_style; }

    /// Named in hover cards: "explore", and how many tokens or weights stand behind the numbers
    /// ("212 tokens").
    void setSource(const QString& experiment, const QString& sampleSize = {});

    /// Draws the whole figure (not only the scrolled part) with title, subtitle and caption into
    /// (0, 0, size). `theme` null means the one on the screen. Fails when it is too large for a
    /// picture.
    Status renderTo(QPainter& painter, QSizeF size, const Theme* theme = nullptr) const;
    /// Size that shows everything at 100 %, title and caption included.
    QSizeF exportSize() const;

    /// The figure's data as CSV or TSV.
    virtual QString dataText(char separator = ',') const;
    /// Name for exported files, without suffix.
    QString fileStem() const;

    /// What is under `viewportPosition`, as rich text: value, unit, n, null and interval, one
    /// sentence, experiment.
    virtual QString hoverText(const QPoint& viewportPosition) const;
    /// What the keyboard is on, as plain text: spoken as the accessible value.
    virtual QString currentText() const;
    /// One sentence for assistive software.
    virtual QString summary() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    /// Below this height, at this width, the plot is too low to be read.
    virtual int leastHeight(int width) const;

    /// Copy and save actions, for menus elsewhere. Owned by the view.
    QList<QAction*> exportActions() const { return m_exportActions; }
    /// The whole context menu: what this kind can do, copy and save.
    void fillMenu(QMenu& menu);
    /// True when the body says the figure's title itself, so that panels and exports need not.
    virtual bool showsTitle() const { return false; }

public slots:
    void copy(); ///< picture and data together
    void copyPicture();
    void copyData();
    /// Asks for a place and saves; `suffix` is png, svg, pdf or csv.
    void saveAs(const QString& suffix);

signals:
    void exportFailed(const QString& message);
    void exported(const QString& path);
    /// The keyboard or the mouse chose another part; `text` is what currentText() gives.
    void currentTextChanged(const QString& text);

protected:
    FigureView(Style& style, QWidget* parent);

    virtual bool accepts(const Figure& figure) const = 0;
    virtual void figureChanged() { } ///< the data are new: lay out again
    virtual void styleChanged() { } ///< colours or sizes are new
    /// Natural size of the body (without title and caption) for a width of `width`, all of it.
    virtual QSizeF bodySize(double width) const = 0;
    /// Draws all of the body into `rect`; used by exports.
    virtual Status drawWhole(const Ink& ink, const QRectF& rect) const = 0;
    /// Draws what is visible on the screen into the viewport.
    virtual void drawVisible(const Ink& ink) = 0;
    virtual void extendMenu(QMenu&) { } ///< entries above the export actions
    virtual double preferredWidth() const; ///< of the body in an export

    Ink screenInk(QPainter& painter) const;
    QString hoverCard(const QString& headline, const QStringList& lines) const;
    void announce(); ///< the current part changed: tells assistive software and listeners

    bool viewportEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void makeActions();
    void applyStyle();

    Style& m_style;
    std::shared_ptr<const Figure> m_figure;
    QString m_experiment;
    QString m_sampleSize;
    QList<QAction*> m_exportActions;
    bool m_reachedByKey = false;
};

} // namespace moescope::ui
