// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/style_sheet.h"

#include <QRegularExpression>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

// {name} is a colour role, {12px} a length at 100 %, {-1pt} a font size in steps.
const char* const kTemplate = R"(
QWidget { color: {text}; }
QToolTip { color: {text}; background: {panel}; border: {1px} solid {control}; padding: {6px}; }
QMenuBar, QStatusBar, QToolBar { background: {panel}; border: 0; }
QMenuBar::item { padding: {4px} {8px}; background: transparent; }
QMenuBar::item:selected { background: {accentSoft}; color: {accent}; }
QMenu { background: {panel}; border: {1px} solid {control}; padding: {4px} 0; }
QMenu::item { padding: {5px} {28px} {5px} {20px}; }
QMenu::item:selected { background: {accentSoft}; color: {accent}; }
QMenu::item:disabled { color: {disabled}; }
QMenu::separator { height: {1px}; background: {hairline}; margin: {4px} 0; }
QStatusBar { border-top: {1px} solid {hairline}; color: {mutedText}; }
QStatusBar::item { border: 0; }
QMainWindow::separator { background: {panel}; border-left: {1px} solid {hairline}; width: {4px}; height: {4px}; }

QPushButton, QToolButton { background: {panel}; border: {1px} solid {control}; border-radius: {5px};
    padding: {5px} {12px}; color: {text}; }
QToolButton { padding: {4px} {8px}; }
QPushButton:hover, QToolButton:hover { border-color: {accentMuted}; background: {field}; }
QPushButton:pressed, QToolButton:pressed, QPushButton:checked, QToolButton:checked {
    background: {accentSoft}; border-color: {accent}; color: {accent}; }
QPushButton:focus, QToolButton:focus { border-color: {accent}; }
QPushButton:disabled, QToolButton:disabled { color: {disabled}; border-color: {hairline}; }
QPushButton[role="primary"] { background: {accent}; border-color: {accent}; color: {accentText}; font-weight: 600; }
QPushButton[role="primary"]:hover { background: {accentStrong}; border-color: {accentStrong}; }
QPushButton[role="primary"]:focus { border: {2px} solid {text}; padding: {4px} {11px}; }
QPushButton[role="primary"]:disabled { background: {track}; border-color: {track}; color: {disabled}; }
QPushButton[role="flat"], QToolButton[role="flat"] { background: transparent; border-color: transparent;
    color: {mutedText}; }
QPushButton[role="flat"]:hover, QToolButton[role="flat"]:hover { background: {field}; color: {text}; }
QPushButton[role="flat"]:focus, QToolButton[role="flat"]:focus { border-color: {accent}; }
QToolButton[role="flat"] { padding: {2px} {6px}; }
QToolButton[role="flat"]::menu-indicator { image: none; }
QPushButton[role="segment"] { padding: {4px} {10px}; color: {mutedText}; }
QPushButton[role="segment"]:checked { background: {accentSoft}; border-color: {accent}; color: {accent};
    font-weight: 600; }
QPushButton[role="segment"]:focus { border: {2px} solid {accent}; padding: {3px} {9px}; }
QPushButton[role="segment"]:disabled { color: {disabled}; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox { background: {field};
    border: {1px} solid {control}; border-radius: {5px}; padding: {4px} {8px}; color: {text};
    selection-background-color: {accent}; selection-color: {accentText}; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {
    border-color: {accent}; }
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: {disabled}; }
QComboBox::drop-down { border: 0; width: {20px}; }
QSpinBox::up-button, QDoubleSpinBox::up-button { subcontrol-position: top right; width: {20px}; border: 0; }
QSpinBox::down-button, QDoubleSpinBox::down-button { subcontrol-position: bottom right; width: {20px}; border: 0; }
QComboBox::down-arrow, QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {
    image: url(:/moescope/icons/chevron_down.svg); width: {12px}; height: {12px}; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {
    image: url(:/moescope/icons/chevron_up.svg); width: {12px}; height: {12px}; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QComboBox QAbstractItemView { background: {panel}; border: {1px} solid {control};
    selection-background-color: {accentSoft}; selection-color: {accent}; outline: 0; }

QAbstractItemView { background: {panel}; alternate-background-color: {field}; border: 0;
    selection-background-color: {accentSoft}; selection-color: {text}; gridline-color: {hairline}; }
QHeaderView { background: {panel}; border: 0; }
QHeaderView::section { background: {panel}; color: {mutedText}; border: 0; border-bottom: {1px} solid {control};
    padding: {4px} {8px}; }
QTableView::item { border: 0; padding: {2px} {8px}; }
QTreeView::item, QListView::item { padding: {3px} {4px}; }

QScrollArea, QAbstractScrollArea { border: 0; }
QAbstractScrollArea::corner { background: transparent; border: 0; }
QScrollBar { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: {10px}; }
QScrollBar:horizontal { height: {10px}; }
QScrollBar::handle { background: {control}; border-radius: {3px}; margin: {2px}; }
QScrollBar::handle:vertical { min-height: {24px}; }
QScrollBar::handle:horizontal { min-width: {24px}; }
QScrollBar::handle:hover { background: {quietBar}; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: {window}; }

QProgressBar { background: {track}; border: 0; border-radius: {3px}; max-height: {6px}; min-height: {6px};
    color: transparent; }
QProgressBar::chunk { background: {accent}; border-radius: {3px}; }
QSlider::groove:horizontal { height: {4px}; background: {track}; border-radius: {2px}; }
QSlider::sub-page:horizontal { background: {accent}; border-radius: {2px}; }
QSlider::handle:horizontal { width: {16px}; height: {16px}; margin: {-6px} 0; border-radius: {8px};
    background: {accent}; }
QSlider::handle:horizontal:focus { border: {2px} solid {text}; width: {12px}; height: {12px}; }
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: {quietBar}; }

QLabel { background: transparent; }
QLabel[role="title"] { font-weight: 600; font-size: {1pt}; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="section"] { font-weight: 600; font-size: {-1pt}; color: {mutedText}; }
QLabel[role="muted"] { color: {mutedText}; font-size: {-1pt}; }
QLabel[role="null"] { color: {nullAmber}; font-size: {-1pt}; }
QLabel[role="number"] { font-family: "{mono}"; }
)";

QString colourOf(const Theme& theme, const QString& name)
{
    const std::pair<const char*, QColor> roles[]
        = {{"text", theme.text}, {"mutedText", theme.mutedText}, {"window", theme.window},
            {"panel", theme.panel}, {"field", theme.field}, {"hairline", theme.hairline},
            {"control", theme.control}, {"accent", theme.accent}, {"accentSoft", theme.accentSoft},
            {"accentMuted", theme.accentMuted}, {"accentText", theme.accentText},
            {"track", theme.track}, {"quietBar", theme.quietBar}, {"nullAmber", theme.nullAmber},
            {"accentStrong", mix(theme.accent, theme.text, 0.15)},
            {"disabled", mix(theme.mutedText, theme.panel, 0.35)}};
    for (const auto& [role, colour] : roles)
        if (name == QLatin1String(role))
            return colour.name();
    return {};
}

} // namespace

QString makeStyleSheet(const Style& style)
{
    static const QRegularExpression placeholder(
        QStringLiteral("\\{(-?\\d+(?=px|pt))?([A-Za-z]+)\\}"));
    const QString text = QString::fromLatin1(kTemplate);
    QString sheet;
    qsizetype done = 0;
    for (auto it = placeholder.globalMatch(text); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        sheet += text.mid(done, match.capturedStart() - done);
        done = match.capturedEnd();
        const int number = match.captured(1).toInt();
        const QString name = match.captured(2);
        if (name == QLatin1String("px"))
            sheet += QString::number(number < 0 ? -style.pxInt(-number) : style.pxInt(number))
                + QLatin1String("px");
        else if (name == QLatin1String("pt"))
            sheet
                += QString::number(style.words(number).pointSizeF(), 'f', 2) + QLatin1String("pt");
        else if (name == QLatin1String("mono"))
            sheet += style.mono().family();
        else
            sheet += colourOf(style.theme(), name);
    }
    return sheet + text.mid(done);
}

} // namespace moescope::ui
