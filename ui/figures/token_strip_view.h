// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QSet>
#include <QStringList>

#include "ui/figures/figure_view.h"

namespace moescope::ui {

/// Tokens as chips that wrap: colour and letter say the token type. Click selects, drag selects a
/// span, Ctrl+click adds to the marked tokens, arrow keys walk.
class TokenStripView : public FigureView {
    Q_OBJECT

public:
    explicit TokenStripView(Style& style, QWidget* parent = nullptr);

    int count() const;
    int current() const { return m_current; } ///< -1 without
    void setCurrent(int index); ///< scrolls to it; silent
    void setHovered(int index); ///< previews a token hovered elsewhere; silent
    void setRange(int first, int last); ///< the selected span; first > last clears it; silent
    int rangeFirst() const { return m_rangeFirst; }
    int rangeLast() const { return m_rangeLast; }
    QList<int> marked() const; ///< Ctrl+clicked tokens, ascending
    void setMarked(const QList<int>& tokens);

    /// Pills under the strip, such as "analogy A is to B as C is to D".
    /// `help` explains each of them in its hover card.
    void setPatterns(const QStringList& patterns, const QStringList& help = {});
    /// Tokens after which something changed: a corner of their chip is marked.
    void setChanged(const QList<int>& tokens);
    QList<int> changed() const; ///< ascending
    /// The line under the chips with trigram, patterns and legend; shown unless this says no.
    void setFooterVisible(bool visible);
    /// At most this many rows of chips are shown before the strip scrolls (4).
    void setVisibleRows(int rows);
    /// A short letter in front, "A" or "B", when two prompts are compared.
    void setSideLetter(const QString& letter);

    /// Index of the next chip whose visible text contains `text` (no case), from `from` on and
    /// around; -1 without.
    int findToken(const QString& text, int from, bool forward = true) const;

    /// What the colours, letters and numbers of the chips stand for.
    struct LegendEntry {
        int group = -1; ///< whose colour the letters have
        QString letters; ///< "O S"
        QString words; ///< "relation word"
    };
    const std::vector<LegendEntry>& legend() const { return m_legend; }
    /// Another strip whose chips this strip's legend explains too; null for none.
    void setLegendPartner(std::shared_ptr<const Figure> partner);

    QList<int> tokensWith(const QString& text) const; ///< all that findToken() finds, ascending

    int tokenAt(const QPoint& viewportPosition) const; ///< -1 outside chips
    QRect tokenRect(int index) const; ///< in the viewport

    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

signals:
    void tokenClicked(int index);
    void tokenHovered(int index); ///< -1 when none
    void rangeSelected(int first, int last);
    void markedChanged(const QList<int>& tokens);

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    void styleChanged() override;
    QSizeF bodySize(double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;

    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Layout {
        std::vector<float> x;
        std::vector<int> rowStart; ///< index of each row's first chip, and the number of chips
        std::size_t rows() const { return rowStart.empty() ? 0 : rowStart.size() - 1; }
    };

    const TokenStripFigure* data() const;
    QString chipText(int index) const;
    void measureChips();
    Layout layOut(double width) const;
    void relayout();
    double chipHeight() const;
    double rowHeight() const;
    double sideMargin() const;
    double footerHeight(double width) const;
    void makeLegend();
    double pillsWidth() const;
    bool legendBelow(double width) const; ///< the pills leave it no room beside them
    int rowOf(const Layout& layout, int index) const;
    QRectF chipRect(const Layout& layout, int index) const; ///< with (0, 0) at the strip's corner
    QRectF stripRect() const; ///< part of the viewport that shows chips
    void drawRow(const Ink& ink, const Layout& layout, std::size_t row) const;
    void drawChip(const Ink& ink, int index, const QRectF& chip) const;
    void drawSide(const Ink& ink) const;
    struct Pill {
        QRectF rect;
        QString words; ///< as drawn
        QString text;
        QString help;
    };
    std::vector<Pill> pillsAt(const QRectF& footer, int token) const;
    void drawFooter(const Ink& ink, const QRectF& rect) const;
    void drawLegend(const Ink& ink, QPointF at, double right) const;
    void showCurrent();
    void walkTo(int index, bool extend);

    Layout m_layout;
    std::vector<float> m_widths;
    QSet<QString> m_trigrams; ///< that occur
    bool m_hasGenerated = false;
    bool m_footerVisible = true;
    QStringList m_patterns;
    QStringList m_patternHelp;
    QSet<int> m_changed;
    std::shared_ptr<const Figure> m_partner;
    std::vector<LegendEntry> m_legend;
    double m_legendWidth = 0;
    double m_widestTrigram = 0; ///< as a pill
    QString m_sideLetter;
    int m_visibleRows = 4;
    int m_current = -1;
    int m_hovered = -1;
    int m_anchor = -1;
    int m_rangeFirst = 0;
    int m_rangeLast = -1;
    bool m_pressed = false;
    bool m_dragging = false;
    QSet<int> m_marked;
};

} // namespace moescope::ui
