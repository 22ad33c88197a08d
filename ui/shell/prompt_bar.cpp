// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/prompt_bar.h"

#include <utility>

#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QToolButton>

#include "core/base/text.h"
#include "core/model/open_model.h"
#include "core/semantics/patterns.h"
#include "ui/session/explore_controller.h"
#include "ui/session/session.h"
#include "ui/shell/icons.h"
#include "ui/shell/prompt_field.h"
#include "ui/shell/settings.h"
#include "ui/shell/token_ids.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

/// Small and valid in any vocabulary: something to see when there is no tokenizer for a text.
const std::vector<std::int32_t> kFirstIds{1, 2, 3, 4, 5, 6, 7, 8};

bool isShaped(const QString& text, const ChatShape& shape)
{
    const QString before = QString::fromStdString(shape.before);
    const QString after = QString::fromStdString(shape.after);
    return text.size() >= before.size() + after.size() && text.startsWith(before)
        && text.endsWith(after);
}

QString shortened(QString prompt)
{
    constexpr int kLongest = 60;
    prompt.replace(QLatin1Char('\n'), QStringLiteral(" ⏎ "))
        .replace(QLatin1Char('&'), QStringLiteral("&&"));
    return prompt.size() <= kLongest ? prompt : prompt.left(kLongest - 1) + QChar(0x2026);
}

} // namespace

PromptBar::PromptBar(
    Style& style, Session& session, ExploreController& explore, Settings& settings, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_session(session)
    , m_explore(explore)
    , m_settings(settings)
    , m_layout(new QHBoxLayout(this))
    , m_first(makeField(QStringLiteral("prompt"), tr("Prompt")))
    , m_second(makeField(QStringLiteral("comparePrompt"), tr("Prompt to compare with")))
    , m_examples(
          makeTool(QStringLiteral("examples"), QStringLiteral("examples"), tr("Example prompts")))
    , m_bos(new QPushButton(tr("BOS"), this))
    , m_chat(new QPushButton(tr("Chat"), this))
    , m_firstIds(makeIdsButton(m_first))
    , m_secondIds(makeIdsButton(m_second))
    , m_add(makeTool(
          QStringLiteral("addCompare"), QStringLiteral("plus"), tr("Compare with a second prompt")))
    , m_analyse(new QPushButton(tr("Analyse"), this))
{
    setObjectName(QStringLiteral("promptBar"));
    m_history.setEntries(settings.promptHistory());
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->addWidget(m_first, 1, Qt::AlignTop);
    m_layout->addWidget(m_second, 1, Qt::AlignTop);
    m_layout->addWidget(m_analyse, 0, Qt::AlignTop);
    m_second->hide();

    m_bos->setObjectName(QStringLiteral("bos"));
    m_bos->setProperty("role", QStringLiteral("segment"));
    m_bos->setFocusPolicy(Qt::TabFocus);
    m_bos->setCheckable(true);
    m_bos->setChecked(true);
    m_bos->hide(); // until a model says whether it has one
    connect(m_bos, &QPushButton::clicked, this, &PromptBar::submit);
    m_chat->setObjectName(QStringLiteral("chat"));
    m_chat->setProperty("role", QStringLiteral("segment"));
    m_chat->setFocusPolicy(Qt::TabFocus);
    m_chat->setCheckable(true);
    m_chat->hide();
    connect(m_chat, &QPushButton::clicked, this, &PromptBar::setChat);
    auto* menu = new QMenu(m_examples);
    menu->setObjectName(QStringLiteral("examplesMenu"));
    m_examples->setMenu(menu);
    m_examples->setPopupMode(QToolButton::InstantPopup);
    fillExamples();
    connect(m_add, &QToolButton::clicked, this, [this] { setComparing(true); });
    m_first->addControl(m_firstIds);
    m_first->addControl(m_examples);
    m_first->addControl(m_chat);
    m_first->addControl(m_bos);
    m_first->addControl(m_add);
    QToolButton* remove = makeTool(
        QStringLiteral("removeCompare"), QStringLiteral("close"), tr("Stop comparing prompts"));
    connect(remove, &QToolButton::clicked, this, [this] { setComparing(false); });
    m_second->addControl(m_secondIds);
    m_second->addControl(remove);

    m_analyse->setObjectName(QStringLiteral("analyse"));
    m_analyse->setProperty("role", QStringLiteral("primary"));
    m_analyse->setIcon(themedIcon(style, QStringLiteral("enter"), IconInk::OnAccent));
    m_analyse->setLayoutDirection(Qt::RightToLeft);
    m_analyse->setToolTip(tr("Run the prompt (Enter)"));
    connect(m_analyse, &QPushButton::clicked, this, &PromptBar::submit);

    connect(&session, &Session::modelOpened, this, &PromptBar::onModelOpened);
    connect(&session, &Session::promptChanged, this, &PromptBar::onPromptChanged);
    connect(&session.interventions(), &InterventionStack::changed, this,
        &PromptBar::onInterventionsChanged);
    connect(&style, &Style::changed, this, &PromptBar::restyle);
    restyle();
    onPromptChanged();
}

PromptField* PromptBar::makeField(const QString& name, const QString& accessibleName)
{
    auto* field = new PromptField(m_style, this);
    field->edit()->setObjectName(name);
    field->edit()->setAccessibleName(accessibleName);
    field->edit()->setPlaceholderText(tr("Type a prompt and press Enter"));
    connect(field->edit(), &PromptEdit::submitted, this, &PromptBar::submit);
    connect(field->edit(), &QPlainTextEdit::textChanged, this, &PromptBar::onEdited);
    const auto show = [this, field](const std::optional<QString>& entry) {
        if (!entry)
            return;
        const QScopedValueRollback silent(m_silent, true);
        markIds(*field, false);
        field->setText(*entry);
    };
    connect(field->edit(), &PromptEdit::olderWanted, this,
        [this, field, show] { show(m_history.older(field->text())); });
    connect(
        field->edit(), &PromptEdit::newerWanted, this, [this, show] { show(m_history.newer()); });
    return field;
}

QPushButton* PromptBar::makeIdsButton(PromptField* field)
{
    auto* button = new QPushButton(tr("Token ids"), this);
    button->setObjectName(
        field == m_first ? QStringLiteral("promptIds") : QStringLiteral("comparePromptIds"));
    button->setProperty("role", QStringLiteral("segment"));
    button->setFocusPolicy(Qt::TabFocus);
    button->setCheckable(true);
    const QString help
        = tr("These numbers are token ids: as a text the tokens would not be quite the same. "
             "Press to go on with the text.");
    button->setToolTip(QStringLiteral("<p>") + help);
    button->setAccessibleDescription(help);
    button->hide();
    connect(button, &QPushButton::clicked, this, [this, field] {
        spellOut(*field);
        submit();
    });
    return button;
}

QToolButton* PromptBar::makeTool(const QString& name, const QString& icon, const QString& tip)
{
    auto* tool = new QToolButton(this);
    tool->setObjectName(name);
    tool->setProperty("role", QStringLiteral("flat"));
    tool->setFocusPolicy(Qt::TabFocus);
    tool->setToolTip(tip);
    tool->setAccessibleName(tip);
    if (!icon.isEmpty())
        tool->setIcon(themedIcon(m_style, icon, IconInk::Muted));
    return tool;
}

void PromptBar::restyle()
{
    m_layout->setSpacing(m_style.pxInt(8));
    m_analyse->setMinimumHeight(m_style.pxInt(kControlHeight));
    const QSize icon(m_style.pxInt(16), m_style.pxInt(16));
    for (QToolButton* tool : findChildren<QToolButton*>())
        tool->setIconSize(icon);
    m_analyse->setIconSize(icon);
}

void PromptBar::fillExamples()
{
    QMenu* menu = m_examples->menu();
    const auto fill = [this](QMenu* into, std::span<const std::string> prompts) {
        for (const std::string& prompt : prompts) {
            const QString text = QString::fromStdString(prompt);
            QAction* action = into->addAction(shortened(text));
            connect(action, &QAction::triggered, this, [this, text] { usePrompt(text); });
        }
    };
    fill(menu->addMenu(tr("from the literature")), sourcePrompts());
    menu->addSeparator();
    for (const Category& category : categories())
        if (!category.prompts.empty())
            fill(menu->addMenu(QString::fromStdString(category.id)), category.prompts);
}

void PromptBar::usePrompt(const QString& prompt)
{
    const bool second = isComparing() && m_second->edit()->hasFocus();
    PromptField* field = second ? m_second : m_first;
    markIds(*field, false);
    field->setText(prompt);
    submit();
}

void PromptBar::focusPrompt()
{
    m_first->edit()->setFocus(Qt::ShortcutFocusReason);
    m_first->edit()->selectAll();
}

bool PromptBar::isComparing() const
{
    return !m_second->isHidden();
}

void PromptBar::setComparing(bool comparing)
{
    if (comparing == isComparing())
        return;
    m_second->setVisible(comparing);
    m_add->setVisible(!comparing);
    placeChat();
    m_first->setLetter(comparing ? QStringLiteral("A") : QString());
    m_second->setLetter(comparing ? QStringLiteral("B") : QString());
    if (comparing) {
        m_second->edit()->setFocus(Qt::OtherFocusReason);
        return; // nothing to run before something is typed
    }
    m_first->edit()->setFocus(Qt::OtherFocusReason);
    if (m_session.comparePrompt())
        submit();
}

QPushButton* PromptBar::idsButton(const PromptField& field) const
{
    return &field == m_first ? m_firstIds : m_secondIds;
}

bool PromptBar::holdsIds(const PromptField& field) const
{
    return m_ids || !idsButton(field)->isHidden();
}

void PromptBar::markIds(PromptField& field, bool ids)
{
    QPushButton* button = idsButton(field);
    button->setVisible(ids && !m_ids);
    button->setChecked(ids && !m_ids);
}

void PromptBar::spellOut(PromptField& field)
{
    const auto ids = parseTokenIds(field.text());
    markIds(field, false);
    if (ids && m_session.model())
        field.setText(spellTokenIds(*m_session.model(), *ids));
}

Result<TraceRequest> PromptBar::request(const PromptField& field) const
{
    TraceRequest request;
    request.addSpecial = m_bos->isChecked();
    if (holdsIds(field)) {
        MOESCOPE_TRY(request.ids, parseTokenIds(field.text()));
    } else {
        request.text = field.text().toStdString();
    }
    return request;
}

Result<std::optional<TraceRequest>> PromptBar::compareRequest() const
{
    if (!isComparing() || m_second->text().trimmed().isEmpty())
        return std::optional<TraceRequest>();
    MOESCOPE_TRY(TraceRequest compare, request(*m_second));
    return std::optional(std::move(compare));
}

void PromptBar::submit()
{
    if (m_first->text().trimmed().isEmpty()) {
        emit rejected(tr("Type a prompt first, or choose one of the examples."));
        focusPrompt();
        return;
    }
    const auto prompt = request(*m_first);
    const auto compare = compareRequest();
    if (!prompt || !compare) {
        emit rejected(QString::fromStdString((prompt ? compare.error() : prompt.error()).message));
        return;
    }
    if (m_ids || !holdsIds(*m_first))
        m_history.add(m_first->text());
    if (*compare && (m_ids || !holdsIds(*m_second)))
        m_history.add(m_second->text());
    m_settings.setPromptHistory(m_history.entries());
    m_explore.submit(*prompt, *compare);
}

void PromptBar::setChat(bool chat)
{
    if (!m_shape)
        return;
    const QString before = QString::fromStdString(m_shape->before);
    const QString after = QString::fromStdString(m_shape->after);
    for (PromptField* field : {m_first, m_second}) {
        if (holdsIds(*field))
            spellOut(*field);
        const QString text = field->text();
        const bool shaped = isShaped(text, *m_shape);
        if (chat && !shaped && !text.trimmed().isEmpty())
            field->setText(before + text + after);
        else if (!chat && shaped)
            field->setText(text.mid(before.size(), text.size() - before.size() - after.size()));
    }
    submit();
}

/// What cannot be pressed makes room for a second prompt.
void PromptBar::placeChat()
{
    const auto& open = m_session.model();
    m_chat->setVisible(open && open->model && open->tokenizer && (m_shape || !isComparing()));
}

void PromptBar::updateChat()
{
    m_shape.reset();
    const OpenModel& open = *m_session.model();
    const auto shape = chatShapeOf(open);
    if (shape)
        m_shape = *shape;
    m_chat->setEnabled(m_shape.has_value());
    placeChat();
    m_chat->setChecked(m_shape && isShaped(m_first->text(), *m_shape));
    m_chat->setToolTip(m_shape ? tr("Put the prompt into a user's turn: %1…%2")
                                     .arg(QString::fromStdString(visibleToken(m_shape->before)),
                                         QString::fromStdString(visibleToken(m_shape->after)))
                               : QString::fromStdString(shape.error().message));
    m_chat->setAccessibleDescription(m_chat->toolTip());
}

void PromptBar::onEdited()
{
    for (PromptField* field : {m_first, m_second}) {
        if (m_ids || !holdsIds(*field))
            continue;
        const auto ids = parseTokenIds(field->text());
        if (!ids || ids->empty())
            markIds(*field, false); // words are a text
    }
    if (m_shape)
        m_chat->setChecked(isShaped(m_first->text(), *m_shape));
    if (m_silent)
        return;
    m_history.stop();
    const auto prompt = request(*m_first);
    const auto compare = compareRequest();
    if (prompt && compare)
        m_explore.typed(*prompt, *compare);
}

void PromptBar::onModelOpened()
{
    const OpenModel& open = *m_session.model();
    const bool ids = open.model && !open.tokenizer;
    const bool addsSpecial = open.tokenizer && open.tokenizer->bosId();
    m_bos->setEnabled(addsSpecial);
    m_bos->setVisible(addsSpecial);
    m_bos->setToolTip(addsSpecial ? tr("Begin with the model's own first token (BOS)")
            : open.tokenizer      ? tr("This model's tokenizer puts no token in front")
                                  : tr("Only a tokenizer knows what comes in front"));
    m_bos->setAccessibleName(m_bos->toolTip());
    m_examples->setEnabled(!ids);
    updateChat();
    const QString hint = ids ? tr("Token ids such as 1, 50, 7 (this model has no usable tokenizer)")
                             : tr("Type a prompt and press Enter");
    m_first->edit()->setPlaceholderText(hint);
    m_second->edit()->setPlaceholderText(hint);
    if (ids == m_ids) {
        respellIds();
        return;
    }
    m_ids = ids;
    TraceRequest prompt = m_session.prompt();
    std::optional<TraceRequest> compare = m_session.comparePrompt();
    if (ids) {
        m_lastText = QString::fromStdString(prompt.text);
        // Numbers may have been meant as ids all along, as on the command line.
        if (prompt.ids.empty())
            prompt.ids = parseTokenIds(m_lastText).value_or(std::vector<std::int32_t>{});
        if (prompt.ids.empty())
            prompt.ids = kFirstIds;
        if (compare && compare->ids.empty())
            compare->ids = parseTokenIds(QString::fromStdString(compare->text))
                               .value_or(std::vector<std::int32_t>{});
        if (compare && compare->ids.empty())
            compare.reset();
        prompt.text.clear();
        if (compare)
            compare->text.clear();
    } else {
        compare.reset();
        prompt.ids.clear();
        if (prompt.text.empty())
            prompt.text = m_lastText.toStdString();
    }
    setComparing(compare.has_value());
    m_session.setPrompts(std::move(prompt), std::move(compare));
}

/// Ids that were given under another model mean other tokens here: their text is what stays.
void PromptBar::respellIds()
{
    TraceRequest prompt = m_session.prompt();
    if (m_ids || prompt.ids.empty())
        return;
    const QString spelled = spellTokenIds(*m_session.model(), prompt.ids);
    const QString before = std::exchange(m_spelled, spelled);
    if (before.isEmpty() || before == spelled)
        return;
    prompt.ids.clear();
    prompt.text = before.toStdString();
    m_session.setPrompts(std::move(prompt), {});
}

void PromptBar::onPromptChanged()
{
    const QScopedValueRollback silent(m_silent, true);
    const auto shown = [](const TraceRequest& request) {
        return request.ids.empty() ? QString::fromStdString(request.text)
                                   : formatTokenIds(request.ids);
    };
    const auto same = [this](const PromptField& field, const TraceRequest& wanted) {
        const auto typed = request(field);
        return typed && typed->text == wanted.text && typed->ids == wanted.ids;
    };
    const TraceRequest& prompt = m_session.prompt();
    markIds(*m_first, !prompt.ids.empty());
    m_spelled = prompt.ids.empty() || !m_session.model()
        ? QString()
        : spellTokenIds(*m_session.model(), prompt.ids);
    if (!same(*m_first, prompt))
        m_first->setText(shown(prompt));
    m_bos->setChecked(prompt.addSpecial);
    const auto& compare = m_session.comparePrompt();
    markIds(*m_second, compare && !compare->ids.empty());
    if (compare) {
        if (!same(*m_second, *compare))
            m_second->setText(shown(*compare));
        if (!isComparing()) {
            const QWidget* focused = m_first->window()->focusWidget();
            setComparing(true);
            if (focused != m_second->edit())
                m_first->edit()->setFocus(Qt::OtherFocusReason);
        }
    }
}

void PromptBar::onInterventionsChanged()
{
    const bool free = m_session.interventions().isEmpty();
    m_second->setEnabled(free);
    m_add->setEnabled(free);
    const QString reason = free
        ? tr("Compare with a second prompt")
        : tr("The prompt is being compared with itself under interventions; undo "
             "them to compare two prompts");
    m_add->setToolTip(reason);
    m_second->setToolTip(free ? QString() : reason);
}

} // namespace moescope::ui
