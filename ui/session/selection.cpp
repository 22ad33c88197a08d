// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/selection.h"

#include <algorithm>

namespace moescope::ui {

namespace {
constexpr std::size_t kMaxSteps = 200;
}

bool Selection::contains(ExpertId expert) const
{
    return std::find(experts.begin(), experts.end(), expert) != experts.end();
}

void SelectionHistory::clear(const Selection& start)
{
    m_steps = {start};
    m_at = 0;
    m_gesture = false;
}

void SelectionHistory::push(const Selection& selection, bool gesture)
{
    m_steps.resize(m_at + 1);
    if (gesture && m_gesture && m_at > 0) {
        m_steps[m_at] = selection;
        return;
    }
    m_gesture = gesture;
    if (m_steps.size() == kMaxSteps)
        m_steps.erase(m_steps.begin());
    m_steps.push_back(selection);
    m_at = m_steps.size() - 1;
}

void SelectionHistory::amend(const Selection& selection)
{
    m_steps[m_at] = selection;
}

const Selection& SelectionHistory::back()
{
    if (canGoBack())
        --m_at;
    m_gesture = false;
    return current();
}

const Selection& SelectionHistory::forward()
{
    if (canGoForward())
        ++m_at;
    m_gesture = false;
    return current();
}

} // namespace moescope::ui
