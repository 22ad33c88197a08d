// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/generate_bar.h"

#include <climits>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "ui/pages/explore/flow_layout.h"
#include "ui/pages/explore/generation.h"
#include "ui/pages/explore/roles.h"
#include "ui/style/inline_message.h"
#include "ui/style/number_field.h"
#include "ui/style/style.h"

namespace moescope::ui {

GenerateBar::GenerateBar(Style& style, Generation& generation, QWidget* parent)
    : QWidget(parent)
    , m_generation(generation)
    , m_play(new QPushButton(this))
    , m_step(new QPushButton(tr("Step"), this))
    , m_discard(new QPushButton(tr("Discard"), this))
    , m_keep(new QPushButton(tr("Keep as prompt"), this))
    , m_speed(new QComboBox(this))
    , m_temperature(new QDoubleSpinBox(this))
    , m_seed(new QSpinBox(this))
    , m_most(new QSpinBox(this))
    , m_state(makeLabel(QStringLiteral("muted"), {}, this))
    , m_message(new InlineMessage(style, this))
{
    setObjectName(QStringLiteral("generateBar"));
    m_play->setObjectName(QStringLiteral("generatePlay"));
    m_step->setObjectName(QStringLiteral("generateStep"));
    m_discard->setObjectName(QStringLiteral("generateDiscard"));
    m_keep->setObjectName(QStringLiteral("generateKeep"));
    m_speed->setObjectName(QStringLiteral("generateSpeed"));
    m_temperature->setObjectName(QStringLiteral("generateTemperature"));
    m_seed->setObjectName(QStringLiteral("generateSeed"));
    m_most->setObjectName(QStringLiteral("generateMost"));
    m_state->setObjectName(QStringLiteral("generateState"));
    m_step->setToolTip(tr("One token more"));
    m_discard->setToolTip(tr("Back to the prompt alone"));
    m_keep->setToolTip(tr("Make prompt and continuation the new prompt"));
    m_speed->addItem(tr("as they come"), 0.0);
    for (const double speed : {1.0, 2.0, 5.0, 10.0})
        m_speed->addItem(tr("%1 a second").arg(speed), speed);
    m_speed->setToolTip(tr("How fast new tokens are shown"));
    m_temperature->setRange(0, 5);
    m_temperature->setSingleStep(0.1);
    m_temperature->setDecimals(2);
    m_seed->setRange(0, INT_MAX);
    m_most->setRange(1, 4096);
    m_most->setToolTip(tr("Tokens that one press of Play adds at most"));
    m_temperature->setValue(generation.settings().temperature);
    m_seed->setValue(static_cast<int>(generation.settings().seed));
    m_most->setValue(static_cast<int>(generation.settings().maxTokens));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto* row = new FlowLayout(style.pxInt(8));
    row->addWidget(makeLabel(QStringLiteral("heading"), tr("Continue"), this));
    row->addWidget(m_play);
    row->addWidget(m_step);
    // A name never stands on another line than its control.
    const auto field = [&](const QString& name, QWidget* control) {
        auto* pair = new QWidget(this);
        auto* both = new QHBoxLayout(pair);
        both->setContentsMargins(style.pxInt(4), 0, 0, 0);
        both->setSpacing(style.pxInt(6));
        auto* label = makeLabel(QStringLiteral("muted"), name, pair);
        label->setBuddy(control);
        control->setAccessibleName(name);
        both->addWidget(label);
        both->addWidget(control);
        row->addWidget(pair);
    };
    field(tr("speed"), m_speed);
    field(tr("temperature"), m_temperature);
    field(tr("seed"), m_seed);
    field(tr("tokens"), m_most);
    for (QAbstractSpinBox* spin :
        std::initializer_list<QAbstractSpinBox*>{m_temperature, m_seed, m_most}) {
        spin->setButtonSymbols(QAbstractSpinBox::NoButtons);
        spin->setMaximumWidth(style.pxInt(72));
        handOnUndo(spin);
    }
    row->addWidget(m_discard);
    row->addWidget(m_keep);
    row->addWidget(m_state);
    column->addLayout(row);
    column->addWidget(m_message);

    connect(m_play, &QPushButton::clicked, this, [this] {
        m_message->clear();
        m_generation.isPlaying() ? m_generation.stop() : m_generation.play();
    });
    connect(m_step, &QPushButton::clicked, this, [this] {
        m_message->clear();
        m_generation.step();
    });
    connect(m_discard, &QPushButton::clicked, &generation, &Generation::discard);
    connect(m_keep, &QPushButton::clicked, &generation, &Generation::keepAsPrompt);
    connect(m_speed, &QComboBox::currentIndexChanged, this, &GenerateBar::readSettings);
    connect(m_temperature, &QDoubleSpinBox::valueChanged, this, &GenerateBar::readSettings);
    connect(m_seed, &QSpinBox::valueChanged, this, &GenerateBar::readSettings);
    connect(m_most, &QSpinBox::valueChanged, this, &GenerateBar::readSettings);
    connect(&generation, &Generation::changed, this, &GenerateBar::follow);
    connect(&generation, &Generation::failed, this, [this](const QString& message) {
        m_message->showMessage(InlineMessage::Kind::Error, message);
    });
    follow();
}

void GenerateBar::readSettings()
{
    Generation::Settings settings;
    settings.maxTokens = static_cast<std::uint32_t>(m_most->value());
    settings.temperature = m_temperature->value();
    settings.seed = static_cast<std::uint64_t>(m_seed->value());
    settings.tokensPerSecond = m_speed->currentData().toDouble();
    m_generation.setSettings(settings);
}

void GenerateBar::follow()
{
    const bool playing = m_generation.isPlaying();
    const bool started = m_generation.hasTokens() || playing;
    const bool goesOn = m_generation.canStart() && !m_generation.hasEnded();
    // Qt would hand the keyboard on to the next button, and the next press of Space would be its.
    if ((m_step->hasFocus() && (playing || !goesOn)) || (m_play->hasFocus() && !playing && !goesOn)
        || (m_discard->hasFocus() && !started))
        m_most->setFocus(Qt::OtherFocusReason);
    m_play->setText(
        playing ? QStringLiteral("■  ") + tr("Stop") : QStringLiteral("▶  ") + tr("Play"));
    m_play->setAccessibleName(playing ? tr("Stop continuing") : tr("Continue the prompt"));
    m_play->setToolTip(playing ? tr("Stop here; Play goes on")
                               : tr("Let the model continue the prompt, token by token"));
    m_play->setEnabled(playing || goesOn);
    m_step->setEnabled(!playing && goesOn);
    m_discard->setEnabled(started);
    m_keep->setEnabled(m_generation.hasTokens() && !playing);
    // They decide the first draw, so they hold for a whole continuation.
    m_temperature->setEnabled(!started);
    m_seed->setEnabled(!started);
    const QString locked = started ? QLatin1Char('\n')
            + tr("Locked: this continuation was drawn with it. Discard to "
                 "change it.")
                                   : QString();
    m_temperature->setToolTip(
        tr("0 takes the most likely token every time; higher draws more freely") + locked);
    m_seed->setToolTip(tr("The same seed draws the same tokens") + locked);
    const QString added = counted(m_generation.shownTokens(), tr("token"), tr("tokens"));
    if (m_generation.hasEnded())
        m_state->setText(tr("ended by the model after %1").arg(added));
    else if (started)
        m_state->setText(tr("%1 added").arg(added));
    else
        m_state->clear();
}

} // namespace moescope::ui
