// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/settings.h"

#include <utility>

#include <QFileInfo>
#include <QSettings>
#include <QTemporaryDir>

#include "core/checkpoint/recent_models.h"
#include "core/task/worker_pool.h"
#include "core/trace/routing_trace.h"
#include "ui/shell/token_ids.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kFontSize = 10;
constexpr double kSmallestFont = 9;
constexpr double kLargestFont = 20;

const QString kTheme = QStringLiteral("look/theme");
const QString kFont = QStringLiteral("look/fontSize");
const QString kMotion = QStringLiteral("look/motion");
const QString kThreads = QStringLiteral("work/threads");
const QString kMemory = QStringLiteral("work/memoryLimit");
const QString kHub = QStringLiteral("work/hubCache");
const QString kReports = QStringLiteral("work/reports");
const QString kSaved = QStringLiteral("work/saved");
const QString kHistory = QStringLiteral("prompt/history");
const QString kLast = QStringLiteral("last");
const QString kGeometry = QStringLiteral("window/geometry");
const QString kState = QStringLiteral("window/state");
const QString kInspector = QStringLiteral("window/inspector");

TraceRequest makeRequest(const QString& text, const std::vector<std::int32_t>& ids, bool special)
{
    TraceRequest request;
    request.addSpecial = special;
    request.ids = ids;
    if (ids.empty())
        request.text = text.toStdString();
    return request;
}

} // namespace

Settings::Settings(std::unique_ptr<QSettings> store, std::filesystem::path recentFile)
    : m_store(std::move(store))
    , m_recentFile(std::move(recentFile))
{
}

Settings::~Settings() = default;

std::unique_ptr<Settings> Settings::user()
{
    auto store = std::make_unique<QSettings>(QSettings::IniFormat, QSettings::UserScope,
        QStringLiteral("moescope"), QStringLiteral("moescope"));
    return std::unique_ptr<Settings>(new Settings(std::move(store), defaultRecentFile()));
}

std::unique_ptr<Settings> Settings::inFile(const QString& path)
{
    const std::filesystem::path folder = QFileInfo(path).absolutePath().toStdString();
    return std::unique_ptr<Settings>(
        new Settings(std::make_unique<QSettings>(path, QSettings::IniFormat), folder / "recent"));
}

std::unique_ptr<Settings> Settings::transient()
{
    auto folder = std::make_unique<QTemporaryDir>();
    auto settings = inFile(folder->filePath(QStringLiteral("settings.ini")));
    settings->m_folder = std::move(folder);
    return settings;
}

ThemeMode Settings::theme() const
{
    const QString name = m_store->value(kTheme).toString();
    if (name == QLatin1String("light"))
        return ThemeMode::Light;
    return name == QLatin1String("dark") ? ThemeMode::Dark : ThemeMode::System;
}

void Settings::setTheme(ThemeMode mode)
{
    m_store->setValue(kTheme,
        mode == ThemeMode::Light      ? QStringLiteral("light")
            : mode == ThemeMode::Dark ? QStringLiteral("dark")
                                      : QStringLiteral("system"));
}

double Settings::fontSize() const
{
    return qBound(kSmallestFont, m_store->value(kFont, kFontSize).toDouble(), kLargestFont);
}

void Settings::setFontSize(double points)
{
    m_store->setValue(kFont, qBound(kSmallestFont, points, kLargestFont));
}

bool Settings::motion() const
{
    return m_store->value(kMotion, true).toBool();
}

void Settings::setMotion(bool allowed)
{
    m_store->setValue(kMotion, allowed);
}

unsigned Settings::threads() const
{
    return qMin(m_store->value(kThreads, 0).toUInt(), WorkerPool::kMostThreads);
}

void Settings::setThreads(unsigned threads)
{
    m_store->setValue(kThreads, threads);
}

std::uint64_t Settings::memoryLimit() const
{
    return m_store->value(kMemory, 0).toULongLong();
}

void Settings::setMemoryLimit(std::uint64_t bytes)
{
    m_store->setValue(kMemory, static_cast<qulonglong>(bytes));
}

QString Settings::hubCache() const
{
    return m_store->value(kHub).toString();
}

void Settings::setHubCache(const QString& folder)
{
    m_store->setValue(kHub, folder);
}

QString Settings::reportFolder() const
{
    return m_store->value(kReports).toString();
}

void Settings::setReportFolder(const QString& folder)
{
    m_store->setValue(kReports, folder);
}

QString Settings::lastSaveFolder() const
{
    return m_store->value(kSaved).toString();
}

void Settings::setLastSaveFolder(const QString& folder)
{
    m_store->setValue(kSaved, folder);
}

QStringList Settings::promptHistory() const
{
    return m_store->value(kHistory).toStringList();
}

void Settings::setPromptHistory(const QStringList& prompts)
{
    m_store->setValue(kHistory, prompts);
}

TraceRequest Settings::LastSession::promptRequest() const
{
    return makeRequest(prompt, promptIds, addSpecial);
}

std::optional<TraceRequest> Settings::LastSession::compareRequest() const
{
    if (!compare)
        return std::nullopt;
    return makeRequest(*compare, compareIds, addSpecial);
}

std::optional<Settings::LastSession> Settings::lastSession() const
{
    if (!m_store->contains(kLast + QStringLiteral("/model")))
        return std::nullopt;
    m_store->beginGroup(kLast);
    LastSession last;
    last.model = m_store->value(QStringLiteral("model")).toString();
    const auto ids = [this](const QString& key) {
        return parseTokenIds(m_store->value(key).toString()).value_or(std::vector<std::int32_t>{});
    };
    last.prompt = m_store->value(QStringLiteral("prompt")).toString();
    last.promptIds = ids(QStringLiteral("promptIds"));
    if (m_store->contains(QStringLiteral("compare")))
        last.compare = m_store->value(QStringLiteral("compare")).toString();
    last.compareIds = ids(QStringLiteral("compareIds"));
    last.addSpecial = m_store->value(QStringLiteral("addSpecial"), true).toBool();
    if (m_store->contains(QStringLiteral("layer")))
        last.layer = m_store->value(QStringLiteral("layer")).toUInt();
    last.page = m_store->value(QStringLiteral("page")).toString();
    m_store->endGroup();
    return last;
}

void Settings::setLastSession(const LastSession& session)
{
    m_store->remove(kLast);
    m_store->beginGroup(kLast);
    m_store->setValue(QStringLiteral("model"), session.model);
    m_store->setValue(QStringLiteral("prompt"), session.prompt);
    const auto setIds = [this](const QString& key, const std::vector<std::int32_t>& ids) {
        if (!ids.empty())
            m_store->setValue(key, formatTokenIds(ids));
    };
    setIds(QStringLiteral("promptIds"), session.promptIds);
    if (session.compare)
        m_store->setValue(QStringLiteral("compare"), *session.compare);
    setIds(QStringLiteral("compareIds"), session.compareIds);
    m_store->setValue(QStringLiteral("addSpecial"), session.addSpecial);
    if (session.layer)
        m_store->setValue(QStringLiteral("layer"), *session.layer);
    m_store->setValue(QStringLiteral("page"), session.page);
    m_store->endGroup();
}

QByteArray Settings::windowGeometry() const
{
    return m_store->value(kGeometry).toByteArray();
}

QByteArray Settings::windowState() const
{
    return m_store->value(kState).toByteArray();
}

void Settings::setWindow(const QByteArray& geometry, const QByteArray& state)
{
    m_store->setValue(kGeometry, geometry);
    m_store->setValue(kState, state);
}

bool Settings::inspectorShown() const
{
    return m_store->value(kInspector, true).toBool();
}

void Settings::setInspectorShown(bool shown)
{
    m_store->setValue(kInspector, shown);
}

} // namespace moescope::ui
