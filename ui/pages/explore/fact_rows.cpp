// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/fact_rows.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/pages/explore/roles.h"
#include "ui/style/style.h"

namespace moescope::ui {

FactRows::FactRows(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(style.pxInt(4));
}

void FactRows::setFacts(const QList<Fact>& facts)
{
    while (m_rows.size() > facts.size())
        delete m_rows.takeLast().box;
    while (m_rows.size() < facts.size()) {
        auto* box = new QWidget(this);
        auto* row = new QHBoxLayout(box);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(m_style.pxInt(8));
        auto* name = makeLabel(QStringLiteral("muted"), {}, box);
        auto* value = makeLabel(QStringLiteral("number"), {}, box);
        name->setWordWrap(true);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        row->addWidget(name, 1);
        row->addWidget(value, 0, Qt::AlignTop);
        m_column->addWidget(box);
        m_rows.append({box, name, value});
    }
    QStringList spoken;
    for (qsizetype i = 0; i < facts.size(); ++i) {
        const auto [box, name, value] = m_rows[i];
        const Fact& fact = facts[i];
        name->setText(fact.name);
        value->setText(fact.value);
        setRole(name, fact.isNull ? QStringLiteral("null") : QStringLiteral("muted"));
        setRole(value, fact.isNull ? QStringLiteral("null") : QStringLiteral("number"));
        box->setToolTip(fact.help);
        spoken += fact.name + QLatin1Char(' ') + fact.value;
    }
    setAccessibleDescription(spoken.join(QStringLiteral("; ")));
    setVisible(!facts.isEmpty());
}

} // namespace moescope::ui
