// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report.h"

#include "core/io/json.h"

namespace moescope {

namespace {

std::unique_ptr<Json> copyOf(const std::unique_ptr<Json>& value)
{
    return std::make_unique<Json>(value ? *value : Json::object());
}

} // namespace

Report::Report()
    : spec(std::make_unique<Json>(Json::object()))
    , fields(std::make_unique<Json>(Json::object()))
{
}

Report::~Report() = default;
Report::Report(Report&&) noexcept = default;
Report& Report::operator=(Report&&) noexcept = default;

Report::Report(const Report& other)
    : experiment(other.experiment)
    , title(other.title)
    , model(other.model)
    , spec(copyOf(other.spec))
    , fields(copyOf(other.fields))
    , bigArrays(other.bigArrays)
    , seed(other.seed)
    , findings(other.findings)
    , figures(other.figures)
    , complete(other.complete)
{
}

Report& Report::operator=(const Report& other)
{
    if (this != &other)
        *this = Report(other);
    return *this;
}

} // namespace moescope
