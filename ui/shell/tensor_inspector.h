// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QTimer>
#include <QWidget>

#include "core/base/result.h"

class QGridLayout;
class QLabel;

namespace moescope {
struct TensorGlance;
struct TensorInfo;
} // namespace moescope

namespace moescope::ui {

class HeatMapView;
struct UiContext;

/// What one tensor holds: where it lies, the spread of its elements and a picture of them.
class TensorInspector : public QWidget {
    Q_OBJECT

public:
    explicit TensorInspector(UiContext& context, QWidget* parent = nullptr);

    /// Empty or a group's name shows a hint.
    void showTensor(const QString& name);
    bool isBusy() const;

signals:
    void busyChanged();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void look();
    void showFacts(const TensorInfo& tensor);
    void showGlance(const Result<TensorGlance>& glance);
    void addFact(const QString& name, const QString& value, const QString& help = {});

    UiContext& m_context;
    QString m_name;
    QLabel* m_title;
    QLabel* m_note;
    QWidget* m_facts;
    QGridLayout* m_grid;
    HeatMapView* m_picture;
    QTimer m_rest; ///< walking through tensors reads only the last
};

} // namespace moescope::ui
