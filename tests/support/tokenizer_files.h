// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include <QtCore/QTemporaryDir>

namespace moescope::test {

/// The tokenizers of tests/fixtures/tokenizers under the names of their .jsonl files.
class TokenizerFiles {
public:
    /// The file itself; a compressed one is unpacked (by the program xz) the first time it is asked
    /// for. Empty when it cannot be.
    std::filesystem::path pathOf(const std::string& name);

private:
    QTemporaryDir m_unpacked;
};

} // namespace moescope::test
