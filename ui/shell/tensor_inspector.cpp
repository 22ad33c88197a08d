// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/tensor_inspector.h"

#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/tensor_glance.h"
#include "core/model/open_model.h"
#include "ui/figures/figure_words.h"
#include "ui/figures/heat_map_view.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/session.h"
#include "ui/shell/page.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kRestMilliseconds = 80;

QString key()
{
    return QStringLiteral("tensor");
}

QLabel* plainLabel(const QString& role, QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setProperty("role", role);
    label->setWordWrap(true);
    return label;
}

} // namespace

TensorInspector::TensorInspector(UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_title(plainLabel(QString(), this))
    , m_note(plainLabel(QStringLiteral("muted"), this))
    , m_facts(new QWidget(this))
    , m_grid(new QGridLayout(m_facts))
    , m_picture(new HeatMapView(context.style, this))
{
    setObjectName(QStringLiteral("tensorInspector"));
    m_title->setObjectName(QStringLiteral("tensorName"));
    m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_note->setObjectName(QStringLiteral("tensorNote"));
    m_picture->setObjectName(QStringLiteral("tensorPicture"));
    m_picture->setMinimumHeight(context.style.pxInt(280));
    m_picture->setFrameShape(QFrame::NoFrame);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setColumnStretch(1, 1);
    auto* column = new QVBoxLayout(this);
    const auto restyle = [this, column] {
        const Style& style = m_context.style;
        const int side = style.pxInt(18);
        column->setContentsMargins(side, style.pxInt(16), side, style.pxInt(16));
        column->setSpacing(style.pxInt(12));
        m_grid->setHorizontalSpacing(style.pxInt(12));
        m_grid->setVerticalSpacing(style.pxInt(4));
        m_title->setFont(style.mono(1));
    };
    restyle();
    connect(&context.style, &Style::changed, this, restyle);
    for (QWidget* widget : std::initializer_list<QWidget*>{m_title, m_facts, m_note, m_picture})
        column->addWidget(widget);
    column->addStretch(1);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMilliseconds);
    connect(&m_rest, &QTimer::timeout, this, &TensorInspector::look);
    showTensor({});
}

void TensorInspector::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), m_context.style.theme().panel);
}

bool TensorInspector::isBusy() const
{
    return m_rest.isActive() || m_context.runner.isRunning(key());
}

void TensorInspector::addFact(const QString& name, const QString& value, const QString& help)
{
    const int row = m_grid->rowCount();
    auto* left = plainLabel(QStringLiteral("muted"), m_facts);
    auto* right = plainLabel(QStringLiteral("number"), m_facts);
    left->setText(name);
    left->setToolTip(help);
    right->setText(value);
    right->setToolTip(help);
    right->setTextInteractionFlags(Qt::TextSelectableByMouse);
    right->setAlignment(Qt::AlignRight | Qt::AlignTop);
    m_grid->addWidget(left, row, 0, Qt::AlignTop);
    m_grid->addWidget(right, row, 1);
}

void TensorInspector::showTensor(const QString& name)
{
    m_context.runner.cancel(key());
    m_name = name;
    const auto open = m_context.session.model();
    const TensorInfo* tensor = open ? open->checkpoint->find(name.toStdString()) : nullptr;
    qDeleteAll(m_facts->findChildren<QLabel*>());
    m_picture->hide();
    m_title->setVisible(tensor);
    m_title->setText(name);
    m_facts->setVisible(tensor);
    m_note->setVisible(!tensor);
    m_note->setText(tr("Choose a tensor to see what it holds."));
    if (!tensor) {
        m_rest.stop();
        return;
    }
    showFacts(*tensor);
    m_rest.start();
}

void TensorInspector::showFacts(const TensorInfo& tensor)
{
    const auto& file = *m_context.session.model()->checkpoint->files()[tensor.file];
    addFact(tr("format"), QString::fromStdString(std::string(dtypeName(tensor.dtype))));
    addFact(tr("shape"), QString::fromStdString(formatShape(tensor.shape)));
    addFact(tr("numbers"), QString::fromStdString(formatCount(tensor.elements())));
    addFact(tr("size"), QString::fromStdString(formatBytes(tensor.bytes.size())));
    addFact(tr("file"), QString::fromStdString(file.path().filename().string()));
}

void TensorInspector::look()
{
    const auto open = m_context.session.model();
    if (!open)
        return;
    auto work = [checkpoint = open->checkpoint, name = m_name.toStdString()](
                    TaskContext& context) { return glanceAtTensor(*checkpoint, name, context); };
    auto done = [this, name = m_name](const auto& answer) {
        if (name == m_name)
            showGlance(*answer);
        emit busyChanged();
    };
    m_context.runner.start({key(), tr("Looking at %1").arg(m_name), JobSlot::Light}, this,
        std::move(work), std::move(done));
}

void TensorInspector::showGlance(const Result<TensorGlance>& glance)
{
    if (!glance) {
        m_note->setText(QString::fromStdString(glance.error().message));
        m_note->setVisible(glance.error().code != ErrorCode::Cancelled);
        return;
    }
    const auto number = [](double value) { return numberText(value, -1); };
    const QString from = glance->sampled()
        ? tr("From %1 of %2 rows, evenly spread").arg(glance->rowsRead).arg(glance->rows)
        : tr("From every element");
    addFact(tr("smallest"), number(glance->lo), from);
    addFact(tr("largest"), number(glance->hi), from);
    addFact(tr("mean"), number(glance->mean), from);
    addFact(tr("standard deviation"), number(glance->sd), from);
    addFact(tr("zeros"), QString::fromStdString(formatCount(glance->zeros)), from);
    if (glance->notFinite > 0)
        addFact(
            tr("infinite or NaN"), QString::fromStdString(formatCount(glance->notFinite)), from);
    m_note->setText(from);
    m_note->setVisible(glance->sampled());
    m_picture->setFigure(
        std::make_shared<const Figure>(glanceFigure(*glance, m_name.toStdString())));
    m_picture->show();
}

} // namespace moescope::ui
