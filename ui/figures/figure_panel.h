// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/report/figure.h"
#include "ui/style/panel.h"

class QLabel;
class QToolButton;

namespace moescope::ui {

class FigureView;
class InlineMessage;

/// A panel around one figure: title, subtitle, a menu button with copy and save, the caption under
/// the figure, or behind a button "?" where that would leave the figure too little room.
class FigurePanel : public Panel {
    Q_OBJECT

public:
    /// Takes `view` as its body.
    FigurePanel(Style& style, FigureView* view, QWidget* parent = nullptr);
    /// Makes the view for the figure's kind.
    FigurePanel(Style& style, std::shared_ptr<const Figure> figure, QWidget* parent = nullptr);

    FigureView* view() const { return m_view; }
    /// Shows another figure; one of another kind replaces the view.
    void setFigure(std::shared_ptr<const Figure> figure);
    void setCaptionVisible(bool visible);
    /// What the view needs at least at this width, with everything around it but the caption.
    int leastHeight(int width) const;
    /// From now on never lower than what can be read, for pages that scroll.
    void keepReadable();

signals:
    void viewReplaced();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void keepLeastHeight();
    int captionHeight() const; ///< that it would take, with the gap before it
    /// Under the figure, or behind a button where the figure needs the room.
    void placeCaption();
    bool captionFits() const;
    void showCaption(bool room); ///< or the button that says it
    int captionRoom() const; ///< that the caption takes now
    void adoptView(FigureView* view);
    void refreshWords();

    FigureView* m_view = nullptr;
    QLabel* m_caption;
    QToolButton* m_help;
    QToolButton* m_menuButton;
    InlineMessage* m_message;
    bool m_captionVisible = true;
    bool m_keepsReadable = false;
    bool m_placing = false;
    bool m_placeAgain = false; // asked for meanwhile
};

} // namespace moescope::ui
