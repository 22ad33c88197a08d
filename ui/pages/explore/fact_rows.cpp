// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/fact_rows.h"

#include <QGridLayout>
#include <QLabel>

#include "ui/pages/explore/roles.h"
#include "ui/style/style.h"

namespace moescope::ui {

FactRows::FactRows(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(style.pxInt(8));
    m_grid->setVerticalSpacing(style.pxInt(4));
    m_grid->setColumnStretch(0, 1);
}

void FactRows::setFacts(const QList<Fact>& facts)
{
    while (m_rows.size() > facts.size()) {
        const auto [name, value] = m_rows.takeLast();
        delete name;
        delete value;
    }
    while (m_rows.size() < facts.size()) {
        auto* name = makeLabel(QStringLiteral("muted"), {}, this);
        auto* value = makeLabel(QStringLiteral("number"), {}, this);
        name->setWordWrap(true);
        value->setAlignment(Qt::AlignRight | Qt::AlignTop);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        const int row = static_cast<int>(m_rows.size());
        m_grid->addWidget(name, row, 0, Qt::AlignTop);
        m_grid->addWidget(value, row, 1, Qt::AlignTop);
        m_rows.append(std::pair(name, value));
    }
    QStringList spoken;
    for (qsizetype i = 0; i < facts.size(); ++i) {
        const auto [name, value] = m_rows[i];
        const Fact& fact = facts[i];
        name->setText(fact.name);
        value->setText(fact.value);
        setRole(name, fact.isNull ? QStringLiteral("null") : QStringLiteral("muted"));
        setRole(value, fact.isNull ? QStringLiteral("null") : QStringLiteral("number"));
        name->setToolTip(fact.help);
        value->setToolTip(fact.help);
        spoken += fact.name + QLatin1Char(' ') + fact.value;
    }
    setAccessibleDescription(spoken.join(QStringLiteral("; ")));
    setVisible(!facts.isEmpty());
}

} // namespace moescope::ui
