// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/result.h"

namespace moescope {

/// A file mapped read-only. Views of its bytes must not outlive it.
///
/// A file that another program shortens while it is mapped would raise SIGBUS on access. A handler
/// installed with the first mapping replaces the lost pages by zeros and marks the mapping as
/// damaged; `status()` then returns an error that names the file. Long computations ask `status()`
/// before they publish a result.
class MappedFile {
public:
    static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    std::span<const std::byte> bytes() const { return m_bytes; }
    std::size_t size() const { return m_bytes.size(); }

    /// Whether what is read lies in small pieces far apart, so that the system had better not read
    /// ahead (which can be megabytes for each piece). At first it does not.
    void expectScatteredReads(bool scattered) const;

    /// Error Io when the file has shrunk since it was opened (checked now) or pages were lost
    /// earlier.
    Status status() const;

private:
    MappedFile() = default;
    std::filesystem::path m_path;
    std::span<const std::byte> m_bytes;
    int m_descriptor = -1;
    int m_slot = -1;
};

} // namespace moescope
