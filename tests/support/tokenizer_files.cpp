// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/tokenizer_files.h"

#include <QtCore/QProcess>

#include "tests/support/files.h"

namespace moescope::test {

std::filesystem::path TokenizerFiles::pathOf(const std::string& name)
{
    const std::filesystem::path files = fixtures() / "tokenizers" / "files";
    if (name == "sample_native")
        return resources() / "samples" / "native";
    if (name == "sample_upcycled_sentencepiece")
        return resources() / "samples" / "upcycled";
    if (name == "mixtral_sentencepiece")
        return files / "mixtral" / "tokenizer.model";

    const QString target = m_unpacked.filePath(QString::fromStdString(name + ".json"));
    const std::filesystem::path path = target.toStdString();
    if (std::filesystem::exists(path))
        return path;
    QProcess xz;
    xz.setStandardOutputFile(target);
    xz.start(QStringLiteral("xz"),
        {QStringLiteral("-dc"),
            QString::fromStdString((files / name / "tokenizer.json.xz").string())});
    const bool done = xz.waitForFinished(60'000) && xz.exitStatus() == QProcess::NormalExit
        && xz.exitCode() == 0;
    return done ? path : std::filesystem::path();
}

} // namespace moescope::test
