// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/mapped_file.h"

#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/io/file_write.h"
#include "core/io/mapping_guard.h"

namespace moescope {

namespace fs = std::filesystem;

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const fs::path& path)
{
    MOESCOPE_CHECK(checkRegularFile(path));
    struct stat info;
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_path = path;
    file->m_descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->m_descriptor < 0 || ::fstat(file->m_descriptor, &info) != 0)
        return cannotRead(path, errno);
    if (!S_ISREG(info.st_mode))
        return fail(
            ErrorCode::Io, fmt::format("{} changed while it was opened.", displayPath(path)));
    if (info.st_size == 0)
        return fail(ErrorCode::BadFormat, fmt::format("{} is empty.", displayPath(path)));
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > std::numeric_limits<std::size_t>::max() / 2)
        return fail(ErrorCode::Unsupported,
            fmt::format("{} has {} bytes, too many for this machine.", displayPath(path), size));

    void* const memory = ::mmap(
        nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, file->m_descriptor, 0);
    if (memory == MAP_FAILED && errno == ENOMEM)
        return fail(ErrorCode::OutOfMemory,
            fmt::format("{} cannot be opened: there is no room for its {} bytes in the memory that "
                        "this process may use.",
                displayPath(path), size));
    if (memory == MAP_FAILED)
        return cannotRead(path, errno);
    file->m_bytes = {static_cast<const std::byte*>(memory), static_cast<std::size_t>(size)};
    const auto slot = guardMapping(memory, file->m_bytes.size(), file->m_descriptor);
    if (!slot)
        return fail(ErrorCode::Io,
            fmt::format(
                "{} cannot be read: too many files are mapped at once.", displayPath(path)));
    file->m_slot = *slot;
    return file;
}

MappedFile::~MappedFile()
{
    if (m_slot >= 0)
        releaseMapping(m_slot);
    if (!m_bytes.empty())
        ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void MappedFile::expectScatteredReads(bool scattered) const
{
    // Only advice: nothing is lost where it is not taken.
    static_cast<void>(::madvise(const_cast<std::byte*>(m_bytes.data()), m_bytes.size(),
        scattered ? MADV_RANDOM : MADV_NORMAL));
}

Status MappedFile::status() const
{
    struct stat info;
    if (::fstat(m_descriptor, &info) != 0)
        return cannotRead(m_path, errno);
    const auto now = static_cast<std::uint64_t>(info.st_size);
    if (now < m_bytes.size())
        return fail(ErrorCode::Io,
            fmt::format("{} has shrunk from {} to {} bytes while it was open.", displayPath(m_path),
                m_bytes.size(), now));
    if (isMappingDamaged(m_slot))
        return fail(ErrorCode::Io,
            fmt::format("Parts of {} could not be read while it was open, because it was shortened "
                        "or its disk failed.",
                displayPath(m_path)));
    return {};
}

} // namespace moescope
