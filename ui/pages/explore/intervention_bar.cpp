// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/intervention_bar.h"

#include <QLabel>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QVBoxLayout>

#include "core/model/open_model.h"
#include "ui/pages/explore/flow_layout.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/elided_label.h"
#include "ui/style/inline_message.h"
#include "ui/style/number_field.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

const RouterSpec* routerOf(const Session& session)
{
    const auto& open = session.model();
    return open && open->model ? &open->model->config().router : nullptr;
}

QString expertList(const QString& what, const std::vector<Interventions::ExpertAt>& experts)
{
    QStringList names;
    for (const auto& at : experts)
        names += QStringLiteral("L%1 E%2").arg(at.layer.value).arg(at.expert.value);
    return names.isEmpty() ? QString() : what + QLatin1Char(' ') + names.join(QStringLiteral(", "));
}

} // namespace

QString interventionList(const Session& session)
{
    const Interventions& now = session.interventions().current();
    QStringList parts;
    if (now.topK)
        parts += counted(*now.topK, InterventionBar::tr("expert per token"),
            InterventionBar::tr("experts per token"));
    parts += expertList(InterventionBar::tr("masked:"), now.masked);
    parts += expertList(InterventionBar::tr("forced:"), now.forced);
    parts.removeAll(QString());
    return parts.join(QStringLiteral(" · "));
}

InterventionBar::InterventionBar(Style& style, Session& session, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_slider(new QSlider(Qt::Horizontal, this))
    , m_spin(new QSpinBox(this))
    , m_of(new ElidedLabel(this))
    , m_list(new ElidedLabel(this))
    , m_undo(new QPushButton(tr("Undo"), this))
    , m_redo(new QPushButton(tr("Redo"), this))
    , m_clear(new QPushButton(tr("Remove all"), this))
    , m_message(new InlineMessage(style, this))
{
    setObjectName(QStringLiteral("interventionBar"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto* row = new FlowLayout(style.pxInt(8));
    auto* name = makeLabel(QStringLiteral("heading"), tr("Experts per token"), this);
    name->setBuddy(m_slider);
    m_slider->setObjectName(QStringLiteral("topK"));
    m_slider->setAccessibleName(tr("Experts per token"));
    m_slider->setTracking(false); // one step of undo for one drag
    m_slider->setFixedWidth(style.pxInt(140));
    m_slider->setMinimumHeight(style.pxInt(24));
    const QString help = tr("How many experts every layer chooses for a token. The untouched run "
                            "stays beside for comparison.");
    m_slider->setToolTip(help);
    m_spin->setToolTip(help);
    m_spin->setObjectName(QStringLiteral("topKSpin"));
    m_spin->setAccessibleName(tr("Experts per token"));
    m_spin->setKeyboardTracking(false);
    m_spin->setButtonSymbols(QAbstractSpinBox::NoButtons);
    handOnUndo(m_spin);
    m_of->setProperty("role", QStringLiteral("muted"));
    m_list->setObjectName(QStringLiteral("interventionList"));
    m_undo->setObjectName(QStringLiteral("undoIntervention"));
    m_redo->setObjectName(QStringLiteral("redoIntervention"));
    m_clear->setObjectName(QStringLiteral("clearInterventions"));
    row->addWidget(name);
    row->addWidget(m_slider);
    row->addWidget(m_spin);
    row->addWidget(m_of);
    row->addWidget(m_list);
    row->addWidget(m_undo);
    row->addWidget(m_redo);
    row->addWidget(m_clear);
    column->addLayout(row);
    column->addWidget(m_message);

    connect(m_slider, &QSlider::valueChanged, this, &InterventionBar::setK);
    connect(m_spin, &QSpinBox::valueChanged, this, &InterventionBar::setK);
    QUndoStack& undo = session.interventions().undoStack();
    connect(m_undo, &QPushButton::clicked, &undo, &QUndoStack::undo);
    connect(m_redo, &QPushButton::clicked, &undo, &QUndoStack::redo);
    connect(m_clear, &QPushButton::clicked, this, [this] { m_session.interventions().clear(); });
    connect(m_message, &InlineMessage::actionTriggered, &undo, &QUndoStack::undo);
    connect(&undo, &QUndoStack::indexChanged, this, &InterventionBar::follow);
    connect(&session.interventions(), &InterventionStack::changed, this, &InterventionBar::follow);
    connect(&session, &Session::modelOpened, this, &InterventionBar::follow);
    connect(&session, &Session::exploreChanged, m_message, [this] { m_message->clear(); });
    follow();
}

void InterventionBar::setK(int k)
{
    const RouterSpec* router = routerOf(m_session);
    if (!router)
        return;
    const auto wanted = static_cast<std::uint32_t>(k);
    m_session.interventions().setTopK(
        wanted == router->topK ? std::nullopt : std::optional(wanted));
}

void InterventionBar::follow()
{
    const RouterSpec* router = routerOf(m_session);
    if (!router || router->experts == 0)
        return;
    const InterventionStack& changes = m_session.interventions();
    const int k = static_cast<int>(changes.current().topK.value_or(router->topK));
    for (QObject* control : {static_cast<QObject*>(m_slider), static_cast<QObject*>(m_spin)})
        control->blockSignals(true);
    m_slider->setRange(1, static_cast<int>(router->experts));
    m_spin->setRange(1, static_cast<int>(router->experts));
    m_slider->setValue(k);
    m_spin->setValue(k);
    for (QObject* control : {static_cast<QObject*>(m_slider), static_cast<QObject*>(m_spin)})
        control->blockSignals(false);
    m_of->setText(tr("of %1, the model takes %2").arg(router->experts).arg(router->topK));
    const QString list = interventionList(m_session);
    m_list->setText(
        list.isEmpty() ? tr("Right-click an expert's column to mask or force it.") : list);
    setRole(m_list, list.isEmpty() ? QStringLiteral("muted") : QString());
    QUndoStack& undo = m_session.interventions().undoStack();
    m_undo->setEnabled(undo.canUndo());
    m_undo->setToolTip(
        undo.canUndo() ? tr("Undo: %1 (Ctrl+Z)").arg(undo.undoText()) : tr("Nothing to undo"));
    m_redo->setEnabled(undo.canRedo());
    m_redo->setToolTip(undo.canRedo() ? tr("Redo: %1 (Ctrl+Shift+Z)").arg(undo.redoText())
                                      : tr("Nothing to redo"));
    m_clear->setEnabled(!changes.isEmpty());
    m_message->clear();
}

void InterventionBar::showFailure(const QString& message)
{
    m_message->showMessage(InlineMessage::Kind::Error, message,
        m_session.interventions().undoStack().canUndo() ? tr("Undo") : QString());
}

} // namespace moescope::ui
