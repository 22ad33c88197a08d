// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>

#include "ui/shell/page.h"

class QLabel;
class QLineEdit;
class QTreeView;

namespace moescope::ui {

class InlineMessage;
class Panel;
class TensorExport;
class TensorInspector;
class TensorModel;
class TensorProxy;

/// Every tensor of the open model; all that can be seen of a model whose family is not known.
class TensorPage : public Page {
    Q_OBJECT

public:
    explicit TensorPage(UiContext& context, QWidget* parent = nullptr);
    ~TensorPage() override;

    QString id() const override { return QStringLiteral("tensors"); }
    QString title() const override { return tr("Tensors"); }
    QString iconName() const override { return QStringLiteral("tensors"); }
    QWidget* inspector() override;
    void activate() override;
    bool isBusy() const override;
    std::optional<Report> report() const override;

private:
    void onModelChanged();
    void onFilterChanged(const QString& text);
    void copySelected();
    void chooseFirst();
    void restyle();

    UiContext& m_context;
    QPointer<TensorInspector> m_inspector; ///< goes with the window's dock if that goes first
    InlineMessage* m_message;
    InlineMessage* m_exported; ///< how the last export went
    Panel* m_panel;
    QLineEdit* m_filter;
    QTreeView* m_tree;
    TensorModel* m_model;
    TensorProxy* m_proxy;
    TensorExport* m_export;
    bool m_stale = false; ///< the tree is filled when the page is first looked at
};

} // namespace moescope::ui
