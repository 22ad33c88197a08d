// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/number_field.h"

#include <QAbstractSpinBox>
#include <QKeyEvent>
#include <QLineEdit>

namespace moescope::ui {

namespace {

class UndoFilter : public QObject {
public:
    explicit UndoFilter(QAbstractSpinBox* field)
        : QObject(field)
        , m_edit(field->findChild<QLineEdit*>())
    {
        field->installEventFilter(this);
        // The text stays as it was typed, so the line edit itself would go on taking it for new.
        connect(field, &QAbstractSpinBox::editingFinished, this,
            [this] { m_edit->setModified(false); });
    }

    bool eventFilter(QObject* field, QEvent* event) override
    {
        const bool asks = event->type() == QEvent::ShortcutOverride;
        if (!asks && event->type() != QEvent::KeyPress)
            return QObject::eventFilter(field, event);
        auto* key = static_cast<QKeyEvent*>(event);
        const bool wanted = key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo);
        if (!wanted || m_edit->isModified())
            return QObject::eventFilter(field, event);
        event->ignore();
        return true;
    }

private:
    QLineEdit* m_edit;
};

} // namespace

void handOnUndo(QAbstractSpinBox* field)
{
    new UndoFilter(field);
}

} // namespace moescope::ui
