// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/report/figure.h"
#include "core/semantics/text_set.h"

namespace moescope {

/// A text set as one tokenizer sees it.
struct TextSetSummary {
    struct Domain {
        std::string name; ///< empty = the file names none
        std::size_t documents = 0;
        std::size_t bytes = 0;
        std::size_t tokens = 0; ///< 0 without a tokenizer
    };
    std::shared_ptr<const TextSet> texts;
    std::optional<std::vector<std::size_t>> tokens; ///< [documents]; nothing without a tokenizer
    std::vector<Domain> domains; ///< in the order in which they first appear
    Domain all; ///< the sums

    /// Tokens of all documents; nothing without a tokenizer.
    std::optional<std::size_t> tokenCount() const;
};

/// `tokenizer` may be null.
Result<TextSetSummary> summariseTexts(
    std::shared_ptr<const TextSet> texts, const Tokenizer* tokenizer, TaskContext& context);

/// A row a domain, the largest first.
Figure textDomainsFigure(const TextSetSummary& summary);
/// A row a document, in the order of the file.
Figure textDocumentsFigure(const TextSetSummary& summary);

} // namespace moescope
