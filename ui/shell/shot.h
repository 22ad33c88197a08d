// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QObject>
#include <QString>
#include <QTimer>

#include "core/base/result.h"

namespace moescope::ui {

class Program;

struct ShotOptions {
    QString picture; ///< PNG of the whole window
    QString report; ///< the page's report: .json, .md, .html or .pdf
    QString figures; ///< folder for every figure as PNG, SVG and CSV
};

/// Waits until the page's work is done, writes what was asked for and tells the exit code. Failures
/// of opening and analysis end it, too; the sentence goes to standard error.
class Shot : public QObject {
    Q_OBJECT

public:
    Shot(Program& program, ShotOptions options, QObject* parent = nullptr);

signals:
    /// Once. Null when everything was written.
    void finished(std::shared_ptr<const moescope::Error> error);

private:
    bool isBusy() const;
    void look();
    void take();
    Status write() const;
    void fail(const Error& error);
    void finish(std::shared_ptr<const Error> error);

    Program& m_program;
    ShotOptions m_options;
    QTimer m_watch;
    int m_quiet = 0;
    bool m_done = false;
};

} // namespace moescope::ui
