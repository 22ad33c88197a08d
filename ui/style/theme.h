// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include <QColor>

namespace moescope::ui {

/// The colours of the program by role. Every text role has a contrast of at least 4.5 : 1 on window
/// and panel.
struct Theme {
    bool dark = false;
    QColor window; ///< behind the panels
    QColor panel; ///< panels, menus, tables
    QColor field; ///< text fields and quiet cards
    QColor hairline; ///< panel borders, grid lines, separators
    QColor control; ///< border of buttons and fields
    QColor text;
    QColor mutedText;
    QColor accent; ///< the one accent: selection and data in focus
    QColor accentSoft; ///< fill of what is selected
    QColor accentMuted; ///< background series, load bars
    QColor accentText; ///< on a fill of `accent`
    QColor nullAmber; ///< nulls, ceilings (text and lines)
    QColor nullBand; ///< fill of a null band
    QColor evidenceGreen; ///< evidence found
    QColor evidenceSoft;
    QColor warning; ///< warnings, verdicts against (text)
    QColor warningSoft;
    QColor error;
    QColor errorSoft;
    QColor gridEmpty; ///< a cell without a value
    QColor gridFaint; ///< an unchosen cell with probability 1
    QColor gridBorder;
    QColor track; ///< what a bar runs in
    QColor quietBar; ///< a bar that is not in focus
    QColor pending; ///< results still being computed
    QColor axis; ///< axis lines
    QColor shadeLow; ///< weight ramp: chosen with weight 0 ...
    QColor shadeMiddle;
    QColor shadeHigh; ///< ... and 1
    QColor onlyA; ///< comparison: fills of cells in A, in B, in both
    QColor onlyB;
    QColor both;
    QColor letterA; ///< the letters A and B as text
    QColor letterB;
    QColor changed; ///< ring around what an intervention changed

    struct Chip {
        QColor fill;
        QColor letter;
    };
    std::array<Chip, 8> chips; ///< by TypeGroup
    std::array<QColor, 8> categories; ///< lines and bars

    /// The ramp of weights, `shade` clamped to 0..1.
    QColor weight(double shade) const;
    /// An unchosen cell, `probability` clamped to 0..1.
    QColor faint(double probability) const;
    /// The more readable of the light and the dark text on this fill.
    QColor readableOn(const QColor& fill) const;
    const Chip& chip(int typeGroup) const; ///< out of range: the last group
    const QColor& category(std::size_t index) const; ///< wraps
};

const Theme& lightTheme();
const Theme& darkTheme();

/// WCAG 2 contrast ratio of two opaque colours, 1 to 21.
double contrastRatio(const QColor& a, const QColor& b);
QColor mix(const QColor& a, const QColor& b, double shareOfB);

} // namespace moescope::ui
