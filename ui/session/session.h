// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QObject>
#include <QString>

#include "core/trace/routing_trace.h"
#include "ui/session/intervention_stack.h"
#include "ui/session/selection.h"

namespace moescope {
struct OpenModel;
struct ExploreResult;
struct ExploreSpec;
struct MoeTypeResult;
struct TextSetSummary;
} // namespace moescope

namespace moescope::ui {

/// What the whole window looks at: one model, one prompt (or two that are compared), one selection,
/// and the results of that. Views read it, follow its signals and change it through its functions;
/// it computes nothing itself.
class Session : public QObject {
    Q_OBJECT

public:
    explicit Session(QObject* parent = nullptr);
    ~Session() override;

    // The model. Null before the first one; its `model` may be null too (unknown family, tensors
    // only).
    const std::shared_ptr<const OpenModel>& model() const { return m_model; }
    /// Clears results, interventions and the selection's history; the layer is kept when the new
    /// model has it.
    void setModel(std::shared_ptr<const OpenModel> model);
    void closeModel();
    /// What could not be opened and why; the model that was open stays.
    void failModel(const QString& what, const Error& error);

    // The prompts. Their `interventions` are always empty: those live in interventions().
    const TraceRequest& prompt() const { return m_prompt; }
    const std::optional<TraceRequest>& comparePrompt() const { return m_compare; }
    void setPrompts(TraceRequest prompt, std::optional<TraceRequest> compare);
    InterventionStack& interventions() { return m_interventions; }
    const InterventionStack& interventions() const { return m_interventions; }
    /// The run that prompts, interventions and layer ask for. With interventions, side B is prompt
    /// A with them.
    ExploreSpec exploreSpec() const;

    // The texts. Null while no text set is open.
    const std::shared_ptr<const TextSetSummary>& texts() const { return m_texts; }
    /// Gives up the document when the set is another one.
    void setTexts(std::shared_ptr<const TextSetSummary> texts);
    /// The document that the prompt was taken from last.
    std::optional<std::size_t> document() const { return m_document; }
    void setDocument(std::size_t document);

    // The selection. Every change is a step of the history unless it belongs to a running gesture.
    const Selection& selection() const { return m_history.current(); }
    void select(const Selection& selection, bool gesture = false);
    void selectLayer(LayerId layer, bool gesture = false);
    void selectToken(std::size_t token, PromptSide side = PromptSide::A, bool gesture = false);
    void selectTokens(TokenRange range, PromptSide side = PromptSide::A, bool gesture = false);
    void selectExpert(ExpertId expert, bool gesture = false);
    /// Ctrl+click: adds it to the experts, or takes it away.
    void toggleExpert(ExpertId expert);
    /// Esc: gives up the experts, then the tokens. False when there was nothing to give up.
    bool stepOut();
    bool canGoBack() const { return m_history.canGoBack(); }
    bool canGoForward() const { return m_history.canGoForward(); }
    void goBack();
    void goForward();

    const Hover& hover() const { return m_hover; }
    void setHover(const Hover& hover);

    // Results. Null while there is none for the open model.
    const std::shared_ptr<const ExploreResult>& explore() const { return m_explore; }
    void setExplore(std::shared_ptr<const ExploreResult> result);
    void failExplore(const Error& error);
    /// The error behind the last modelFailed or exploreFailed.
    const Error& lastFailure() const { return m_lastFailure; }
    /// Tells that a finished result of this experiment ("explore", "moe-type-analyze") is there to
    /// be exported.
    void publish(const QString& experiment) { emit resultPublished(experiment); }

signals:
    void modelOpened();
    void modelClosed();
    void modelFailed(const QString& what, const QString& message);
    void promptChanged();
    void textsChanged(); ///< the set or the document
    void exploreChanged();
    void exploreFailed(const QString& message);
    void selectionChanged();
    void hoverChanged();
    void resultPublished(const QString& experiment);

private:
    void fitTo(const ExploreResult& result);

    std::shared_ptr<const OpenModel> m_model;
    TraceRequest m_prompt;
    std::optional<TraceRequest> m_compare;
    std::shared_ptr<const TextSetSummary> m_texts;
    std::optional<std::size_t> m_document;
    InterventionStack m_interventions;
    SelectionHistory m_history;
    bool m_proposes = true; ///< nobody chose a token: every result proposes one
    Hover m_hover;
    std::shared_ptr<const ExploreResult> m_explore;
    Error m_lastFailure;
};

} // namespace moescope::ui
