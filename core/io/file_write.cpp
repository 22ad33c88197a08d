// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file_write.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <random>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> cannotWrite(const fs::path& path, std::string_view reason)
{
    return fail(ErrorCode::CannotWrite,
        fmt::format("{} cannot be written: {}.", displayPath(path), reason));
}

Status checkIsRegular(const fs::path& path, const struct stat& info)
{
    if (S_ISDIR(info.st_mode))
        return fail(ErrorCode::Io, fmt::format("{} is a folder, not a file.", displayPath(path)));
    if (!S_ISREG(info.st_mode))
        return fail(ErrorCode::Io,
            fmt::format("{} is a device, pipe or socket, not a regular file.", displayPath(path)));
    return {};
}

std::string errnoText()
{
    return std::generic_category().message(errno);
}

class Descriptor {
public:
    explicit Descriptor(int number)
        : m_number(number)
    {
    }
    ~Descriptor()
    {
        if (m_number >= 0)
            ::close(m_number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&& other) noexcept
        : m_number(std::exchange(other.m_number, -1))
    {
    }
    int number() const { return m_number; }

private:
    int m_number;
};

Result<Descriptor> openRegular(const fs::path& path)
{
    MOESCOPE_CHECK(checkRegularFile(path));
    // What it is may have changed since; this way, opening it does not wait.
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat info { };
    if (file.number() < 0 || ::fstat(file.number(), &info) != 0)
        return cannotRead(path, errno);
    MOESCOPE_CHECK(checkIsRegular(path, info));
    return file;
}

ssize_t readSome(const Descriptor& file, char* to, std::size_t most)
{
    ssize_t got = 0;
    do
        got = ::read(file.number(), to, most);
    while (got < 0 && errno == EINTR);
    return got;
}

/// A new file beside `target`, removed again unless it was renamed to it.
class Temporary {
public:
    Temporary(const fs::path& target, mode_t mode)
        : m_target(target)
    {
        constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
        constexpr int kTries = 100;
        std::random_device random;
        std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
        for (int i = 0; i < kTries; ++i) {
            m_name = target.string() + ".";
            for (int k = 0; k < 6; ++k)
                m_name += kLetters[letter(random)];
            m_descriptor = ::open(m_name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
            if (m_descriptor >= 0 || errno != EEXIST)
                break;
        }
    }
    ~Temporary()
    {
        if (m_descriptor < 0)
            return;
        ::close(m_descriptor);
        if (!m_renamed)
            ::unlink(m_name.c_str());
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    int descriptor() const { return m_descriptor; }
    const std::string& name() const { return m_name; }
    bool rename()
    {
        // Without it, a power failure could leave the new name with nothing behind it.
        m_renamed = ::fsync(m_descriptor) == 0 && ::rename(m_name.c_str(), m_target.c_str()) == 0;
        return m_renamed;
    }

private:
    fs::path m_target;
    std::string m_name;
    int m_descriptor = -1;
    bool m_renamed = false;
};

} // namespace

tl::unexpected<Error> cannotRead(const fs::path& path, int error)
{
    const std::string name = displayPath(path);
    if (error == ENOENT || error == ENOTDIR) {
        std::error_code ignored;
        const fs::path target = fs::read_symlink(path, ignored);
        if (!target.empty())
            return fail(ErrorCode::NotFound,
                fmt::format(
                    "{} is a link to {}, which does not exist.", name, displayPath(target)));
        return fail(ErrorCode::NotFound, fmt::format("{} does not exist.", name));
    }
    return fail(ErrorCode::Io,
        fmt::format("{} cannot be read: {}.", name, std::generic_category().message(error)));
}

Status writeFileAtomically(
    const fs::path& path, const std::function<Status(std::ostream&)>& produce)
{
    // A link is written through, so that the link itself survives.
    std::error_code ignored;
    fs::path target = path;
    if (fs::is_symlink(path, ignored))
        target = fs::weakly_canonical(path, ignored);
    struct stat info { };
    const bool exists = ::stat(target.c_str(), &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
        return cannotWrite(path, "it is a folder");
    if (exists && !S_ISREG(info.st_mode)) {
        std::ofstream stream(target, std::ios::binary);
        if (!stream)
            return cannotWrite(path, errnoText());
        MOESCOPE_CHECK(produce(stream));
        stream.flush();
        return stream ? Status() : cannotWrite(path, errnoText());
    }
    // A new file gets the usual mode, of which the system takes what the process masks; one that
    // replaces another is private until it is complete and takes over the mode.
    Temporary temporary(target, exists ? 0600 : 0666);
    if (temporary.descriptor() < 0)
        return cannotWrite(path, errnoText());
    {
        std::ofstream stream(temporary.name(), std::ios::binary);
        MOESCOPE_CHECK(produce(stream));
        stream.close();
        if (!stream)
            return cannotWrite(path, errnoText());
    }
    if (exists)
        ::fchmod(temporary.descriptor(), info.st_mode & 07777);
    return temporary.rename() ? Status() : cannotWrite(path, errnoText());
}

Status writeFileAtomically(const fs::path& path, std::string_view content)
{
    return writeFileAtomically(path, [&](std::ostream& stream) -> Status {
        stream.write(content.data(), static_cast<std::streamsize>(content.size()));
        return {};
    });
}

Status checkRegularFile(const fs::path& path)
{
    struct stat info { };
    if (::stat(path.c_str(), &info) != 0)
        return cannotRead(path, errno);
    return checkIsRegular(path, info);
}

Result<std::string> readTextFile(const fs::path& path, std::size_t maxBytes)
{
    MOESCOPE_TRY(const Descriptor file, openRegular(path));
    std::string text;
    std::array<char, 1U << 16> block{};
    while (true) {
        const ssize_t got = readSome(file, block.data(), block.size());
        if (got < 0)
            return cannotRead(path, errno);
        if (got == 0)
            return text;
        text.append(block.data(), static_cast<std::size_t>(got));
        if (text.size() > maxBytes)
            return fail(ErrorCode::BadFormat,
                fmt::format(
                    "{} is larger than {} bytes, the most that is accepted for such a file.",
                    displayPath(path), maxBytes));
    }
}

std::string firstBytes(const fs::path& path, std::size_t count)
{
    const auto file = openRegular(path);
    if (!file)
        return {};
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        const ssize_t got = readSome(*file, bytes.data() + have, count - have);
        if (got <= 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

} // namespace moescope
