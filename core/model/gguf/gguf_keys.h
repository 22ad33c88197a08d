// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"

namespace moescope::gguf {

/// The settings of a GGUF file's architecture: keys are named without the architecture that stands
/// before them. Errors name the file and the whole key.
class Keys {
public:
    Keys(const Checkpoint& checkpoint, std::string architecture);

    const Checkpoint& checkpoint() const { return m_checkpoint; }
    const std::string& architecture() const { return m_architecture; }
    const std::string& source() const { return m_source; } ///< the file, for errors

    /// A whole number between 1 and 2^30, or a list that holds one such number for every layer.
    Result<std::uint32_t> size(std::string_view key) const;
    /// The same where the key may be absent; 0 counts as absent.
    Result<std::optional<std::uint32_t>> optionalSize(std::string_view key) const;
    /// The largest of the layers' values; nothing where all are 0 or the key is absent.
    Result<std::optional<std::uint32_t>> largestSize(std::string_view key) const;
    Result<std::optional<double>> number(std::string_view key) const; ///< finite
    Result<std::optional<bool>> flag(std::string_view key) const;
    Result<std::optional<std::string>> word(std::string_view key) const;

    bool hasTensor(std::string_view name) const { return m_checkpoint.find(name) != nullptr; }
    /// "<file>: <what>." as BadFormat.
    tl::unexpected<Error> bad(std::string_view what) const;
    tl::unexpected<Error> unsupported(std::string_view what) const;

private:
    std::string name(std::string_view key) const;

    const Checkpoint& m_checkpoint;
    std::string m_architecture;
    std::string m_source;
};

} // namespace moescope::gguf
