// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/intervention_stack.h"

#include <algorithm>
#include <utility>

#include <QUndoCommand>

namespace moescope::ui {

namespace {

using ExpertList = std::vector<Interventions::ExpertAt>;

auto findExpert(const ExpertList& list, LayerId layer, ExpertId expert)
{
    return std::find_if(list.begin(), list.end(),
        [&](const auto& entry) { return entry.layer == layer && entry.expert == expert; });
}

void setExpert(ExpertList& list, LayerId layer, ExpertId expert, bool on)
{
    const auto position = findExpert(list, layer, expert);
    if (on && position == list.end())
        list.push_back({layer, expert});
    else if (!on && position != list.end())
        list.erase(position);
}

} // namespace

class InterventionStack::Change : public QUndoCommand {
public:
    Change(InterventionStack& stack, const QString& what, Interventions next)
        : QUndoCommand(what)
        , m_stack(stack)
        , m_other(std::move(next))
    {
    }
    void undo() override { swap(); }
    void redo() override { swap(); }

private:
    void swap()
    {
        std::swap(m_stack.m_current, m_other);
        emit m_stack.changed();
    }
    InterventionStack& m_stack;
    Interventions m_other;
};

InterventionStack::InterventionStack(QObject* parent)
    : QObject(parent)
{
}

void InterventionStack::setTopK(std::optional<std::uint32_t> k)
{
    if (k == m_current.topK)
        return;
    Interventions next = m_current;
    next.topK = k;
    apply(!k          ? tr("the model's own number of experts per token")
            : *k == 1 ? tr("1 expert per token")
                      : tr("%1 experts per token").arg(*k),
        std::move(next));
}

bool InterventionStack::isMasked(LayerId layer, ExpertId expert) const
{
    return findExpert(m_current.masked, layer, expert) != m_current.masked.end();
}

bool InterventionStack::isForced(LayerId layer, ExpertId expert) const
{
    return findExpert(m_current.forced, layer, expert) != m_current.forced.end();
}

void InterventionStack::setMasked(LayerId layer, ExpertId expert, bool on)
{
    if (isMasked(layer, expert) == on)
        return;
    Interventions next = m_current;
    setExpert(next.masked, layer, expert, on);
    if (on)
        setExpert(next.forced, layer, expert, false);
    apply((on ? tr("mask expert %1 of layer %2") : tr("unmask expert %1 of layer %2"))
              .arg(expert.value)
              .arg(layer.value),
        std::move(next));
}

void InterventionStack::setForced(LayerId layer, ExpertId expert, bool on)
{
    if (isForced(layer, expert) == on)
        return;
    Interventions next = m_current;
    setExpert(next.forced, layer, expert, on);
    if (on)
        setExpert(next.masked, layer, expert, false);
    apply((on ? tr("force expert %1 of layer %2") : tr("stop forcing expert %1 of layer %2"))
              .arg(expert.value)
              .arg(layer.value),
        std::move(next));
}

void InterventionStack::apply(const QString& what, Interventions next)
{
    m_undo.push(new Change(*this, what, std::move(next)));
}

void InterventionStack::clear()
{
    if (!isEmpty())
        apply(tr("remove all interventions"), {});
}

void InterventionStack::reset()
{
    m_undo.clear();
    if (isEmpty())
        return;
    m_current = {};
    emit changed();
}

} // namespace moescope::ui
