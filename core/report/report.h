// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/report/figure.h"
#include "core/stats/verdict.h"

namespace moescope {

struct ModelIdentity {
    std::string id; ///< name or folder
    std::vector<std::string> files;
    std::string hash; ///< of the headers and sizes (not of every weight); says so in `hashOf`
    std::string hashOf = "headers and sizes";
    std::string dtype;
};

/// Numbers of a report that are too many to stand in its JSON. They are made only while a file beside the JSON is
/// written.
struct BigArray {
    std::string name; ///< in `fields`
    std::vector<std::uint64_t> shape;
    std::size_t parts = 0; ///< one after the other they fill the shape
    std::function<std::vector<float>(std::size_t)> part;
};

/// What an experiment found: the same numbers for the window, the CLI and every export.
struct Report {
    Report();
    ~Report();
    Report(Report&&) noexcept;
    Report& operator=(Report&&) noexcept;
    Report(const Report&);
    Report& operator=(const Report&);

    std::string experiment; ///< "explore"
    std::string title;
    ModelIdentity model;
    std::string scope; ///< what was looked at, for the head of the texts; may be empty
    std::unique_ptr<Json> spec; ///< parameters as run, never null
    std::unique_ptr<Json> fields; ///< the result fields of EXPERIMENTS section 6, never null
    std::vector<BigArray> bigArrays;
    std::uint64_t seed = 1;
    std::vector<Finding> findings;
    std::vector<Figure> figures;
    bool complete = true; ///< false after a cancel: never exported as finished
};

/// `{schema "moescope/explore/1", program{version, commit}, title, complete, model, spec, seed, fields, findings[],
/// figures[]}`, everything inline but `bigArrays`: in their place stands that and why they are left out.
Json reportToJson(const Report& report);
Json figureToJson(const Figure& figure);
Json findingToJson(const Finding& finding);
Json programToJson();
Json identityToJson(const ModelIdentity& model);
/// reportToJson as a file. Arrays of more than 1e5 numbers go to `path`.safetensors beside it and are named by a
/// reference, and so do `bigArrays`, unless `path` is a device or a pipe.
Status writeReportJson(const Report& report, const std::filesystem::path& path);

std::string reportToMarkdown(const Report& report);
/// One self-contained file; `pictures` (PNG bytes by figure id, may be empty) are embedded, else the data as tables.
std::string reportToHtml(const Report& report, const std::vector<std::pair<std::string, std::string>>& pictures);
/// Text tables for a terminal of this width; `colour` allows ANSI shades.
std::string reportToText(const Report& report, std::size_t width, bool colour);
std::string figureToText(const Figure& figure, std::size_t width, bool colour);
/// The figure's data (see figureTable) as CSV by RFC 4180 (UTF-8, CRLF), or with another separator and LF. Numbers read
/// back unchanged, NaN is an empty field. A text that a spreadsheet would run as a formula (it begins with = + - @, is
/// longer than that sign and no number) gets a leading apostrophe.
std::string figureToCsv(const Figure& figure, char separator = ',');
/// Tables below one another, each below a line with its name and with an empty line between them:
/// "report" (keys and values: model, hash, seed, parameters), "findings", then the figures by id.
std::string reportToCsv(const Report& report, char separator = ',');

} // namespace moescope
