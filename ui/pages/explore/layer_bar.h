// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QPushButton;

namespace moescope::ui {

class LayerSlider;
class Session;
class Style;

/// The layer slider with its play button.
class LayerBar : public QWidget {
    Q_OBJECT

public:
    LayerBar(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);
    bool isPlaying() const { return m_timer.isActive(); }

public slots:
    void togglePlay();

private:
    void advance();
    void showPlaying();

    Session& m_session;
    LayerSlider* m_slider;
    QPushButton* m_play;
    QTimer m_timer;
    std::shared_ptr<const ExploreResult> m_result;
};

} // namespace moescope::ui
