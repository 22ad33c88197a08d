// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/tensor_model.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"

namespace moescope::ui {

namespace {
constexpr std::size_t kRoot = 0;

QString name(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
} // namespace

struct TensorModel::Node {
    QString label;
    QString fullName;
    const TensorInfo* tensor = nullptr; ///< null for a group
    std::size_t parent = kRoot;
    int row = 0;
    std::vector<std::size_t> children;
    std::uint64_t bytes = 0;
    std::uint64_t elements = 0;
    std::uint64_t tensors = 0;
};

TensorModel::TensorModel(QObject* parent)
    : QAbstractItemModel(parent)
{
    m_nodes.emplace_back();
}

TensorModel::~TensorModel() = default;

void TensorModel::setCheckpoint(std::shared_ptr<const Checkpoint> checkpoint)
{
    beginResetModel();
    m_checkpoint = std::move(checkpoint);
    m_nodes.clear();
    m_nodes.emplace_back();
    if (m_checkpoint) {
        for (const TensorInfo& tensor : m_checkpoint->tensors())
            add(tensor);
        shorten(kRoot);
    }
    endResetModel();
}

void TensorModel::add(const TensorInfo& tensor)
{
    const QString name = QString::fromStdString(toValidUtf8(tensor.name));
    const QStringList parts = name.split(QLatin1Char('.'));
    std::size_t at = kRoot;
    const auto count = [&](std::size_t node) {
        m_nodes[node].bytes += tensor.bytes.size();
        m_nodes[node].elements += tensor.elements();
        ++m_nodes[node].tensors;
    };
    count(kRoot);
    for (qsizetype i = 0; i < parts.size(); ++i) {
        const bool last = i + 1 == parts.size();
        // Names come sorted, so a group's members stand together and the last child is the only
        // candidate.
        const auto& siblings = m_nodes[at].children;
        const bool known = !last && !siblings.empty() && !m_nodes[siblings.back()].tensor
            && m_nodes[siblings.back()].label == parts[i];
        std::size_t next = known ? siblings.back() : m_nodes.size();
        if (!known) {
            Node node;
            node.label = parts[i];
            node.fullName = QStringList(parts.mid(0, i + 1)).join(QLatin1Char('.'));
            node.parent = at;
            node.row = static_cast<int>(siblings.size());
            node.tensor = last ? &tensor : nullptr;
            m_nodes.push_back(std::move(node));
            m_nodes[at].children.push_back(next);
        }
        count(next);
        at = next;
    }
}

/// A group of one is drawn as one line: "gate_proj.weight".
void TensorModel::shorten(std::size_t at)
{
    for (std::size_t child : m_nodes[at].children) {
        Node& node = m_nodes[child];
        while (!node.tensor && node.children.size() == 1) {
            Node& only = m_nodes[node.children.front()];
            node.label += QLatin1Char('.') + only.label;
            node.fullName = only.fullName;
            node.tensor = only.tensor;
            node.children = std::move(only.children);
            only.children.clear();
            for (const std::size_t grandchild : node.children)
                m_nodes[grandchild].parent = child;
        }
        shorten(child);
    }
}

const TensorModel::Node& TensorModel::nodeOf(const QModelIndex& index) const
{
    return m_nodes[index.isValid() ? static_cast<std::size_t>(index.internalId()) : kRoot];
}

QModelIndex TensorModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    return createIndex(
        row, column, static_cast<quintptr>(nodeOf(parent).children[static_cast<std::size_t>(row)]));
}

QModelIndex TensorModel::parent(const QModelIndex& index) const
{
    if (!index.isValid() || nodeOf(index).parent == kRoot)
        return {};
    const std::size_t parent = nodeOf(index).parent;
    return createIndex(m_nodes[parent].row, 0, static_cast<quintptr>(parent));
}

int TensorModel::rowCount(const QModelIndex& parent) const
{
    return parent.column() > 0 ? 0 : static_cast<int>(nodeOf(parent).children.size());
}

int TensorModel::columnCount(const QModelIndex&) const
{
    return ColumnCount;
}

QVariant TensorModel::text(const Node& node, int column) const
{
    switch (column) {
    case Name:
        return node.label;
    case DType:
        return node.tensor ? name(dtypeName(node.tensor->dtype)) : QString();
    case Shape:
        return node.tensor ? QString::fromStdString(formatShape(node.tensor->shape))
                           : tr("%1 tensors").arg(node.tensors);
    case Elements:
        return QString::fromStdString(formatCount(node.elements));
    case Bytes:
        return QString::fromStdString(formatBytes(node.bytes));
    case File:
        if (!node.tensor)
            return {};
        return QString::fromStdString(
            m_checkpoint->files()[node.tensor->file]->path().filename().string());
    default:
        return {};
    }
}

QVariant TensorModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const Node& node = nodeOf(index);
    const bool number = index.column() == Elements || index.column() == Bytes;
    switch (role) {
    case Qt::DisplayRole:
        return text(node, index.column());
    case SortRole:
        if (number)
            return static_cast<qulonglong>(index.column() == Bytes ? node.bytes : node.elements);
        return text(node, index.column());
    case FullNameRole:
        return node.fullName;
    case Qt::ToolTipRole:
        return index.column() == Bytes
            ? tr("%1 bytes").arg(QString::fromStdString(formatCount(node.bytes)))
            : node.fullName;
    case Qt::TextAlignmentRole:
        return static_cast<int>((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant TensorModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(
            (section == Elements || section == Bytes ? Qt::AlignRight : Qt::AlignLeft)
            | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    const QString titles[]
        = {tr("Name"), tr("Format"), tr("Shape"), tr("Numbers"), tr("Size"), tr("File")};
    return titles[section];
}

TensorProxy::TensorProxy(QObject* parent)
    : QSortFilterProxyModel(parent)
{
    m_collator.setNumericMode(true);
    setSortRole(TensorModel::SortRole);
    setRecursiveFilteringEnabled(true);
}

void TensorProxy::setFilterText(const QString& text)
{
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool TensorProxy::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const QModelIndex index = sourceModel()->index(row, 0, parent);
    if (sourceModel()->hasChildren(index))
        return m_words.isEmpty(); // groups are there because of their members
    const QString name = index.data(TensorModel::FullNameRole).toString();
    return std::all_of(m_words.begin(), m_words.end(),
        [&](const QString& word) { return name.contains(word, Qt::CaseInsensitive); });
}

bool TensorProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    if (left.column() == TensorModel::Elements || left.column() == TensorModel::Bytes)
        return left.data(TensorModel::SortRole).toULongLong()
            < right.data(TensorModel::SortRole).toULongLong();
    return m_collator.compare(left.data(TensorModel::SortRole).toString(),
               right.data(TensorModel::SortRole).toString())
        < 0;
}

} // namespace moescope::ui
