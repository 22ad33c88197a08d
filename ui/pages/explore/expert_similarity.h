// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/base/ids.h"

class QLabel;
class QPushButton;

namespace moescope::ui {

class Session;
class SimilarityStrip;
class Style;
class WeightsController;

/// Inspector: where the weights of the expert in focus stand in the similarity map of its layer, as
/// soon as the Weights page's analysis has that layer.
class ExpertSimilarity : public QWidget {
    Q_OBJECT

public:
    ExpertSimilarity(
        Style& style, Session& session, WeightsController& weights, QWidget* parent = nullptr);

    void showExpert(LayerId layer, ExpertId expert);

private:
    void refresh();

    WeightsController& m_weights;
    LayerId m_layer;
    ExpertId m_expert;
    SimilarityStrip* m_strip;
    QLabel* m_words;
    QPushButton* m_measure;
};

} // namespace moescope::ui
