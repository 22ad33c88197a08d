// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/checkpoint/checkpoint.h"
#include "core/model/open_model.h"
#include "core/report/report.h"

namespace moescope {

/// Stable on every machine, wherever the model lies: 64-bit FNV-1a, in hexadecimal, of every file's
/// name and size, every tensor's name, dtype, shape and place, and 64 bytes out of the middle of at
/// most 64 tensors spread over the list (so that two trainings of one shape differ). Never reads
/// more of the weights than that.
std::string checkpointHash(const Checkpoint& checkpoint);

/// Name, files, hash and dtype as every report carries them.
ModelIdentity identifyModel(const OpenModel& open);

/// dtype of most of the bytes: "bf16"; empty without tensors.
std::string dominantDType(const Checkpoint& checkpoint);

} // namespace moescope
