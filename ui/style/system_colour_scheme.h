// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QtDBus/QDBusConnection>
#include <QtDBus/QDBusVariant>

namespace moescope::ui {

/// Whether the system wants a dark look: the desktop portal's `color-scheme` when a session bus has
/// one, else the lightness of the palette the program started with. Live.
class SystemColourScheme : public QObject {
    Q_OBJECT

public:
    explicit SystemColourScheme(const QDBusConnection& bus, QObject* parent = nullptr);

    bool dark() const;

signals:
    void changed();

private slots:
    void onSettingChanged(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void setPreference(uint preference);

    uint m_preference = 0; ///< 0 none, 1 dark, 2 light (the portal's numbers)
    bool m_paletteDark = false;
};

} // namespace moescope::ui
