// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/program.h"

#include <algorithm>
#include <utility>

#include <QFileInfo>

#include "core/experiments/explore.h"
#include "core/model/open_model.h"
#include "ui/shell/token_ids.h"

namespace moescope::ui {

namespace {

/// A bundled model is what a new user sees first.
QString firstModel(const ModelController& models)
{
    return models.samples().empty() ? QString()
                                    : QString::fromStdString(models.samples().front().id);
}

TraceRequest asRequest(const QString& text)
{
    TraceRequest request;
    request.text = text.toStdString();
    return request;
}

} // namespace

Program::Program(std::filesystem::path resources, std::unique_ptr<Settings> settings)
    : m_settings(std::move(settings))
    , m_models(m_session, m_runner, resources)
    , m_explore(m_session, m_runner, resources)
    , m_weights(m_session, m_runner)
    , m_texts(m_session, m_runner)
    , m_context{m_style, m_session, m_runner, m_models, m_explore, m_weights, m_texts}
{
    applySettings(*m_settings, m_context);
    m_style.applyToApplication();
    m_window = std::make_unique<MainWindow>(m_context, *m_settings);
}

Program::~Program() = default;

void Program::startPrompts(
    const StartOptions& options, const std::optional<Settings::LastSession>& last)
{
    TraceRequest prompt = m_session.prompt();
    std::optional<TraceRequest> compare;
    if (last && !options.prompt) {
        Settings::LastSession fitting = *last;
        if (!options.model.isEmpty() && QFileInfo(options.model) != QFileInfo(last->model)) {
            fitting.promptIds.clear(); // they mean other tokens in another model
            fitting.compareIds.clear();
        }
        if (!fitting.prompt.isEmpty() || !fitting.promptIds.empty()) {
            prompt = fitting.promptRequest();
            compare = fitting.compareRequest();
        }
    }
    if (options.prompt)
        prompt = asRequest(*options.prompt);
    if (options.compare)
        compare = asRequest(*options.compare);
    if (compare)
        compare->addSpecial = prompt.addSpecial;
    m_session.setPrompts(std::move(prompt), std::move(compare));
}

void Program::start(const StartOptions& options)
{
    const auto last = m_settings->lastSession();
    m_window->restoreWindow();
    if (options.size.isValid())
        m_window->resize(options.size);
    if (options.theme)
        m_style.setMode(*options.theme);
    startPrompts(options, last);
    if (last && last->layer)
        m_session.selectLayer(LayerId(*last->layer));
    m_wantedLayer = options.layer;
    m_wantedToken = options.token;
    m_wantedTexts = options.texts;
    m_wantedPrompt = options.prompt;

    const QString page = !options.page.isEmpty() ? options.page : last ? last->page : QString();
    if (!page.isEmpty() && !m_window->showPage(page) && !options.page.isEmpty())
        refuse(tr("There is no page called %1; there are %2.")
                   .arg(options.page, m_window->pageIds().join(QStringLiteral(", "))));

    connect(
        &m_session, &Session::modelOpened, this, &Program::onFirstModel, Qt::SingleShotConnection);
    connect(&m_session, &Session::exploreChanged, this, &Program::onFirstResult);
    if (options.model.endsWith(QLatin1String(".moescope"))) {
        m_window->openWorkspace(options.model);
        return;
    }
    if (!options.model.isEmpty()) {
        m_models.open(options.model);
        return;
    }
    m_models.open(last ? last->model : firstModel(m_models));
    if (!last)
        return;
    // The model of the last session may have been moved: better a sample than an empty window.
    connect(
        &m_session, &Session::modelFailed, this,
        [this](const QString&, const QString& message) {
            if (m_session.model())
                return;
            m_models.open(firstModel(m_models));
            connect(
                &m_session, &Session::modelOpened, m_window.get(),
                [this, message] { m_window->showError(message); }, Qt::SingleShotConnection);
        },
        Qt::SingleShotConnection);
}

void Program::onFirstModel()
{
    if (!m_wantedTexts.isEmpty()) {
        connect(&m_texts, &TextsController::failed, this, &Program::startRefused,
            Qt::SingleShotConnection);
        m_texts.open(m_wantedTexts);
    }
    const OpenModel& open = *m_session.model();
    if (m_wantedPrompt && open.model && !open.tokenizer && !parseTokenIds(*m_wantedPrompt))
        m_session.failExplore(open.tokenizerError);
    if (!m_wantedLayer)
        return;
    const LayerId layer(*m_wantedLayer);
    const auto& model = m_session.model()->model;
    if (!model)
        return;
    const auto& layers = model->mixtureLayers();
    if (std::find(layers.begin(), layers.end(), layer) == layers.end()) {
        refuse(tr("Layer %1 of this model has no experts; choose one of %2 to %3.")
                   .arg(layer.value)
                   .arg(layers.empty() ? 0 : layers.front().value)
                   .arg(layers.empty() ? 0 : layers.back().value));
        return;
    }
    m_session.selectLayer(layer);
}

void Program::onFirstResult()
{
    const auto result = m_session.explore();
    if (!result)
        return;
    disconnect(&m_session, &Session::exploreChanged, this, &Program::onFirstResult);
    if (!m_wantedToken)
        return;
    const std::size_t count = result->a.trace.tokenCount();
    if (*m_wantedToken >= count)
        refuse(tr("The prompt has tokens 0 to %1; there is no token %2.")
                   .arg(count - 1)
                   .arg(*m_wantedToken));
    else
        m_session.selectToken(*m_wantedToken);
}

void Program::refuse(const QString& message)
{
    m_window->showError(message);
    emit startRefused(message);
}

} // namespace moescope::ui
