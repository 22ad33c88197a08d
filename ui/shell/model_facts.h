// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <QString>

namespace moescope {
struct OpenModel;
}

namespace moescope::ui {

/// "OLMoE · 8 layers × 16 experts, top-4 · 6.8 M parameters · bf16"
QString factsLine(const OpenModel& open);
/// Family, or what stands in config.json, or "unknown family".
QString familyOf(const OpenModel& open);
/// Name and value of everything a person may want to know, top to bottom.
std::vector<std::pair<QString, QString>> factsTable(const OpenModel& open);
/// "this machine: 2 cores, 46 GB/s"; `readBandwidth` in GB/s, once it is known.
QString machineLine(std::optional<double> readBandwidth);

} // namespace moescope::ui
