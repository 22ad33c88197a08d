// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QObject>
#include <QString>
#include <QUndoStack>

#include "core/runtime/forward.h"

namespace moescope::ui {

/// The changes that a person made to the untouched model, each of which can be undone.
class InterventionStack : public QObject {
    Q_OBJECT

public:
    explicit InterventionStack(QObject* parent = nullptr);

    const Interventions& current() const { return m_current; }
    bool isEmpty() const { return m_current.empty(); }
    QUndoStack& undoStack() { return m_undo; }

    /// Experts per token; nothing = the model's own number.
    void setTopK(std::optional<std::uint32_t> k);
    bool isMasked(LayerId layer, ExpertId expert) const;
    bool isForced(LayerId layer, ExpertId expert) const;
    /// Masking an expert ends its being forced, and the other way round.
    void setMasked(LayerId layer, ExpertId expert, bool on);
    void setForced(LayerId layer, ExpertId expert, bool on);
    /// Any other change; `what` names it in the undo menu.
    void apply(const QString& what, Interventions next);
    /// Back to the untouched model, as one step that can be undone.
    void clear();
    /// Forgets everything, for another model.
    void reset();

signals:
    void changed();

private:
    class Change;
    Interventions m_current;
    QUndoStack m_undo;
};

} // namespace moescope::ui
