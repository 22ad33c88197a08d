// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/shot.h"

#include <utility>

#include <QBuffer>
#include <QPixmap>

#include "core/experiments/moe_type.h"
#include "core/io/file_write.h"
#include "core/runtime/runnable.h"
#include "ui/shell/page_export.h"
#include "ui/shell/program.h"

namespace moescope::ui {

namespace {

constexpr int kWatchMilliseconds = 15;
/// Looks in a row that must find nothing to do: a result may start the next run or a layout.
constexpr int kQuietLooks = 4;

Status writePng(const QPixmap& picture, const QString& path)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    return writeFileAtomically(path.toStdString(), bytes.toStdString());
}

} // namespace

Shot::Shot(Program& program, ShotOptions options, QObject* parent)
    : QObject(parent)
    , m_program(program)
    , m_options(std::move(options))
{
    Session& session = program.context().session;
    connect(
        &session, &Session::modelFailed, this, [this, &session] { fail(session.lastFailure()); });
    connect(&session, &Session::exploreFailed, this, [this, &session] {
        // The weights of models that cannot be run are worth a picture all the same.
        const Page* page = m_program.window().currentPage();
        const bool needsRun = !page || page->id() != QLatin1String("weights");
        if (needsRun || session.lastFailure().code != ErrorCode::Unsupported)
            fail(session.lastFailure());
    });
    connect(&program, &Program::startRefused, this, [this](const QString& message) {
        fail({ErrorCode::InvalidArgument, message.toStdString()});
    });
    m_watch.setInterval(kWatchMilliseconds);
    connect(&m_watch, &QTimer::timeout, this, &Shot::look);
    m_watch.start();
}

bool Shot::isBusy() const
{
    const UiContext& context = m_program.context();
    const Page* page = m_program.window().currentPage();
    return context.models.isOpening() || context.runner.isBusy() || context.explore.isRunning()
        || !page || page->isBusy();
}

void Shot::look()
{
    m_quiet = isBusy() ? 0 : m_quiet + 1;
    if (m_quiet >= kQuietLooks)
        take();
}

void Shot::take()
{
    const UiContext& context = m_program.context();
    const QString page = m_program.window().currentPage()->id();
    const auto open = context.session.model();
    if (page == QLatin1String("weights")
        && context.weights.state() == WeightsController::State::Failed)
        return fail(context.weights.error());
    if (open && !open->model && page != QLatin1String("tensors"))
        return fail(open->modelError);
    if (page == QLatin1String("explore") && open)
        if (const Status runnable = checkRunnable(open->model->config()); !runnable)
            return fail(runnable.error());
    const Status written = write();
    if (!written)
        return fail(written.error());
    finish(nullptr);
}

Status Shot::write() const
{
    MainWindow& window = m_program.window();
    Page& page = *window.currentPage();
    Style& style = m_program.context().style;
    if (!m_options.picture.isEmpty())
        MOESCOPE_CHECK(writePng(window.grab(), m_options.picture));
    if (!m_options.report.isEmpty())
        MOESCOPE_CHECK(exportPage(page, style, m_options.report));
    if (!m_options.figures.isEmpty())
        MOESCOPE_CHECK(exportFigures(page, style, m_options.figures));
    return {};
}

void Shot::fail(const Error& error)
{
    finish(std::make_shared<const Error>(error));
}

void Shot::finish(std::shared_ptr<const Error> error)
{
    if (std::exchange(m_done, true))
        return;
    m_watch.stop();
    emit finished(error);
}

} // namespace moescope::ui
