// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/memory_use.h"

#include <fstream>
#include <string>

namespace moescope::test {

namespace {

std::uint64_t statusBytes(const std::string& name)
{
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == name) {
            std::uint64_t kilobytes = 0;
            status >> kilobytes;
            return kilobytes * 1024;
        }
    }
    return 0;
}

} // namespace

std::uint64_t anonymousBytes()
{
    return statusBytes("RssAnon:");
}

std::uint64_t residentBytes()
{
    return statusBytes("VmRSS:");
}

} // namespace moescope::test
