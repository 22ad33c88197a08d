// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/stats/intervals.h"

namespace moescope {

enum class Verdict : std::uint8_t { NotApplicable, InsufficientData, Supported, Contradicted, AtNull };
std::string_view verdictText(Verdict verdict); ///< "supported", "at null", ...

struct NullModel {
    std::string model; ///< "random sets of these sizes (hypergeometric)"
    double mean = 0;
    std::optional<Interval> band; ///< 2.5 to 97.5 %
};

/// One claim and what became of it (EXPERIMENTS section 0.11). The sentence shown is allowed by the verdict alone.
struct Finding {
    std::string claim;
    std::string test;
    std::optional<double> effect;
    std::string unit;
    std::uint64_t tokens = 0; ///< n of the claim, or weights looked at when `countUnit` says so
    std::string countUnit = "tokens";
    std::uint64_t prompts = 0;
    std::optional<Interval> interval;
    std::string intervalNote; ///< why there is none, when the data allow no honest one
    std::optional<NullModel> null;
    std::optional<double> z;
    std::optional<double> p;
    std::string pSide; ///< which tail `p` is, "one-sided, fewer"
    std::optional<double> q;
    std::uint64_t family = 1; ///< cells tested in this run
    double delta = 0; ///< smallest difference that counts
    Verdict verdict = Verdict::InsufficientData;
    std::string conclusion; ///< one plain sentence
    std::optional<std::uint64_t> tokensNeeded;
};

/// How a claim is judged: which direction supports it, or that it claims absence.
enum class ClaimKind { Greater, Less, Absence };

/// The first rule that holds, of section 0.11. `enough`: the minima are met.
Verdict judge(ClaimKind kind, const Interval& interval, double effect, double null, double delta, bool enough);

} // namespace moescope
