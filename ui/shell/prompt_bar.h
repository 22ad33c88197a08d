// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QWidget>

#include "core/base/result.h"
#include "core/model/chat_shape.h"
#include "ui/shell/prompt_history.h"

class QHBoxLayout;
class QPushButton;
class QToolButton;

namespace moescope {
struct TraceRequest;
}

namespace moescope::ui {

class ExploreController;
class PromptField;
class Session;
class Settings;
class Style;

/// The prompt, a second one to compare with, and what goes with them: examples, BOS, the button
/// that runs them. Takes token ids instead of text when the open model has no tokenizer.
class PromptBar : public QWidget {
    Q_OBJECT

public:
    PromptBar(Style& style, Session& session, ExploreController& explore, Settings& settings,
        QWidget* parent = nullptr);

    void focusPrompt();
    void usePrompt(const QString& prompt); ///< puts it into the field in use and analyses it
    void submit();
    void setComparing(bool comparing);
    bool isComparing() const;

signals:
    /// What stands in the field cannot be a prompt; one sentence.
    void rejected(const QString& message);

private:
    PromptField* makeField(const QString& name, const QString& accessibleName);
    QPushButton* makeIdsButton(PromptField* field);
    QToolButton* makeTool(const QString& name, const QString& icon, const QString& tip);
    void fillExamples();
    void onModelOpened();
    void onPromptChanged();
    void respellIds();
    void onInterventionsChanged();
    void onEdited();
    /// Puts both prompts into the model's chat shape, or takes them out of it.
    void setChat(bool chat);
    void updateChat(); ///< of a new model; a shape in doubt disables it and says why
    void placeChat();
    void restyle();
    QPushButton* idsButton(const PromptField& field) const;
    bool holdsIds(const PromptField& field) const;
    /// Marks a field of numbers that are ids although the model has a tokenizer.
    void markIds(PromptField& field, bool ids);
    void spellOut(PromptField& field); ///< from ids to the text they decode to
    Result<TraceRequest> request(const PromptField& field) const;
    Result<std::optional<TraceRequest>> compareRequest() const;

    Style& m_style;
    Session& m_session;
    ExploreController& m_explore;
    Settings& m_settings;
    PromptHistory m_history;
    QHBoxLayout* m_layout;
    PromptField* m_first;
    PromptField* m_second;
    QToolButton* m_examples;
    QPushButton* m_bos;
    QPushButton* m_chat;
    QPushButton* m_firstIds;
    QPushButton* m_secondIds;
    QToolButton* m_add;
    QPushButton* m_analyse;
    std::optional<ChatShape> m_shape; ///< of the open model, where it is known
    bool m_ids = false; ///< the fields hold token ids
    bool m_silent = false; ///< the fields are being filled, not typed into
    QString m_spelled; ///< what the ids of the first field spelled when they were given
    QString m_lastText; ///< text prompt to return to after a model without tokenizer
};

} // namespace moescope::ui
