// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>
#include <QString>

#include "ui/figures/figure_view.h"

namespace moescope::ui {

/// The sheet an exported figure stands on: title and subtitle above the body, caption and sample
/// size below.
class FigurePage {
public:
    FigurePage(const Style& style, const Figure& figure, const QString& sampleSize, double width,
        bool titleInBody);

    static double sideMargins(const Style& style); ///< left and right together
    double wordsHeight() const; ///< everything but the body
    QRectF body(double height) const; ///< what is left for the body on a sheet of this height
    void drawWords(const Ink& ink, double height) const;

private:
    double m_margin;
    double m_width;
    double m_gap;
    QString m_title;
    QString m_subtitle;
    QString m_caption;
    QSizeF m_titleSize;
    QSizeF m_subtitleSize;
    QSizeF m_captionSize;
};

} // namespace moescope::ui
