// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/progress_placeholder.h"

#include <algorithm>
#include <cmath>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kSteps = 1000;

} // namespace

ProgressPlaceholder::ProgressPlaceholder(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_stage(new QLabel(this))
    , m_bar(new QProgressBar(this))
    , m_timeLeft(new QLabel(this))
    , m_cancel(new QPushButton(tr("Cancel"), this))
{
    m_stage->setObjectName(QStringLiteral("progressStage"));
    m_bar->setObjectName(QStringLiteral("progressBar"));
    m_bar->setTextVisible(false);
    m_bar->setRange(0, kSteps);
    m_timeLeft->setObjectName(QStringLiteral("progressTimeLeft"));
    m_timeLeft->setProperty("role", QStringLiteral("muted"));
    m_cancel->setObjectName(QStringLiteral("progressCancel"));
    m_stage->setAlignment(Qt::AlignHCenter);
    m_stage->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->addStretch(1);
    column->addWidget(m_stage);
    column->addWidget(m_bar, 0, Qt::AlignHCenter);
    column->addWidget(m_timeLeft, 0, Qt::AlignHCenter);
    column->addWidget(m_cancel, 0, Qt::AlignHCenter);
    column->addStretch(1);
    connect(m_cancel, &QPushButton::clicked, this, &ProgressPlaceholder::cancelled);
    connect(&style, &Style::changed, this, &ProgressPlaceholder::restyle);
    restyle();
    setProgress(-1, tr("Working"));
}

void ProgressPlaceholder::setProgress(
    double fraction, const QString& stage, const QString& timeLeft)
{
    m_stage->setText(stage);
    m_timeLeft->setText(timeLeft);
    const bool known = fraction >= 0;
    // A bar of unknown length moves for ever; without motion it stays empty.
    m_bar->setRange(0, known || m_style.motionMs() == 0 ? kSteps : 0);
    m_bar->setValue(known ? static_cast<int>(std::lround(std::min(fraction, 1.0) * kSteps)) : 0);
    m_bar->setAccessibleName(stage);
}

void ProgressPlaceholder::setCancellable(bool cancellable)
{
    m_cancel->setVisible(cancellable);
}

void ProgressPlaceholder::restyle()
{
    m_bar->setFixedWidth(m_style.pxInt(240));
    layout()->setSpacing(m_style.pxInt(8));
}

} // namespace moescope::ui
