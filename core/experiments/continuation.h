// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/experiments/explore.h"

namespace moescope {

struct ContinuationSpec {
    ExploreSpec explore; ///< the prompts that are continued, with their interventions
    std::uint32_t maxTokens = 32;
    double temperature = 0; ///< 0 = the most likely token
    std::uint64_t seed = 1;
};

/// Continues one prompt, or both of a comparison, token by token; it can be stopped and taken up
/// again. With the same settings it chooses the tokens that generate() chooses. Not for several
/// threads at once.
class Continuation {
public:
    Continuation(std::shared_ptr<const OpenModel> model, std::shared_ptr<const Lexicon> lexicon,
        ContinuationSpec spec);
    ~Continuation();

    /// One more token on every side that has not ended; the first step runs the prompts before.
    /// False when there was none to add. After an error (or Cancelled) it can be called again.
    Result<bool> step(TaskContext& context);
    /// Everything so far, with types, patterns and the comparison.
    std::shared_ptr<const ExploreResult> snapshot() const;
    std::uint32_t produced() const { return m_produced; } ///< steps that added a token
    const ContinuationSpec& spec() const { return m_spec; }

private:
    class Side;
    std::shared_ptr<const OpenModel> m_model;
    std::shared_ptr<const Lexicon> m_lexicon;
    ContinuationSpec m_spec;
    std::vector<std::unique_ptr<Side>> m_sides;
    std::uint32_t m_produced = 0;
};

/// Steps until `maxTokens` or the end tokens are reached. After each token the partial sink gets a
/// `std::shared_ptr<const ExploreResult>`.
Status continueToEnd(Continuation& continuation, TaskContext& context);

} // namespace moescope
