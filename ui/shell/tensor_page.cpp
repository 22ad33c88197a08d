// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/tensor_page.h"

#include <QAction>
#include <QClipboard>
#include <QDir>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/model/open_model.h"
#include "ui/session/session.h"
#include "ui/shell/tensor_export.h"
#include "ui/shell/tensor_inspector.h"
#include "ui/shell/tensor_model.h"
#include "ui/shell/tensor_report.h"
#include "ui/style/inline_message.h"
#include "ui/style/panel.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {
/// Fewer matches than this are shown unfolded.
constexpr int kUnfolded = 2000;
} // namespace

TensorPage::TensorPage(UiContext& context, QWidget* parent)
    : Page(parent)
    , m_context(context)
    , m_inspector(new TensorInspector(context))
    , m_message(new InlineMessage(context.style, this))
    , m_exported(new InlineMessage(context.style, this))
    , m_panel(new Panel(context.style, this))
    , m_filter(new QLineEdit(this))
    , m_tree(new QTreeView(this))
    , m_model(new TensorModel(this))
    , m_proxy(new TensorProxy(this))
    , m_export(new TensorExport(context, this))
{
    setObjectName(QStringLiteral("tensorPage"));
    m_proxy->setSourceModel(m_model);
    m_tree->setObjectName(QStringLiteral("tensorTree"));
    m_tree->setAccessibleName(tr("Tensors of the model"));
    m_tree->setModel(m_proxy);
    m_tree->setUniformRowHeights(true);
    m_tree->setSortingEnabled(true);
    m_tree->sortByColumn(TensorModel::Name, Qt::AscendingOrder);
    m_tree->setAlternatingRowColors(true);
    m_tree->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_tree->header()->setStretchLastSection(false);
    m_tree->header()->setSectionResizeMode(TensorModel::Name, QHeaderView::Stretch);
    m_tree->setContextMenuPolicy(Qt::ActionsContextMenu);
    auto* copy = new QAction(tr("Copy name, format and shape"), m_tree);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    m_tree->addAction(copy);
    connect(copy, &QAction::triggered, this, &TensorPage::copySelected);
    m_tree->addAction(m_export->action());
    auto* exportButton = new QPushButton(m_export->action()->text(), this);
    exportButton->setObjectName(QStringLiteral("exportTensorButton"));
    exportButton->setToolTip(m_export->action()->toolTip());
    exportButton->setEnabled(m_export->action()->isEnabled());
    connect(exportButton, &QPushButton::clicked, m_export->action(), &QAction::trigger);
    connect(m_export->action(), &QAction::enabledChanged, exportButton, &QWidget::setEnabled);
    m_exported->setObjectName(QStringLiteral("exportMessage"));
    connect(m_export, &TensorExport::saved, this, [this](const QString& path) {
        m_exported->showMessage(
            InlineMessage::Kind::Note, tr("Saved %1").arg(QDir::toNativeSeparators(path)));
    });
    connect(m_export, &TensorExport::failed, this, [this](const QString& message) {
        m_exported->showMessage(InlineMessage::Kind::Error, message);
    });
    connect(m_export, &TensorExport::busyChanged, this, &TensorPage::stateChanged);

    connect(m_tree->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& current) {
            const QString name = current.data(TensorModel::FullNameRole).toString();
            if (m_inspector)
                m_inspector->showTensor(name);
            m_export->setTensor(m_proxy->hasChildren(current) ? QString() : name);
            emit stateChanged();
        });
    connect(m_inspector, &TensorInspector::busyChanged, this, &TensorPage::stateChanged);

    m_filter->setObjectName(QStringLiteral("tensorFilter"));
    m_filter->setAccessibleName(tr("Filter tensors by name"));
    m_filter->setPlaceholderText(tr("Filter, such as layers.3 gate"));
    m_filter->setClearButtonEnabled(true);
    connect(m_filter, &QLineEdit::textChanged, this, &TensorPage::onFilterChanged);

    m_panel->setTitle(tr("Tensors"));
    m_panel->addHeaderWidget(m_filter);
    m_panel->addHeaderWidget(exportButton);
    m_panel->setBody(m_tree);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(m_message);
    layout->addWidget(m_exported);
    layout->addWidget(m_panel, 1);

    connect(&context.session, &Session::modelOpened, this, &TensorPage::onModelChanged);
    connect(&context.session, &Session::modelClosed, this, &TensorPage::onModelChanged);
    connect(&context.style, &Style::changed, this, &TensorPage::restyle);
    restyle();
    onModelChanged();
}

TensorPage::~TensorPage()
{
    delete m_inspector;
}

QWidget* TensorPage::inspector()
{
    return m_inspector;
}

bool TensorPage::isBusy() const
{
    return m_export->isBusy() || (m_inspector && m_inspector->isBusy());
}

void TensorPage::restyle()
{
    const Style& style = m_context.style;
    const int gap = style.pxInt(12);
    layout()->setContentsMargins(gap, gap, gap, gap);
    layout()->setSpacing(gap);
    m_tree->setStyleSheet(QStringLiteral("QTreeView::item { padding: %1px %2px; }"
                                         "QHeaderView::section { padding: %1px %1px; }")
                              .arg(style.pxInt(3))
                              .arg(style.pxInt(8)));
    m_filter->setMinimumWidth(style.pxInt(280));
    m_tree->setFont(style.mono());
    m_tree->header()->setFont(style.words(-1));
    const QFontMetrics metrics(style.mono());
    const std::pair<int, const char*> widths[]
        = {{TensorModel::DType, "f8_e4m3 "}, {TensorModel::Shape, "[151936, 12288]"},
            {TensorModel::Elements, "1,234,567,890 "}, {TensorModel::Bytes, "123.4 MB  "},
            {TensorModel::File, "model-00001-of-00003.safetensors"}};
    for (const auto& [column, sample] : widths)
        m_tree->header()->resizeSection(
            column, metrics.horizontalAdvance(QLatin1String(sample)) + style.pxInt(24));
}

void TensorPage::onModelChanged()
{
    const auto open = m_context.session.model();
    if (open && !open->model) {
        const QString reason = QString::fromStdString(open->modelError.message);
        m_message->showMessage(InlineMessage::Kind::Warning,
            tr("This model can be inspected, but not run. %1").arg(reason));
    } else {
        m_message->clear();
    }
    m_exported->clear();
    m_stale = true;
    if (isVisible())
        activate();
    emit stateChanged();
}

void TensorPage::activate()
{
    if (!std::exchange(m_stale, false))
        return;
    const auto open = m_context.session.model();
    m_model->setCheckpoint(open ? open->checkpoint : nullptr);
    m_tree->setColumnHidden(
        TensorModel::File, !open || open->checkpoint->files().size() < 2); // it says nothing then
    m_panel->setSubtitle(open
            ? tr("%1 in %2, %3")
                  .arg(QString::fromStdString(formatCount(open->checkpoint->tensors().size())),
                      QString::fromStdString(open->path.filename().string()),
                      QString::fromStdString(formatBytes(open->checkpoint->totalBytes())))
            : tr("Open a model to see what its files hold."));
    onFilterChanged(m_filter->text());
    if (m_proxy->rowCount() <= 3)
        m_tree->expandToDepth(0);
    chooseFirst();
}

/// The page starts with something real.
void TensorPage::chooseFirst()
{
    for (QModelIndex index = m_proxy->index(0, 0); index.isValid();
         index = m_tree->indexBelow(index)) {
        if (m_proxy->rowCount(index) == 0) {
            m_tree->setCurrentIndex(index);
            return;
        }
    }
    if (m_inspector)
        m_inspector->showTensor({});
    m_export->setTensor({});
}

void TensorPage::onFilterChanged(const QString& text)
{
    m_proxy->setFilterText(text);
    if (text.trimmed().isEmpty())
        return;
    int rows = 0;
    for (int i = 0; i < m_proxy->rowCount() && rows < kUnfolded; ++i)
        rows += 1 + m_proxy->rowCount(m_proxy->index(i, 0));
    if (rows < kUnfolded)
        m_tree->expandAll();
}

void TensorPage::copySelected()
{
    QStringList lines;
    for (const QModelIndex& row : m_tree->selectionModel()->selectedRows()) {
        QStringList cells{row.data(TensorModel::FullNameRole).toString()};
        for (int column = 1; column < TensorModel::ColumnCount; ++column)
            cells.append(row.siblingAtColumn(column).data().toString());
        lines.append(cells.join(QLatin1Char('\t')));
    }
    if (!lines.isEmpty())
        QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

std::optional<Report> TensorPage::report() const
{
    const auto open = m_context.session.model();
    return open ? std::optional(tensorReport(*open)) : std::nullopt;
}

} // namespace moescope::ui
