// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/facts_dialog.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "core/base/version.h"
#include "ui/style/style.h"

namespace moescope::ui {

FactsDialog::FactsDialog(
    Style& style, const QString& title, const std::vector<FactRow>& rows, QWidget* parent)
    : QDialog(parent)
    , m_buttons(new QDialogButtonBox(QDialogButtonBox::Close, this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(title);
    auto* content = new QWidget;
    auto* grid = new QGridLayout(content);
    const int gap = style.pxInt(6);
    grid->setContentsMargins(0, 0, style.pxInt(12), 0);
    grid->setHorizontalSpacing(style.pxInt(24));
    grid->setVerticalSpacing(gap);
    grid->setColumnStretch(1, 1);
    int line = 0;
    for (const auto& [name, value] : rows) {
        auto* left = new QLabel(name, content);
        left->setTextFormat(Qt::PlainText);
        if (value.isEmpty()) {
            left->setProperty("role", QStringLiteral("section"));
            left->setContentsMargins(0, line == 0 ? 0 : gap * 2, 0, 0);
            grid->addWidget(left, line++, 0, 1, 2);
            continue;
        }
        left->setAlignment(Qt::AlignTop);
        left->setProperty("role", QStringLiteral("muted"));
        auto* right = new QLabel(value, content);
        right->setTextFormat(Qt::PlainText);
        right->setWordWrap(true);
        right->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        right->setAccessibleName(name + QStringLiteral(": ") + value);
        grid->addWidget(left, line, 0);
        grid->addWidget(right, line++, 1);
    }
    grid->setRowStretch(line, 1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setWidget(content);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::close);

    auto* layout = new QVBoxLayout(this);
    const int margin = style.pxInt(16);
    layout->setContentsMargins(margin, margin, margin, margin);
    layout->setSpacing(margin);
    layout->addWidget(scroll, 1);
    layout->addWidget(m_buttons);
    const int width = style.pxInt(600);
    const int wished
        = content->heightForWidth(width - 2 * margin - style.pxInt(12)) + style.pxInt(90);
    resize(width, qMin(wished, style.pxInt(640)));
}

void FactsDialog::addButton(
    const QString& objectName, const QString& text, std::function<void()> run)
{
    QPushButton* button = m_buttons->addButton(text, QDialogButtonBox::ActionRole);
    button->setObjectName(objectName);
    connect(button, &QPushButton::clicked, this, [this, run = std::move(run)] {
        close();
        run();
    });
}

std::vector<FactRow> aboutRows()
{
    const auto tr = [](const char* text) { return QCoreApplication::translate("About", text); };
    QString version = QLatin1String(kVersion);
    if (*kCommit)
        version += QStringLiteral(" (") + QLatin1String(kCommit) + QLatin1Char(')');
    return {{tr("Moescope"), {}}, {tr("Version"), version},
        {tr("What it does"),
            tr("Opens Mixture-of-Experts language models and shows what their routers and experts "
               "do.")},
        {tr("Licence"),
            tr("GNU General Public License, version 3 or later. This program comes with absolutely "
               "no "
               "warranty; you may change it and pass it on under the terms of that licence.")},
        {tr("Copyright"), tr("The Moescope authors")},
        {tr("Built on"),
            tr("Qt %1, OpenBLAS, Highway, SentencePiece, PCRE2, utf8proc, nlohmann/json, fmt, "
               "tl::expected, Boost.Math")
                .arg(QLatin1String(qVersion()))},
        {tr("Word classes"),
            tr("WordNet 3.0, copyright 2006 by Princeton University; all rights reserved.")},
        {tr("Tables of IQ types"),
            tr("ggml, copyright 2023–2026 by the ggml authors; MIT licence.")},
        {tr("Bundled texts"),
            tr("WordNet licence, CC0, and for Python's standard library the PSF licence.")}};
}

} // namespace moescope::ui
