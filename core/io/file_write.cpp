// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file_write.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace moescope {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> cannotWrite(const fs::path& path, std::string_view reason)
{
    return fail(ErrorCode::CannotWrite, fmt::format("{} cannot be written: {}.", path.string(), reason));
}

std::string errnoText()
{
    return std::generic_category().message(errno);
}

} // namespace

Status writeFileAtomically(const fs::path& path, const std::function<Status(std::ostream&)>& produce)
{
    // A link is written through, so that the link itself survives.
    std::error_code ignored;
    fs::path target = path;
    if (fs::is_symlink(path, ignored))
        target = fs::weakly_canonical(path, ignored);
    struct stat info {};
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
    std::string temporary = target.string() + ".XXXXXX";
    std::vector<char> name(temporary.begin(), temporary.end());
    name.push_back('\0');
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0)
        return cannotWrite(path, errnoText());
    // mkstemp makes private files; keep the old file's mode, else the usual one.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(descriptor, exists ? (info.st_mode & 07777) : (0666 & ~mask));
    ::close(descriptor);
    temporary = name.data();
    const auto giveUp = [&](tl::unexpected<Error> error) -> Status {
        ::unlink(temporary.c_str());
        return error;
    };
    {
        std::ofstream stream(temporary, std::ios::binary);
        if (auto status = produce(stream); !status)
            return giveUp(tl::unexpected(status.error()));
        stream.close();
        if (!stream)
            return giveUp(cannotWrite(path, errnoText()));
    }
    if (::rename(temporary.c_str(), target.c_str()) != 0)
        return giveUp(cannotWrite(path, errnoText()));
    return {};
}

Status writeFileAtomically(const fs::path& path, std::string_view content)
{
    return writeFileAtomically(path, [&](std::ostream& stream) -> Status {
        stream.write(content.data(), static_cast<std::streamsize>(content.size()));
        return {};
    });
}

Result<std::string> readTextFile(const fs::path& path, std::size_t maxBytes)
{
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status))
        return fail(ErrorCode::NotFound, fmt::format("{} does not exist.", path.string()));
    if (fs::is_directory(status))
        return fail(ErrorCode::Io, fmt::format("{} is a folder, not a file.", path.string()));
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return fail(ErrorCode::Io, fmt::format("{} cannot be read: {}.", path.string(), errnoText()));
    std::string text;
    std::vector<char> block(1U << 16);
    while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) || stream.gcount() > 0) {
        text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
        if (text.size() > maxBytes)
            return fail(ErrorCode::BadFormat,
                fmt::format("{} is larger than {} bytes, the most that is accepted for such a file.",
                    path.string(), maxBytes));
    }
    if (stream.bad())
        return fail(ErrorCode::Io, fmt::format("{} cannot be read: {}.", path.string(), errnoText()));
    return text;
}

} // namespace moescope
