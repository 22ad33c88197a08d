// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/system_colour_scheme.h"

#include <QGuiApplication>
#include <QPalette>
#include <QtDBus/QDBusMessage>
#include <QtDBus/QDBusPendingCallWatcher>
#include <QtDBus/QDBusPendingReply>

namespace moescope::ui {

namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kGroup = QStringLiteral("org.freedesktop.appearance");
const QString kKey = QStringLiteral("color-scheme");

} // namespace

SystemColourScheme::SystemColourScheme(const QDBusConnection& bus, QObject* parent)
    : QObject(parent)
    , m_paletteDark(QGuiApplication::palette().color(QPalette::Window).lightness() < 128)
{
    if (!bus.isConnected())
        return;
    // Before its first use Qt does not know this type by name, and would not connect the slot.
    qRegisterMetaType<QDBusVariant>();
    QDBusConnection connection = bus;
    connection.connect(kService, kPath, kInterface, QStringLiteral("SettingChanged"), this,
        SLOT(onSettingChanged(QString, QString, QDBusVariant)));
    QDBusMessage call
        = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    call.setArguments({kGroup, kKey});
    auto* watcher = new QDBusPendingCallWatcher(connection.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
        [this](QDBusPendingCallWatcher* finished) {
            const QDBusPendingReply<QDBusVariant> reply = *finished;
            if (reply.isValid())
                onSettingChanged(kGroup, kKey, reply.value());
            finished->deleteLater();
        });
}

bool SystemColourScheme::dark() const
{
    return m_preference == 0 ? m_paletteDark : m_preference == 1;
}

void SystemColourScheme::onSettingChanged(
    const QString& group, const QString& key, const QDBusVariant& value)
{
    if (group != kGroup || key != kKey)
        return;
    // Read() wraps the value in one variant more than the signal does.
    QVariant inner = value.variant();
    if (inner.canConvert<QDBusVariant>())
        inner = inner.value<QDBusVariant>().variant();
    bool number = false;
    const uint preference = inner.toUInt(&number);
    if (number)
        setPreference(preference <= 2 ? preference : 0);
}

void SystemColourScheme::setPreference(uint preference)
{
    const bool before = dark();
    m_preference = preference;
    if (dark() != before)
        emit changed();
}

} // namespace moescope::ui
