// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/texts_controller.h"

#include <utility>

#include <QFileInfo>

#include "core/experiments/text_set_summary.h"
#include "core/model/open_model.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/session.h"

namespace moescope::ui {

namespace {

QString key()
{
    return QStringLiteral("texts");
}

using Summary = std::shared_ptr<const TextSetSummary>;

Result<Summary> summaryOf(std::shared_ptr<const TextSet> texts,
    const std::shared_ptr<const OpenModel>& model, TaskContext& context)
{
    const Tokenizer* tokenizer = model ? model->tokenizer.get() : nullptr;
    MOESCOPE_TRY(TextSetSummary summary, summariseTexts(std::move(texts), tokenizer, context));
    return std::make_shared<const TextSetSummary>(std::move(summary));
}

} // namespace

TextsController::TextsController(Session& session, JobRunner& runner, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_runner(runner)
{
    connect(&session, &Session::modelOpened, this, [this] {
        if (m_session.texts())
            summarise(m_session.texts()->texts);
    });
}

void TextsController::open(const QString& path)
{
    auto work = [file = path.toStdString(), model = m_session.model()](
                    TaskContext& context) -> Result<Summary> {
        MOESCOPE_TRY(TextSet texts, readTextSet(file));
        return summaryOf(std::make_shared<const TextSet>(std::move(texts)), model, context);
    };
    auto done
        = [this, model = m_session.model()](const std::shared_ptr<const Result<Summary>>& answer) {
              if (!answer->has_value()) {
                  if (answer->error().code != ErrorCode::Cancelled)
                      emit failed(QString::fromStdString(answer->error().message));
                  return;
              }
              m_session.setTexts(**answer);
              if (m_session.model() != model)
                  summarise((**answer)->texts);
              else if ((**answer)->texts->documents.size() == 1)
                  show(0); // there is nothing to choose
          };
    m_runner.start({key(), tr("Reading %1").arg(QFileInfo(path).fileName()), JobSlot::Light}, this,
        std::move(work), std::move(done));
}

void TextsController::summarise(const std::shared_ptr<const TextSet>& texts)
{
    auto work = [texts, model = m_session.model()](TaskContext& context) -> Result<Summary> {
        return summaryOf(texts, model, context);
    };
    auto done = [this](const std::shared_ptr<const Result<Summary>>& answer) {
        if (answer->has_value())
            m_session.setTexts(**answer);
        else if (answer->error().code != ErrorCode::Cancelled)
            emit failed(QString::fromStdString(answer->error().message));
    };
    m_runner.start(
        {key(), tr("Counting tokens"), JobSlot::Light}, this, std::move(work), std::move(done));
}

void TextsController::close()
{
    m_runner.cancel(key());
    m_session.setTexts(nullptr);
}

void TextsController::show(std::size_t document)
{
    const auto summary = m_session.texts();
    const auto model = m_session.model();
    if (!summary || document >= summary->texts->documents.size() || !model)
        return;
    if (!model->tokenizer) {
        emit failed(tr("This model has no usable tokenizer, so texts cannot be run through it."));
        return;
    }
    const auto text
        = textPrefix(summary->texts->documents[document].text, *model->tokenizer, kPromptTokens);
    if (!text) {
        emit failed(QString::fromStdString(text.error().message));
        return;
    }
    TraceRequest prompt = m_session.prompt();
    prompt.ids.clear();
    prompt.text = *text;
    m_session.setDocument(document);
    m_session.setPrompts(std::move(prompt), m_session.comparePrompt());
}

} // namespace moescope::ui
