// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/segmented_control.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QPushButton>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kPadding = 10; ///< left and right of a word, as in the style sheet

} // namespace

SegmentedControl::SegmentedControl(Style& style, const QStringList& labels, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_group(new QButtonGroup(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    m_group->setExclusive(true);
    connect(m_group, &QButtonGroup::idToggled, this, [this](int id, bool checked) {
        if (checked)
            emit currentChanged(id);
    });
    connect(&style, &Style::changed, this, &SegmentedControl::restyle);
    setLabels(labels);
    restyle();
}

void SegmentedControl::setName(const QString& name)
{
    m_name = name;
    setAccessibleName(name);
    for (QAbstractButton* button : m_group->buttons())
        button->setAccessibleName(
            name.isEmpty() ? button->text() : tr("%1: %2").arg(name, button->text()));
}

void SegmentedControl::setLabels(const QStringList& labels)
{
    const int before = current();
    const QSignalBlocker quiet(m_group);
    const QList<QAbstractButton*> old = m_group->buttons();
    for (QAbstractButton* button : old) {
        m_group->removeButton(button);
        delete button;
    }
    for (int i = 0; i < labels.size(); ++i) {
        auto* button = new QPushButton(labels[i], this);
        button->setObjectName(QStringLiteral("segment%1").arg(i));
        button->setProperty("role", QStringLiteral("segment"));
        button->setCheckable(true);
        button->setAutoDefault(false);
        m_group->addButton(button, i);
        layout()->addWidget(button);
    }
    if (!labels.isEmpty())
        m_group->button(before >= 0 && before < labels.size() ? before : 0)->setChecked(true);
    setName(m_name);
    restyle();
}

int SegmentedControl::count() const
{
    return static_cast<int>(m_group->buttons().size());
}

int SegmentedControl::current() const
{
    return m_group->checkedId();
}

QString SegmentedControl::currentLabel() const
{
    const QAbstractButton* button = m_group->checkedButton();
    return button ? button->text() : QString();
}

void SegmentedControl::setCurrent(int index)
{
    if (QAbstractButton* button = m_group->button(index))
        button->setChecked(true);
}

void SegmentedControl::setSegmentEnabled(int index, bool enabled, const QString& reason)
{
    if (QAbstractButton* button = m_group->button(index)) {
        button->setEnabled(enabled);
        button->setToolTip(enabled ? QString() : reason);
    }
}

void SegmentedControl::setSegmentToolTip(int index, const QString& text)
{
    if (QAbstractButton* button = m_group->button(index))
        button->setToolTip(text);
}

void SegmentedControl::restyle()
{
    layout()->setSpacing(m_style.pxInt(3));
    // The chosen segment is bold; all keep the room for that, so that nothing is cut or moves.
    const QFontMetrics bold(m_style.words(0, QFont::DemiBold));
    for (QAbstractButton* button : m_group->buttons())
        button->setMinimumWidth(
            bold.horizontalAdvance(button->text()) + 2 * m_style.pxInt(kPadding) + 2);
}

} // namespace moescope::ui
