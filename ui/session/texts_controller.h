// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>

#include <QObject>
#include <QString>

namespace moescope {
struct TextSet;
} // namespace moescope

namespace moescope::ui {

class JobRunner;
class Session;

/// Opens text sets for the session, counts their tokens again with every model, and makes their
/// documents prompts.
class TextsController : public QObject {
    Q_OBJECT

public:
    /// Longest beginning of a document that becomes a prompt, in tokens: enough to read on the
    /// page, and seconds of work for a large model.
    static constexpr std::size_t kPromptTokens = 512;

    TextsController(Session& session, JobRunner& runner, QObject* parent = nullptr);

    /// A .jsonl or .txt file. Ends in the session's textsChanged or in failed. The document of a
    /// set of one becomes the prompt.
    void open(const QString& path);
    void close();
    /// Makes the document, or its beginning, the first prompt. Fails without a tokenizer.
    void show(std::size_t document);

signals:
    /// One sentence.
    void failed(const QString& message);

private:
    void summarise(const std::shared_ptr<const TextSet>& texts);

    Session& m_session;
    JobRunner& m_runner;
};

} // namespace moescope::ui
