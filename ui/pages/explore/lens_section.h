// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;
class QPushButton;

namespace moescope {
struct LogitLens;
}

namespace moescope::ui {

class LensTable;
struct UiContext;

/// Inspector: what the model would say next if it stopped after each layer. Read at once on models
/// that answer quickly, else when it is asked for.
class LensSection : public QWidget {
    Q_OBJECT

public:
    explicit LensSection(const UiContext& context, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene, std::size_t token);
    void clear();
    bool isBusy() const;

private:
    struct Key {
        std::shared_ptr<const ExploreResult> result;
        PromptSide side = PromptSide::A;
        std::size_t token = 0;
        bool operator==(const Key&) const = default;
    };
    void read();

    const UiContext& m_context;
    LensTable* m_table;
    QPushButton* m_button;
    QLabel* m_note;
    QTimer m_rest; ///< walking through tokens reads only the last
    std::optional<Key> m_wanted;
};

} // namespace moescope::ui
