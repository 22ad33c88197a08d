// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/layer_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include "core/model/open_model.h"
#include "ui/pages/explore/layer_slider.h"
#include "ui/session/session.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kMillisecondsPerLayer = 700;

} // namespace

LayerBar::LayerBar(Style& style, Session& session, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_slider(new LayerSlider(style, this))
    , m_play(new QPushButton(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(style.pxInt(12));
    auto* label = new QLabel(tr("Layer"), this);
    label->setProperty("role", QStringLiteral("heading"));
    label->setBuddy(m_slider);
    m_slider->setObjectName(QStringLiteral("layerSlider"));
    m_play->setObjectName(QStringLiteral("playLayers"));
    m_play->setToolTip(tr("Walk through the layers, one after the other (Space)"));
    row->addWidget(label);
    row->addWidget(m_slider, 1);
    row->addWidget(m_play);
    m_timer.setInterval(kMillisecondsPerLayer);
    connect(&m_timer, &QTimer::timeout, this, &LayerBar::advance);
    connect(m_play, &QPushButton::clicked, this, &LayerBar::togglePlay);
    connect(m_slider, &LayerSlider::playRequested, this, &LayerBar::togglePlay);
    connect(m_slider, &LayerSlider::layerMoved, this,
        [this](LayerId layer, bool gesture) { m_session.selectLayer(layer, gesture); });
    showPlaying();
}

void LayerBar::showScene(const ExploreScene& scene)
{
    if (scene.result != m_result) {
        m_result = scene.result;
        const auto& layers = m_result->a.trace.layers;
        const std::uint32_t blocks = m_result->model->model->config().layerCount();
        m_slider->setLayers(layers, blocks);
    }
    m_slider->setLayer(scene.layer());
}

void LayerBar::togglePlay()
{
    if (m_timer.isActive()) {
        m_timer.stop();
    } else {
        if (m_slider->isLast() && m_result && !m_result->a.trace.layers.empty())
            m_session.selectLayer(m_result->a.trace.layers.front());
        m_timer.start();
    }
    showPlaying();
}

void LayerBar::advance()
{
    if (m_slider->isLast() || !isVisible())
        m_timer.stop();
    else
        m_session.selectLayer(m_slider->neighbour(1), true);
    if (m_slider->isLast())
        m_timer.stop();
    showPlaying();
}

void LayerBar::showPlaying()
{
    m_play->setText(m_timer.isActive() ? QStringLiteral("❚❚  ") + tr("Pause")
                                       : QStringLiteral("▶  ") + tr("Play"));
    m_play->setAccessibleName(m_timer.isActive() ? tr("Pause") : tr("Play through the layers"));
}

} // namespace moescope::ui
