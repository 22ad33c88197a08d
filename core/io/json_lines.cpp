// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/json_lines.h"

#include <array>
#include <cerrno>
#include <stop_token>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/io/file_write.h"
#include "core/io/json.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

/// The line itself, the parser's copy and the parsed text.
constexpr std::uint64_t kCopiesOfLine = 3;
constexpr std::size_t kLongestLine = std::size_t{1} << 30;

/// Reads lines from a file, a pipe or a terminal; a stop request ends the wait for more.
class LineReader {
public:
    LineReader(std::string name, const TaskContext& context)
        : m_name(std::move(name))
        , m_context(context)
        , m_stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    {
    }
    ~LineReader()
    {
        if (m_input > STDIN_FILENO)
            ::close(m_input);
        if (m_stopped >= 0)
            ::close(m_stopped);
    }
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    Status openStandardInput()
    {
        m_input = STDIN_FILENO;
        return {};
    }
    Status open(const fs::path& path)
    {
        // Without O_NONBLOCK, to open a pipe that nobody writes to would not return.
        m_input = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat info { };
        if (m_input < 0 || ::fstat(m_input, &info) != 0)
            return cannotRead(path, errno);
        if (S_ISDIR(info.st_mode))
            return fail(ErrorCode::Io, fmt::format("{} is a folder, not a file.", m_name));
        // Others, such as /dev/zero, need not end.
        if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode) && ::isatty(m_input) == 0)
            return fail(ErrorCode::Io,
                fmt::format(
                    "{} is neither a file nor a pipe; lines cannot be read from it.", m_name));
        return {};
    }

    /// False at the end.
    Result<bool> next(std::string& line)
    {
        line.clear();
        while (true) {
            const std::size_t end = m_block.find('\n', m_at);
            line.append(m_block, m_at, end - m_at);
            if (end != std::string::npos) {
                m_at = end + 1;
                return true;
            }
            if (line.size() > kLongestLine)
                return fail(ErrorCode::BadFormat,
                    fmt::format(
                        "{} has a line of more than {}.", m_name, formatBytes(kLongestLine)));
            if (line.size() > m_buffer.size())
                MOESCOPE_CHECK(m_context.checkMemory(
                    kCopiesOfLine * line.size(), fmt::format("A line of {}", m_name)));
            MOESCOPE_TRY(const bool more, fill());
            if (!more)
                return !line.empty();
        }
    }

private:
    Result<bool> fill()
    {
        const std::stop_callback wake(m_context.stopToken(), [this] {
            if (m_stopped >= 0)
                ::eventfd_write(m_stopped, 1);
        });
        m_block.clear();
        m_at = 0;
        while (true) {
            MOESCOPE_CHECK(m_context.check());
            std::array<pollfd, 2> wait{pollfd{m_input, POLLIN, 0}, pollfd{m_stopped, POLLIN, 0}};
            if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
                return cannotRead(m_name, errno);
            MOESCOPE_CHECK(m_context.check());
            if (wait[0].revents == 0)
                continue;
            const ssize_t got = ::read(m_input, m_buffer.data(), m_buffer.size());
            if (got < 0 && (errno == EINTR || errno == EAGAIN))
                continue;
            if (got < 0)
                return cannotRead(m_name, errno);
            m_block.assign(m_buffer.data(), static_cast<std::size_t>(got));
            return got > 0;
        }
    }

    std::string m_name;
    const TaskContext& m_context;
    int m_stopped;
    int m_input = -1;
    std::array<char, 1U << 16> m_buffer{};
    std::string m_block;
    std::size_t m_at = 0;
};

} // namespace

std::string inputName(const fs::path& path)
{
    return path == "-" ? "standard input" : displayPath(path);
}

Status forEachJsonLine(const fs::path& path,
    const std::function<Status(const Json& line, std::string_view where)>& visit,
    const TaskContext& context)
{
    const std::string name = inputName(path);
    LineReader reader(name, context);
    MOESCOPE_CHECK(path == "-" ? reader.openStandardInput() : reader.open(path));
    std::string line;
    for (std::size_t number = 1;; ++number) {
        MOESCOPE_TRY(const bool there, reader.next(line));
        if (!there)
            return {};
        if (line.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        const std::string where = fmt::format("{}, line {}", name, number);
        MOESCOPE_TRY(const Json json, parseJson(line, where));
        if (!json.is_object())
            return fail(ErrorCode::BadFormat, fmt::format("{} is not a JSON object.", where));
        MOESCOPE_CHECK(visit(json, where));
    }
}

} // namespace moescope
