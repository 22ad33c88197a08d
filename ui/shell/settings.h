// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <QByteArray>
#include <QString>
#include <QStringList>

class QSettings;
class QTemporaryDir;

namespace moescope {
struct TraceRequest;
}

namespace moescope::ui {

enum class ThemeMode;

/// What a person chose and where they left off. One object a program; GUI thread.
class Settings {
public:
    /// The user's own, remembered between runs.
    static std::unique_ptr<Settings> user();
    /// In this file, with its neighbour "recent" for the models opened lately.
    static std::unique_ptr<Settings> inFile(const QString& path);
    /// Defaults that are forgotten at the end: nothing of the user's is read or written.
    static std::unique_ptr<Settings> transient();
    ~Settings();

    ThemeMode theme() const;
    void setTheme(ThemeMode mode);
    double fontSize() const; ///< points, 10 is 100 %
    void setFontSize(double points);
    bool motion() const;
    void setMotion(bool allowed);
    unsigned threads() const; ///< 0 = automatic
    void setThreads(unsigned threads);
    std::uint64_t memoryLimit() const; ///< bytes; 0 = automatic
    void setMemoryLimit(std::uint64_t bytes);
    QString hubCache() const; ///< empty = automatic
    void setHubCache(const QString& folder);
    QString reportFolder() const; ///< where saving begins; empty = where it was done last
    void setReportFolder(const QString& folder);

    QString lastSaveFolder() const; ///< empty before anything was saved
    void setLastSaveFolder(const QString& folder);

    QStringList promptHistory() const; ///< oldest first
    void setPromptHistory(const QStringList& prompts);
    const std::filesystem::path& recentFile() const { return m_recentFile; }

    struct LastSession {
        QString model; ///< as opened; empty before the first
        QString prompt; ///< of one given as ids, what they spell
        std::vector<std::int32_t> promptIds; ///< empty for a text
        std::optional<QString> compare;
        std::vector<std::int32_t> compareIds;
        bool addSpecial = true;
        std::optional<std::uint32_t> layer;
        QString page;

        TraceRequest promptRequest() const;
        std::optional<TraceRequest> compareRequest() const;
    };
    std::optional<LastSession> lastSession() const;
    void setLastSession(const LastSession& session);
    QByteArray windowGeometry() const;
    QByteArray windowState() const;
    void setWindow(const QByteArray& geometry, const QByteArray& state);
    bool inspectorShown() const;
    void setInspectorShown(bool shown);

private:
    Settings(std::unique_ptr<QSettings> store, std::filesystem::path recentFile);

    std::unique_ptr<QTemporaryDir> m_folder; ///< of transient settings
    std::unique_ptr<QSettings> m_store;
    std::filesystem::path m_recentFile;
};

} // namespace moescope::ui
