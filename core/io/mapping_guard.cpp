// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/mapping_guard.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace moescope {

namespace {

/// `begin` is written last and cleared first, so a slot with a begin is complete.
struct Slot {
    std::atomic<std::uintptr_t> begin;
    std::atomic<std::uintptr_t> end;
    std::atomic<int> descriptor;
    std::atomic<bool> damaged;
};

// Plain statics without constructors or destructors: the handler may run before main's end and
// after it.
std::array<Slot, 4096> slots;
std::atomic<std::size_t> slotsInUse; // no slot at or above this index was ever taken
std::uintptr_t pageSize = 4096;
struct sigaction previousAction;
std::mutex registration;

static_assert(
    std::atomic<std::uintptr_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
    "the signal handler must not take locks");

/// Maps zeros over what the slot's file no longer holds; over the touched page alone when the file
/// is as long as ever, which is a read error of the disk or the network.
bool replaceLostPages(Slot& slot, std::uintptr_t begin, std::uintptr_t end, std::uintptr_t address)
{
    const std::uintptr_t touched = address & ~(pageSize - 1);
    std::uintptr_t from = touched;
    std::uintptr_t to = touched + pageSize;
    struct stat info;
    if (::fstat(slot.descriptor.load(), &info) == 0 && info.st_size >= 0) {
        const auto size = static_cast<std::uintptr_t>(info.st_size);
        const std::uintptr_t kept = (size + pageSize - 1) & ~(pageSize - 1);
        if (size < end - begin && begin + kept <= touched) {
            from = begin + kept;
            to = (end + pageSize - 1) & ~(pageSize - 1);
        }
    }
    slot.damaged.store(true);
    void* const wanted = reinterpret_cast<void*>(from); // NOLINT(performance-no-int-to-ptr)
    return ::mmap(wanted, to - from, PROT_READ,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)
        != MAP_FAILED;
}

bool repair(std::uintptr_t address)
{
    const std::size_t count = slotsInUse.load();
    for (std::size_t i = 0; i < count; ++i) {
        Slot& slot = slots[i];
        const std::uintptr_t begin = slot.begin.load();
        const std::uintptr_t end = slot.end.load();
        if (begin == 0 || address < begin || address >= ((end + pageSize - 1) & ~(pageSize - 1)))
            continue;
        if (slot.begin.load() == begin)
            return replaceLostPages(slot, begin, end, address);
    }
    return false;
}

void passOn(int signal, siginfo_t* info, void* context)
{
    if ((previousAction.sa_flags & SA_SIGINFO) != 0) {
        previousAction.sa_sigaction(signal, info, context);
    } else if (previousAction.sa_handler != SIG_DFL && previousAction.sa_handler != SIG_IGN) {
        previousAction.sa_handler(signal);
    } else if (info->si_code > 0) {
        // The access is repeated when this handler returns and then ends the program as if we were
        // not there.
        ::signal(signal, SIG_DFL);
    } else if (previousAction.sa_handler == SIG_DFL) {
        ::signal(signal, SIG_DFL);
        ::raise(signal); // delivered when this handler returns
    }
}

void onBusError(int signal, siginfo_t* info, void* context)
{
    const int keptErrno = errno;
    const bool fromKernel = info->si_code > 0;
    if (!fromKernel || !repair(reinterpret_cast<std::uintptr_t>(info->si_addr)))
        passOn(signal, info, context);
    errno = keptErrno;
}

void installHandler()
{
    pageSize = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action { };
    action.sa_sigaction = onBusError;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, nullptr, &previousAction);
    ::sigaction(SIGBUS, &action, nullptr);
}

} // namespace

std::optional<int> guardMapping(const void* begin, std::size_t length, int descriptor)
{
    const std::lock_guard lock(registration);
    static const bool installed = (installHandler(), true);
    static_cast<void>(installed);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        Slot& slot = slots[i];
        if (slot.begin.load() != 0)
            continue;
        const auto address = reinterpret_cast<std::uintptr_t>(begin);
        slot.descriptor.store(descriptor);
        slot.damaged.store(false);
        slot.end.store(address + length);
        slot.begin.store(address);
        if (i >= slotsInUse.load())
            slotsInUse.store(i + 1);
        return static_cast<int>(i);
    }
    return std::nullopt;
}

void releaseMapping(int slot)
{
    slots[static_cast<std::size_t>(slot)].begin.store(0);
}

bool isMappingDamaged(int slot)
{
    return slots[static_cast<std::size_t>(slot)].damaged.load();
}

} // namespace moescope
