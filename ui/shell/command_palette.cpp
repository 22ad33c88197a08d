// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/command_palette.h"

#include <algorithm>
#include <utility>

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr std::size_t kMostShown = 200;
constexpr int kRowHeight = 30;
constexpr int kDetailRole = Qt::UserRole + 1;

/// The title at the left, what it is at the right.
class CommandDelegate : public QStyledItemDelegate {
public:
    CommandDelegate(Style& style, QObject* parent)
        : QStyledItemDelegate(parent)
        , m_style(style)
    {
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
        const QModelIndex& index) const override
    {
        const Theme& theme = m_style.theme();
        const bool current = option.state & QStyle::State_Selected;
        if (current)
            painter->fillRect(option.rect, theme.accentSoft);
        const int gap = m_style.pxInt(12);
        const QRect words = option.rect.adjusted(gap, 0, -gap, 0);
        painter->setFont(m_style.words(-1));
        painter->setPen(theme.mutedText);
        const QString detail = index.data(kDetailRole).toString();
        painter->drawText(words, Qt::AlignRight | Qt::AlignVCenter, detail);
        const int taken = painter->fontMetrics().horizontalAdvance(detail) + gap;
        painter->setFont(m_style.words());
        const bool runs = option.state & QStyle::State_Enabled;
        painter->setPen(current ? theme.accent : runs ? theme.text : theme.mutedText);
        painter->drawText(words, Qt::AlignLeft | Qt::AlignVCenter,
            painter->fontMetrics().elidedText(
                index.data().toString(), Qt::ElideRight, words.width() - taken));
    }

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return {m_style.pxInt(200), m_style.pxInt(kRowHeight)};
    }

private:
    Style& m_style;
};

} // namespace

CommandPalette::CommandPalette(
    Style& style, std::vector<Command> commands, Finder find, QWidget* parent)
    : QDialog(parent, Qt::Popup)
    , m_style(style)
    , m_commands(std::move(commands))
    , m_find(std::move(find))
    , m_line(new QLineEdit(this))
    , m_list(new QListWidget(this))
{
    setObjectName(QStringLiteral("commandPalette"));
    setAccessibleName(tr("Commands"));
    m_line->setObjectName(QStringLiteral("paletteLine"));
    m_line->setAccessibleName(tr("Search commands"));
    m_line->setPlaceholderText(tr("Page, model, layer, or: expert 5 of layer 12"));
    m_line->installEventFilter(this);
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setAccessibleName(tr("Commands found"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setItemDelegate(new CommandDelegate(style, m_list));
    m_list->setMouseTracking(true);

    auto* layout = new QVBoxLayout(this);
    const int gap = style.pxInt(8);
    layout->setContentsMargins(gap, gap, gap, gap);
    layout->setSpacing(gap);
    layout->addWidget(m_line);
    layout->addWidget(m_list);
    connect(m_line, &QLineEdit::textChanged, this, &CommandPalette::refresh);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::runCurrent);
    connect(m_list, &QListWidget::itemEntered, m_list,
        [this](QListWidgetItem* item) { m_list->setCurrentItem(item); });
    refresh();
}

QStringList CommandPalette::shownTitles() const
{
    QStringList titles;
    for (const Command& command : m_shown)
        titles.append(command.title);
    return titles;
}

void CommandPalette::refresh()
{
    const QString wanted = m_line->text().trimmed();
    m_shown.clear();
    if (auto found = m_find ? m_find(wanted) : std::nullopt)
        m_shown.push_back(std::move(*found));
    std::vector<std::pair<int, const Command*>> scored;
    for (const Command& command : m_commands)
        if (const int score = matchScore(command.title + QLatin1Char(' ') + command.detail, wanted))
            scored.emplace_back(score, &command);
    std::stable_sort(scored.begin(), scored.end(),
        [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [score, command] : scored)
        if (m_shown.size() < kMostShown)
            m_shown.push_back(*command);

    if (m_shown.empty())
        m_shown.push_back({tr("Nothing is called \"%1\"").arg(wanted), {}, {}});

    m_list->clear();
    int first = -1;
    for (const Command& command : m_shown) {
        auto* item = new QListWidgetItem(command.title, m_list);
        item->setData(kDetailRole, command.detail);
        item->setToolTip(command.title);
        if (!command.run)
            item->setFlags(Qt::NoItemFlags);
        else if (first < 0)
            first = m_list->count() - 1;
    }
    m_list->setCurrentRow(first);
    fitHeight();
}

void CommandPalette::fitHeight()
{
    const int most = qMin(m_style.pxInt(400), parentWidget()->height() - m_style.pxInt(96));
    const int rows = m_list->count() * m_style.pxInt(kRowHeight);
    m_list->setFixedHeight(qBound(m_style.pxInt(kRowHeight), rows, most));
    m_list->setVisible(m_list->count() > 0);
    adjustSize();
}

void CommandPalette::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setPen(m_style.theme().control);
    painter.setBrush(m_style.theme().panel);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

void CommandPalette::runCurrent()
{
    const int row = m_list->currentRow();
    if (row < 0)
        return;
    const auto run = m_shown[static_cast<std::size_t>(row)].run;
    if (!run)
        return;
    accept();
    // After the popup is gone: a command may open another one.
    QTimer::singleShot(0, parent(), run);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const int rows = m_list->count();
        int step = 0;
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            runCurrent();
            return true;
        }
        if (key == Qt::Key_Down || key == Qt::Key_Up)
            step = key == Qt::Key_Down ? 1 : -1;
        if (key == Qt::Key_PageDown || key == Qt::Key_PageUp)
            step = key == Qt::Key_PageDown ? 8 : -8;
        if (step != 0 && rows > 0) {
            // A row that only says something is the first one.
            const int least = m_shown.front().run ? 0 : 1;
            if (least < rows)
                m_list->setCurrentRow(std::clamp(m_list->currentRow() + step, least, rows - 1));
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

void CommandPalette::showEvent(QShowEvent* event)
{
    QDialog::showEvent(event);
    const QWidget* window = parentWidget();
    const int width = qMin(m_style.pxInt(560), window->width() - m_style.pxInt(32));
    setFixedWidth(width);
    fitHeight();
    move(window->mapToGlobal(QPoint((window->width() - width) / 2, m_style.pxInt(64))));
    m_line->setFocus();
}

} // namespace moescope::ui
