// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QApplication>
#include <QDropEvent>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTemporaryDir>

#include "core/experiments/explore.h"
#include "tests/support/files.h"
#include "ui/shell/program.h"
#include "ui/shell/tensor_page.h"

namespace moescope::test {

using namespace moescope::ui;

inline constexpr int kPatience = 60000;

/// A page that holds nothing but an inspector: what the window needs of one.
class PlainPage : public Page {
public:
    PlainPage(const QString& id, bool withInspector)
        : m_id(id)
        , m_inspector(withInspector ? new QLabel(QStringLiteral("inspector of ") + id) : nullptr)
    {
    }
    QString id() const override { return m_id; }
    QString title() const override { return m_id; }
    QString iconName() const override { return QStringLiteral("explore"); }
    QWidget* inspector() override { return m_inspector; }
    void activate() override { ++activations; }
    int activations = 0;

private:
    QString m_id;
    QWidget* m_inspector;
};

/// A window with two plain pages over settings of its own.
struct Desk {
    QTemporaryDir folder;
    QString settingsFile = folder.filePath(QStringLiteral("settings.ini"));
    Program program{resources(), Settings::inFile(settingsFile)};
    PlainPage* first = new PlainPage(QStringLiteral("first"), true);
    PlainPage* second = new PlainPage(QStringLiteral("second"), false);

    Desk()
    {
        program.window().addPage(first);
        program.window().addPage(second);
        program.window().addPage(new TensorPage(program.context()), false);
    }
    Session& session() { return program.context().session; }
    MainWindow& window() { return program.window(); }
    template <typename Widget>
    Widget* find(const char* name)
    {
        return window().findChild<Widget*>(QString::fromLatin1(name));
    }
    bool start(const StartOptions& options = {})
    {
        program.start(options);
        window().show();
        return analysed();
    }
    bool analysed()
    {
        return QTest::qWaitFor(
            [this] { return session().explore() && !program.context().explore.isRunning(); },
            kPatience);
    }
    bool opened(const QString& what)
    {
        QSignalSpy spy(&session(), &Session::modelOpened);
        program.context().models.open(what);
        return spy.wait(kPatience);
    }
    QPlainTextEdit* prompt() { return find<QPlainTextEdit>("prompt"); }
    void type(const QString& text)
    {
        prompt()->setFocus();
        prompt()->selectAll();
        QTest::keyClicks(prompt(), text);
        QTest::keyClick(prompt(), Qt::Key_Return);
    }
};

/// Texts of a menu, headings included, without details and mnemonics.
inline QStringList titles(const QMenu& menu)
{
    QStringList list;
    for (const QAction* action : menu.actions())
        if (!action->isSeparator())
            list.append(action->text().section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&')));
    return list;
}

/// A reference checkpoint.
inline QString family(const char* name)
{
    return QString::fromStdString((fixtures() / "families" / name).string());
}

/// False when the window does not want it.
inline bool drop(QWidget& window, const QString& path)
{
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    if (!enter.isAccepted())
        return false;
    QDropEvent event(QPointF(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &event);
    return event.isAccepted();
}

} // namespace moescope::test
