// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/texts_bar.h"

#include <algorithm>
#include <string_view>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QToolButton>

#include "core/base/text.h"
#include "core/experiments/text_set_summary.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/shell/icons.h"
#include "ui/style/elided_label.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

QString number(std::size_t value)
{
    return QString::fromStdString(formatCount(value));
}

QString shown(std::string_view text)
{
    return QString::fromStdString(displayName(text));
}

} // namespace

TextsBar::TextsBar(Style& style, Session& session, TextsController& texts, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_session(session)
    , m_texts(texts)
    , m_layout(new QHBoxLayout(this))
    , m_name(new QLabel(this))
    , m_counts(new ElidedLabel(this))
    , m_domain(new QComboBox(this))
    , m_previous(makeTool("previousDocument", "back", tr("The document before (Alt+Page Up)")))
    , m_place(new QLabel(this))
    , m_next(makeTool("nextDocument", "forward", tr("The next document (Alt+Page Down)")))
    , m_details(new QPushButton(tr("Documents…"), this))
    , m_close(makeTool("closeTexts", "close", tr("Close the text set")))
{
    setObjectName(QStringLiteral("textsBar"));
    m_name->setProperty("role", QStringLiteral("heading"));
    m_name->setTextFormat(Qt::PlainText);
    m_counts->setObjectName(QStringLiteral("textsCounts"));
    m_counts->setProperty("role", QStringLiteral("muted"));
    m_counts->setTextFormat(Qt::PlainText);
    m_place->setObjectName(QStringLiteral("textsPlace"));
    m_place->setProperty("role", QStringLiteral("muted"));
    m_place->setTextFormat(Qt::PlainText);
    m_domain->setObjectName(QStringLiteral("textsDomain"));
    m_domain->setAccessibleName(tr("Domain whose documents are walked through"));
    m_domain->setToolTip(m_domain->accessibleName());
    m_domain->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_details->setObjectName(QStringLiteral("textsDetails"));
    m_details->setToolTip(tr("All documents and domains of the set"));

    m_layout->addWidget(m_name);
    m_layout->addWidget(m_counts, 1);
    m_layout->addWidget(m_domain);
    m_layout->addWidget(m_previous);
    m_layout->addWidget(m_place);
    m_layout->addWidget(m_next);
    m_layout->addWidget(m_details);
    m_layout->addWidget(m_close);

    connect(m_previous, &QToolButton::clicked, this, [this] { step(-1); });
    connect(m_next, &QToolButton::clicked, this, [this] { step(1); });
    connect(m_domain, &QComboBox::currentIndexChanged, this, &TextsBar::updateWords);
    connect(m_details, &QPushButton::clicked, this, &TextsBar::detailsWanted);
    connect(m_close, &QToolButton::clicked, this, [this] { m_texts.close(); });
    connect(&session, &Session::textsChanged, this, &TextsBar::onTextsChanged);
    connect(&style, &Style::changed, this, &TextsBar::restyle);
    restyle();
    onTextsChanged();
}

QToolButton* TextsBar::makeTool(const char* name, const char* icon, const QString& tip)
{
    auto* tool = new QToolButton(this);
    tool->setObjectName(QLatin1String(name));
    tool->setProperty("role", QStringLiteral("flat"));
    tool->setFocusPolicy(Qt::TabFocus);
    tool->setToolTip(tip);
    tool->setAccessibleName(tip);
    tool->setIcon(themedIcon(m_style, QLatin1String(icon), IconInk::Muted));
    return tool;
}

void TextsBar::restyle()
{
    const int gap = m_style.pxInt(8);
    m_layout->setContentsMargins(m_style.pxInt(12), m_style.pxInt(4), gap, m_style.pxInt(5));
    m_layout->setSpacing(gap);
    const QSize icon(m_style.pxInt(16), m_style.pxInt(16));
    for (QToolButton* tool : {m_previous, m_next, m_close})
        tool->setIconSize(icon);
    update();
}

void TextsBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_style.theme().panel);
    painter.setPen(m_style.theme().hairline);
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

void TextsBar::onTextsChanged()
{
    const auto summary = m_session.texts();
    setVisible(summary != nullptr);
    if (!summary) {
        m_filledFor = nullptr;
        return;
    }
    if (m_filledFor != summary->texts.get())
        fillDomains();
    const auto tokens = summary->tokenCount();
    m_name->setText(shown(summary->texts->path.filename().native()));
    m_name->setToolTip(shown(summary->texts->path.native()));
    QStringList parts{summary->all.documents == 1
            ? tr("1 document")
            : tr("%1 documents").arg(number(summary->all.documents))};
    if (summary->domains.size() > 1)
        parts.append(tr("%1 domains").arg(summary->domains.size()));
    parts.append(tokens ? tr("%1 tokens").arg(number(*tokens))
                        : tr("tokens unknown: the model has no usable tokenizer"));
    m_counts->setText(parts.join(QStringLiteral(" · ")));
    updateWords();
}

void TextsBar::fillDomains()
{
    const QSignalBlocker quiet(m_domain);
    const TextSetSummary& summary = *m_session.texts();
    m_filledFor = summary.texts.get();
    m_domain->clear();
    m_domain->addItem(tr("All domains"));
    for (const auto& domain : summary.domains)
        m_domain->addItem(domain.name.empty() ? tr("no domain") : shown(domain.name),
            QByteArray::fromStdString(domain.name));
    m_domain->setVisible(summary.domains.size() > 1);
}

std::vector<std::size_t> TextsBar::chosen() const
{
    std::vector<std::size_t> documents;
    const auto summary = m_session.texts();
    if (!summary)
        return documents;
    const bool all = m_domain->currentIndex() <= 0;
    const std::string domain = m_domain->currentData().toByteArray().toStdString();
    for (std::size_t i = 0; i < summary->texts->documents.size(); ++i)
        if (all || summary->texts->documents[i].domain == domain)
            documents.push_back(i);
    return documents;
}

void TextsBar::step(int by)
{
    const std::vector<std::size_t> documents = chosen();
    if (documents.empty())
        return;
    const auto current = m_session.document();
    if (!current) {
        m_texts.show(documents.front());
        return;
    }
    // The current document may be of another domain: the next of this one after it is meant.
    const auto at = std::lower_bound(documents.begin(), documents.end(), *current);
    if (by < 0 && at != documents.begin())
        m_texts.show(*(at - 1));
    if (by < 0)
        return;
    const bool here = at != documents.end() && *at == *current;
    const auto next = here ? at + 1 : at;
    if (next != documents.end())
        m_texts.show(*next);
}

void TextsBar::updateWords()
{
    const auto summary = m_session.texts();
    if (!summary)
        return;
    const std::vector<std::size_t> documents = chosen();
    const auto current = m_session.document();
    const bool usable = summary->tokens.has_value();
    m_previous->setEnabled(usable && current && documents.front() < *current);
    m_next->setEnabled(usable && (!current || documents.back() > *current));
    if (!current) {
        m_place->setText(usable ? tr("Choose a document") : QString());
        m_place->setToolTip({});
        return;
    }
    const TextDocument& document = summary->texts->documents[*current];
    const auto at = std::lower_bound(documents.begin(), documents.end(), *current);
    const bool here = at != documents.end() && *at == *current;
    const QString place = here
        ? tr("%1 of %2")
              .arg(number(static_cast<std::size_t>(at - documents.begin()) + 1),
                  number(documents.size()))
        : shown(document.domain);
    const std::size_t tokens = usable ? (*summary->tokens)[*current] : 0;
    m_place->setText(tokens > TextsController::kPromptTokens
            ? tr("%1, its first %2 tokens").arg(place).arg(TextsController::kPromptTokens)
            : place);
    m_place->setToolTip(tr("%1: %2 tokens").arg(shown(document.name), number(tokens)));
}

} // namespace moescope::ui
