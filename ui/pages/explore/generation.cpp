// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/generation.h"

#include <algorithm>
#include <any>
#include <cmath>
#include <span>
#include <utility>

#include <QUndoCommand>

#include "core/base/text.h"
#include "core/experiments/continuation.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/explore_controller.h"
#include "ui/session/session.h"
#include "ui/shell/page.h"

namespace moescope::ui {

namespace {

QString key()
{
    return QStringLiteral("generate");
}

/// Tokens that are computed ahead where they are shown at a set speed. Each result holds the whole
/// run.
constexpr std::uint32_t kAhead = 2;

std::size_t generatedTokens(const ExploreResult::Side& side)
{
    return static_cast<std::size_t>(
        std::ranges::count(side.trace.tokens, true, &TraceToken::generated));
}

/// Undone, it brings back what stood in the prompt bar before; redone, what stood there then.
class KeptPrompt : public QUndoCommand {
public:
    KeptPrompt(const UiContext& context, TraceRequest prompt, std::optional<TraceRequest> compare)
        : QUndoCommand(Generation::tr("keep the continuation as prompt"))
        , m_context(context)
        , m_prompt(std::move(prompt))
        , m_compare(std::move(compare))
    {
    }
    void undo() override { swap(); }
    void redo() override { swap(); }

private:
    void swap()
    {
        const TraceRequest prompt
            = std::exchange(m_prompt, TraceRequest(m_context.session.prompt()));
        const std::optional<TraceRequest> compare
            = std::exchange(m_compare, std::optional(m_context.session.comparePrompt()));
        m_context.explore.submit(prompt, compare);
    }

    const UiContext m_context; // the command may outlive the page
    TraceRequest m_prompt;
    std::optional<TraceRequest> m_compare;
};

} // namespace

Generation::Generation(const UiContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context)
{
    m_pace.setSingleShot(true);
    connect(&m_pace, &QTimer::timeout, this, [this] {
        pump();
        emit changed();
    });
    Session& session = context.session;
    connect(&session, &Session::exploreChanged, this, &Generation::onExploreChanged);
    connect(&context.runner, &JobRunner::jobFinished, this, &Generation::changed);
    connect(&session, &Session::promptChanged, this, &Generation::reset);
    connect(&session, &Session::modelOpened, this, &Generation::reset);
    connect(&session, &Session::modelClosed, this, &Generation::reset);
    connect(&session.interventions(), &InterventionStack::changed, this, &Generation::reset);
}

Generation::~Generation() = default;

void Generation::setSettings(const Settings& settings)
{
    m_settings = settings;
}

bool Generation::canStart() const
{
    return m_context.session.explore() && m_context.explore.lexicon()
        && !m_context.explore.isRunning();
}

bool Generation::isWorking() const
{
    return m_context.runner.isRunning(key());
}

void Generation::onExploreChanged()
{
    if (m_context.session.explore() != m_showing)
        reset();
    emit changed();
}

void Generation::reset()
{
    m_context.runner.cancel(key());
    m_pace.stop();
    m_run.reset();
    m_base.reset();
    m_showing.reset();
    m_queue.clear();
    m_shownTokens = 0;
    m_wanted = 0;
    m_playing = false;
    m_stopping = false;
    m_ended = false;
    emit changed();
}

void Generation::play()
{
    if (!canStart() || m_playing)
        return;
    m_playing = true;
    m_wanted = m_settings.maxTokens;
    pump();
    emit changed();
}

void Generation::step()
{
    if (!canStart() || m_playing)
        return;
    ++m_wanted;
    pump();
    emit changed();
}

void Generation::stop()
{
    m_playing = false;
    m_wanted = 0;
    m_pace.stop();
    if (isWorking()) {
        m_stopping = true;
        m_context.runner.cancel(key());
    }
    emit changed();
}

void Generation::pump()
{
    if (m_wanted > 0 && !m_queue.empty())
        showNext();
    else if (m_wanted > 0 && !m_ended && (!isWorking() || m_stopping))
        compute();
    else if (!isWorking())
        m_playing = false;
}

void Generation::discard()
{
    const auto base = m_base;
    reset();
    if (base)
        m_context.session.setExplore(base);
}

std::uint32_t Generation::stepsWaiting() const
{
    std::uint32_t steps = 0;
    for (const Waiting& waiting : m_queue)
        steps += waiting.steps;
    return steps;
}

void Generation::compute()
{
    Session& session = m_context.session;
    if (!m_run) {
        ContinuationSpec spec;
        spec.explore = session.exploreSpec();
        spec.temperature = m_settings.temperature;
        spec.seed = m_settings.seed;
        m_run = std::make_shared<Continuation>(
            session.model(), m_context.explore.lexicon(), std::move(spec));
        m_base = session.explore();
        m_showing = m_base;
    }
    std::uint32_t tokens = m_wanted - std::min(m_wanted, stepsWaiting());
    if (m_settings.tokensPerSecond > 0)
        tokens = std::min(tokens, kAhead);
    auto work
        = [run = m_run, tokens](TaskContext& context) { return continueBy(*run, tokens, context); };
    auto done = [this, run = m_run.get()](const auto& answer) {
        if (run == m_run.get()) // not one that was given up meanwhile
            onDone(*answer);
    };
    auto partial = [this, run = m_run.get()](const std::any& unit) {
        if (run == m_run.get())
            onPartial(std::any_cast<std::shared_ptr<const ExploreResult>>(unit));
    };
    m_stopping = false;
    m_context.runner.start({key(), tr("Continuing the prompt"), JobSlot::Light}, this,
        std::move(work), std::move(done), std::move(partial));
}

void Generation::onPartial(const std::shared_ptr<const ExploreResult>& result)
{
    // Where every token is shown as it comes and the window is behind, the newest tells all.
    if (m_wanted > 0 && m_settings.tokensPerSecond <= 0 && !m_queue.empty()) {
        m_queue.back().result = result;
        ++m_queue.back().steps;
    } else {
        m_queue.push_back({result});
    }
    if (!m_pace.isActive() && m_wanted > 0)
        showNext();
}

void Generation::onDone(const Result<bool>& answer)
{
    m_stopping = false;
    if (answer)
        m_ended = !*answer;
    else if (answer.error().code != ErrorCode::Cancelled)
        emit failed(QString::fromStdString(answer.error().message));
    if (!answer || (m_ended && m_queue.empty())) {
        m_playing = false;
        m_wanted = 0;
    } else if (m_queue.empty() && !m_pace.isActive()) {
        pump();
    }
    emit changed();
}

void Generation::showNext()
{
    if (m_queue.empty() || m_wanted == 0)
        return;
    Session& session = m_context.session;
    const auto before = m_showing;
    m_showing = m_queue.front().result;
    m_wanted -= std::min(m_wanted, m_queue.front().steps);
    m_queue.pop_front();
    m_shownTokens = generatedTokens(m_showing->a);
    const Selection selection = session.selection();
    const auto tokens = [&](const ExploreResult& result) {
        return (selection.side == PromptSide::B && result.b ? *result.b : result.a)
            .trace.tokenCount();
    };
    // The eye follows the newest token as long as nothing else was chosen.
    const bool follows = before == m_base || selection.token() == tokens(*before) - 1;
    session.setExplore(m_showing);
    if (follows)
        session.selectToken(tokens(*m_showing) - 1, selection.side, true);
    if (m_playing && m_settings.tokensPerSecond > 0)
        m_pace.start(static_cast<int>(std::lround(1000 / m_settings.tokensPerSecond)));
    else if (!m_queue.empty())
        m_pace.start(0);
    if (m_wanted > stepsWaiting() && m_queue.size() < kAhead && !m_ended && !isWorking())
        compute();
    if (m_wanted == 0 || (m_queue.empty() && m_ended))
        m_playing = false;
    emit changed();
}

TraceRequest Generation::grown(const ExploreResult::Side& side, const TraceRequest& from) const
{
    TraceRequest request;
    request.addSpecial = from.addSpecial;
    // What ended the text is no part of it: nothing could be continued behind it.
    const auto& ends = m_context.session.model()->model->config().endTokens;
    std::span<const TraceToken> tokens = side.trace.tokens;
    std::string text = side.trace.prompt;
    while (!tokens.empty() && tokens.back().generated
        && std::ranges::find(ends, tokens.back().id) != ends.end()) {
        text.resize(std::min<std::size_t>(text.size(), tokens.back().begin));
        tokens = tokens.first(tokens.size() - 1);
    }
    std::vector<std::int32_t> ids;
    for (const TraceToken& token : tokens)
        ids.push_back(token.id);
    if (from.ids.empty() && isValidUtf8(text)) {
        request.text = std::move(text);
        // Text is what a person reads and edits, but only if it spells the very same tokens.
        if (const auto spelled = tokenizePrompt(*m_context.session.model(), request);
            spelled && std::ranges::equal(*spelled, ids, {}, &TraceToken::id))
            return request;
        request.text.clear();
    }
    request.ids = std::move(ids);
    return request;
}

void Generation::keepAsPrompt()
{
    if (!m_showing || !hasTokens())
        return;
    const auto kept = m_showing;
    Session& session = m_context.session;
    const TraceRequest prompt = grown(kept->a, session.prompt());
    std::optional<TraceRequest> compare = session.comparePrompt();
    if (compare && kept->b && session.interventions().isEmpty())
        compare = grown(*kept->b, *compare);
    session.interventions().undoStack().push(new KeptPrompt(m_context, prompt, std::move(compare)));
}

} // namespace moescope::ui
