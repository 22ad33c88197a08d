// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QTimer>
#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;
class QPushButton;

namespace moescope {
struct LogitLens;
struct RouterReading;
} // namespace moescope

namespace moescope::ui {

class BarRows;
class LensTable;
struct UiContext;

/// Inspector: where the input of the layer's router comes from, and what the model would say next
/// if it stopped after each layer. Read at once on models that answer quickly, else when it is
/// asked for.
class LensSection : public QWidget {
    Q_OBJECT

public:
    explicit LensSection(const UiContext& context, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene, std::size_t token);
    void clear();
    bool isBusy() const;
    ~LensSection() override;

private:
    struct Key {
        std::shared_ptr<const ExploreResult> result;
        PromptSide side = PromptSide::A;
        std::size_t token = 0;
        bool operator==(const Key&) const = default;
    };
    void read();
    void showReading();

    const UiContext& m_context;
    QWidget* m_readingBox;
    QLabel* m_readingLayer;
    BarRows* m_reading;
    std::vector<RouterReading> m_readings;
    std::optional<LayerId> m_layer; ///< none in a dense model
    LensTable* m_table;
    QLabel* m_explanation;
    QPushButton* m_button;
    QLabel* m_note;
    QTimer m_rest; ///< walking through tokens reads only the last
    std::optional<Key> m_wanted;
};

} // namespace moescope::ui
