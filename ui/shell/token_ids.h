// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include <QString>

#include "core/base/result.h"

namespace moescope {
struct OpenModel;
}

namespace moescope::ui {

/// "1, 50 7" as ids; the error names the word that is none.
Result<std::vector<std::int32_t>> parseTokenIds(const QString& text);
/// What the ids spell for a person, without what a tokenizer puts around a text; empty where the
/// model has no tokenizer or does not know them all.
QString spellTokenIds(const OpenModel& open, const std::vector<std::int32_t>& ids);
QString formatTokenIds(const std::vector<std::int32_t>& ids);

} // namespace moescope::ui
