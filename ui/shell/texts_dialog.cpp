// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/texts_dialog.h"

#include <memory>

#include <QDialogButtonBox>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/experiments/text_set_summary.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_view.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/style/style.h"

namespace moescope::ui {

TextsDialog::TextsDialog(Style& style, Session& session, TextsController& texts, QWidget* parent)
    : QDialog(parent)
    , m_session(session)
    , m_domains(new FigurePanel(
          style, std::make_shared<const Figure>(textDomainsFigure(*session.texts())), this))
    , m_documents(new FigurePanel(
          style, std::make_shared<const Figure>(textDocumentsFigure(*session.texts())), this))
    , m_shown(session.texts().get())
{
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("textsDialog"));
    setWindowTitle(tr("Texts"));
    auto* split = new QSplitter(Qt::Vertical, this);
    split->addWidget(m_domains);
    split->addWidget(m_documents);
    split->setChildrenCollapsible(false);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 3);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* use = buttons->addButton(tr("Analyse the document"), QDialogButtonBox::ActionRole);
    use->setObjectName(QStringLiteral("analyseDocument"));
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    auto* table = qobject_cast<FigureTableView*>(m_documents->view());
    if (session.document())
        table->setCurrentRow(static_cast<int>(*session.document()));
    const auto show = [&texts](int row) {
        if (row >= 0)
            texts.show(static_cast<std::size_t>(row));
    };
    connect(table, &FigureTableView::rowActivated, this, show);
    connect(use, &QPushButton::clicked, this, [table, show] { show(table->currentRow()); });
    connect(&session, &Session::textsChanged, this, &TextsDialog::onTextsChanged);

    auto* layout = new QVBoxLayout(this);
    const int margin = style.pxInt(12);
    layout->setContentsMargins(margin, margin, margin, margin);
    layout->setSpacing(margin);
    layout->addWidget(split, 1);
    layout->addWidget(buttons);
    resize(style.pxInt(860), style.pxInt(720));
}

void TextsDialog::onTextsChanged()
{
    const auto summary = m_session.texts();
    if (!summary) {
        close();
        return;
    }
    if (m_shown == summary.get())
        return;
    m_shown = summary.get();
    m_domains->setFigure(std::make_shared<const Figure>(textDomainsFigure(*summary)));
    m_documents->setFigure(std::make_shared<const Figure>(textDocumentsFigure(*summary)));
}

} // namespace moescope::ui
