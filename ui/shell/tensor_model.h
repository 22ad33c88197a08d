// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <QAbstractItemModel>
#include <QCollator>
#include <QSortFilterProxyModel>

namespace moescope {
class Checkpoint;
struct TensorInfo;
} // namespace moescope

namespace moescope::ui {

/// The tensors of a checkpoint as a tree by the parts of their names; groups show how many and how
/// large.
class TensorModel : public QAbstractItemModel {
    Q_OBJECT

public:
    enum Column { Name, DType, Shape, Elements, Bytes, File, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole + 1,
        FullNameRole ///< also of groups
    };

    explicit TensorModel(QObject* parent = nullptr);
    ~TensorModel() override;

    void setCheckpoint(std::shared_ptr<const Checkpoint> checkpoint);

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Node;
    void add(const TensorInfo& tensor);
    void shorten(std::size_t node);
    const Node& nodeOf(const QModelIndex& index) const;
    QVariant text(const Node& node, int column) const;

    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::vector<Node> m_nodes; ///< [0] is the root; parents before children
};

/// Sorts names with their numbers in order and filters by words that must all stand in the full
/// name.
class TensorProxy : public QSortFilterProxyModel {
    Q_OBJECT

public:
    explicit TensorProxy(QObject* parent = nullptr);
    void setFilterText(const QString& text);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QStringList m_words;
    QCollator m_collator;
};

} // namespace moescope::ui
