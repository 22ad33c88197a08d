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
    double temperature = 0; ///< 0 = the most likely token
    std::uint64_t seed = 1;
};

/// Continues one prompt, or both of a comparison, token by token; it can be stopped and taken up
/// again. With the same settings it chooses the tokens that generate() chooses. Every token is
/// recorded as it was when it was read, also where a longer text changes what came before
/// (RopeSpec::beyond). Not for several threads at once.
class Continuation {
public:
    Continuation(std::shared_ptr<const OpenModel> model, std::shared_ptr<const Lexicon> lexicon,
        ContinuationSpec spec);
    ~Continuation();

    /// One more token on every side that has not ended; the first step runs the prompts before.
    /// False when there was none to add. After an error (or Cancelled) it can be called again.
    Result<bool> step(TaskContext& context);
    /// OutOfMemory when `tokens` more on every side would need more than the task may use.
    Status checkMemory(std::uint32_t tokens, const TaskContext& context);
    /// Everything so far, with types, patterns and the comparison.
    std::shared_ptr<const ExploreResult> snapshot() const;
    bool hasEnded() const; ///< every side met an end token, or the model's last position

private:
    class Side;
    std::shared_ptr<const OpenModel> m_model;
    std::shared_ptr<const Lexicon> m_lexicon;
    ContinuationSpec m_spec;
    std::vector<std::unique_ptr<Side>> m_sides;
};

/// Adds up to `tokens` tokens to every side. After each the partial sink gets a
/// `std::shared_ptr<const ExploreResult>`. False when the model ended the text.
Result<bool> continueBy(Continuation& continuation, std::uint32_t tokens, TaskContext& context);

} // namespace moescope
