// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include <QFontMetricsF>
#include <QPainter>

#include "core/semantics/token_types.h"
#include "ui/figures/figure_words.h"
#include "ui/figures/token_strip_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kPillHeight = 20;
constexpr double kPillPadding = 9;
constexpr double kPillGap = 6;
constexpr double kEntryGap = 14; ///< between entries of the legend
constexpr double kLetterGap = 5; ///< between an entry's letters and its word
constexpr int kMostLetters = 4;

QFont pillFont(const Style& style)
{
    return style.words(-1, QFont::DemiBold);
}

double pillWidth(const Style& style, const QString& pill)
{
    return textWidth(pillFont(style), pill) + style.px(2 * kPillPadding);
}

double entryWidth(const Style& style, const TokenStripView::LegendEntry& entry)
{
    const double letters = entry.letters.isEmpty()
        ? 0
        : textWidth(style.words(-1, QFont::Bold), entry.letters) + style.px(kLetterGap);
    return letters + textWidth(style.words(-1), entry.words) + style.px(kEntryGap);
}

} // namespace

/// Once per figure and look, since strips can be long.
void TokenStripView::makeLegend()
{
    m_legend.clear();
    m_legendWidth = 0;
    // The widest trigram counts, so that nothing moves while the mouse walks over the tokens.
    m_widestTrigram = 0;
    for (const QString& trigram : m_trigrams)
        m_widestTrigram = std::max(m_widestTrigram, pillWidth(look(), trigram));
    if (!data())
        return;
    std::vector<LegendEntry>& entries = m_legend;
    // Groups of types in the order in which they first stand in the text.
    std::array<int, 8> place;
    place.fill(-1);
    std::vector<LegendEntry> others; // which have no name in common
    const auto add = [&](const TokenStripFigure::Chip& chip) {
        if (chip.letter.empty() || chip.colourGroup < 0
            || chip.colourGroup >= static_cast<int>(place.size()))
            return;
        if (static_cast<TypeGroup>(chip.colourGroup) == TypeGroup::Other) {
            const LegendEntry own{chip.colourGroup, text(chip.letter), text(chip.typeName)};
            if (std::ranges::find(others, own.letters, &LegendEntry::letters) == others.end())
                others.push_back(own);
            return;
        }
        int& at = place[static_cast<std::size_t>(chip.colourGroup)];
        if (at < 0) {
            at = static_cast<int>(entries.size());
            entries.push_back({chip.colourGroup, {},
                text(std::string(typeGroupName(static_cast<TypeGroup>(chip.colourGroup))))});
        }
        QString& letters = entries[static_cast<std::size_t>(at)].letters;
        if (const QString letter = text(chip.letter);
            !letters.contains(letter) && letters.size() < 2 * kMostLetters)
            letters += letters.isEmpty() ? letter : QLatin1Char(' ') + letter;
    };
    if (const auto* partner = m_partner ? std::get_if<TokenStripFigure>(&m_partner->data) : nullptr)
        std::ranges::for_each(partner->chips, add);
    std::ranges::for_each(data()->chips, add);
    entries.insert(entries.end(), others.begin(), others.end());
    if (!m_changed.isEmpty())
        entries.push_back({-1, {}, tr("amber corner: next token changed")});
    if (!data()->badgeTitle.empty())
        entries.push_back({-1, {}, tr("number: %1").arg(text(data()->badgeTitle))});
    if (!entries.empty() && entries.front().group >= 0)
        entries.push_back({-1, {}, tr("· = space")});
    if (m_hasGenerated)
        entries.push_back({-1, {}, tr("underlined: generated")});
    for (const LegendEntry& entry : entries)
        m_legendWidth += entryWidth(look(), entry);
}

void TokenStripView::setLegendPartner(std::shared_ptr<const Figure> partner)
{
    m_partner = std::move(partner);
    makeLegend();
    relayout();
}

double TokenStripView::pillsWidth() const
{
    double width = m_widestTrigram > 0 ? m_widestTrigram + look().px(kPillGap) : 0;
    for (const QString& pattern : m_patterns)
        width += pillWidth(look(), pattern) + look().px(kPillGap);
    return width;
}

bool TokenStripView::legendBelow(double width) const
{
    return look().px(2 + kPillGap) + pillsWidth() + m_legendWidth > width;
}

double TokenStripView::footerHeight(double width) const
{
    if (!m_footerVisible || !data()
        || (m_trigrams.isEmpty() && m_patterns.isEmpty() && data()->badgeTitle.empty()))
        return 0;
    return look().px(legendBelow(width) ? 30 + kPillHeight + 2 : 30);
}

/// The pills of a footer, from left to right: the token's trigram, then the prompt's patterns.
std::vector<TokenStripView::Pill> TokenStripView::pillsAt(const QRectF& footer, int token) const
{
    std::vector<Pill> pills;
    if (footer.height() <= 0)
        return pills;
    const auto add = [&pills](const QString& words, const QString& help) {
        pills.push_back({{}, {}, words, help});
    };
    if (token >= 0 && token < count())
        if (const std::string& trigram = data()->chips[static_cast<std::size_t>(token)].trigram;
            !trigram.empty())
            add(text(trigram),
                tr("The chosen token's trigram: the type of the word before, of its own word and "
                   "of "
                   "the word after. ^ stands for the beginning of the text, $ for its end."));
    for (qsizetype i = 0; i < m_patterns.size(); ++i)
        add(m_patterns[i], m_patternHelp.value(i));

    const double height = look().px(kPillHeight);
    const double bottom = footer.bottom() - height - look().px(2);
    const double top = legendBelow(footer.width()) ? bottom - height - look().px(2) : bottom;
    const QFont font = pillFont(look());
    double x = footer.left() + look().px(2);
    for (std::size_t i = 0; i < pills.size(); ++i) {
        const double room = footer.right() - x - 2 * look().px(kPillPadding);
        if (room < look().px(20)) {
            pills.resize(i);
            break;
        }
        pills[i].words = elided(font, pills[i].text, room);
        pills[i].rect = QRectF(x, top, pillWidth(look(), pills[i].words), height);
        x = pills[i].rect.right() + look().px(kPillGap);
    }
    return pills;
}

void TokenStripView::drawFooter(const Ink& ink, const QRectF& rect) const
{
    if (rect.height() <= 0)
        return;
    QPainter& p = ink.painter;
    const bool below = legendBelow(rect.width());
    const double height = ink.style.px(kPillHeight);
    const double bottom = rect.bottom() - height - ink.style.px(2);
    const double left = rect.left() + ink.style.px(2);
    double x = left;
    for (const Pill& pill : pillsAt(rect, ink.onScreen && m_hovered >= 0 ? m_hovered : m_current)) {
        p.setPen(Qt::NoPen);
        p.setBrush(ink.theme.accentSoft);
        p.drawRoundedRect(pill.rect, height / 2, height / 2);
        p.setFont(pillFont(ink.style));
        p.setPen(ink.theme.accent);
        p.drawText(pill.rect, Qt::AlignCenter, pill.words);
        x = pill.rect.right() + ink.style.px(kPillGap);
    }
    drawLegend(ink, {below ? left : x + ink.style.px(4), bottom}, rect.right());
}

void TokenStripView::drawLegend(const Ink& ink, QPointF at, double right) const
{
    QPainter& p = ink.painter;
    const double height = ink.style.px(kPillHeight);
    const auto word = [&](const QFont& font, const QColor& colour, const QString& what) {
        p.setFont(font);
        p.setPen(colour);
        p.drawText(
            QRectF(at.x(), at.y(), right - at.x(), height), Qt::AlignLeft | Qt::AlignVCenter, what);
        at.rx() += textWidth(font, what);
    };
    for (const LegendEntry& entry : legend()) {
        if (at.x() + entryWidth(ink.style, entry) - ink.style.px(kEntryGap) > right)
            return;
        if (!entry.letters.isEmpty()) {
            word(ink.style.words(-1, QFont::Bold), ink.theme.chip(entry.group).letter,
                entry.letters);
            at.rx() += ink.style.px(kLetterGap);
        }
        word(ink.style.words(-1), ink.theme.mutedText, entry.words);
        at.rx() += ink.style.px(kEntryGap);
    }
}

} // namespace moescope::ui
