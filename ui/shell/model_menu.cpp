// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/model_menu.h"

#include <QLabel>
#include <QWidgetAction>

#include "core/base/text.h"
#include "core/checkpoint/recent_models.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/shell/settings.h"

namespace moescope::ui {

namespace {

QString text(const std::string& value)
{
    return QString::fromStdString(value);
}

/// An ampersand would be taken for a mnemonic, a tab for the column of details.
QString literal(QString name)
{
    return name.replace(QLatin1Char('&'), QStringLiteral("&&"))
        .replace(QLatin1Char('\t'), QLatin1Char(' '));
}

} // namespace

ModelMenu::ModelMenu(
    ModelController& models, const Session& session, const Settings& settings, QWidget* parent)
    : QMenu(parent)
    , m_models(models)
    , m_session(session)
    , m_settings(settings)
{
    setObjectName(QStringLiteral("modelMenu"));
    setToolTipsVisible(true);
    connect(this, &QMenu::aboutToShow, this, [this] {
        fill();
        m_models.refreshHub();
    });
    connect(&models, &ModelController::hubChanged, this, [this] {
        if (isVisible())
            fill();
    });
}

void ModelMenu::addLastActions(const QList<QAction*>& actions)
{
    m_last = actions;
    fill();
}

void ModelMenu::addHeading(const QString& title)
{
    if (!isEmpty())
        addSeparator();
    auto* label = new QLabel(title);
    label->setProperty("role", QStringLiteral("section"));
    const int em = fontMetrics().height(); // in line with the entries
    label->setContentsMargins(em * 5 / 4, em / 4, em, em / 8);
    auto* action = new QWidgetAction(this);
    action->setText(title);
    action->setDefaultWidget(label);
    action->setEnabled(false);
    addAction(action);
}

void ModelMenu::addModel(
    const QString& what, const QString& name, const QString& detail, const QString& help)
{
    QAction* action = addAction(literal(name) + QLatin1Char('\t') + literal(detail));
    action->setToolTip(help);
    action->setData(what);
    const auto open = m_session.model();
    action->setCheckable(true);
    action->setChecked(open && text(open->path.string()) == what);
    connect(action, &QAction::triggered, this, [this, what] { emit chosen(what); });
}

void ModelMenu::fill()
{
    for (QAction* action : m_last)
        removeAction(action); // owned elsewhere, clear() would only hide that
    clear();
    addHeading(tr("Samples"));
    for (const SampleModel& sample : m_models.samples())
        addModel(text(sample.folder.string()), text(sample.title), text(sample.id),
            text(sample.history));

    bool first = true;
    for (const auto& path : readRecentModels(m_settings.recentFile())) {
        if (m_models.isSample(path))
            continue;
        if (first)
            addHeading(tr("Recent"));
        first = false;
        addModel(text(path.string()), text(displayName(path, m_models.samples())),
            text(path.parent_path().filename().string()), text(path.string()));
    }

    if (!m_models.hubModels().empty())
        addHeading(tr("Hugging Face cache"));
    for (const HubModel& model : m_models.hubModels()) {
        const QString family = model.modelType.empty()
            ? tr("unknown family")
            : text(moescope::displayName(model.modelType, 60));
        const QString size
            = model.complete ? text(formatBytes(model.bytes)) : tr("incomplete download");
        addModel(text(model.folder.string()), text(model.name),
            family + QStringLiteral(" · ") + size, text(model.folder.string()));
    }
    addSeparator();
    addActions(m_last);
}

} // namespace moescope::ui
