// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/report/figure_html.h"
#include "core/report/report.h"
#include "core/report/report_words.h"

namespace moescope {

namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>)";

constexpr std::string_view kStyle = R"(</title>
<style>
:root { --paper: #fcfcfb; --ink: #1c1f23; --soft: #5a6069; --line: #d4d7dc; --shade: 38, 98, 190; --over: 190, 48, 38; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #17191c; --ink: #e8eaed; --soft: #a3a9b2; --line: #3b4047; --shade: 92, 152, 240; --over: 240, 110, 96; }
}
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.soft, figcaption { color: var(--soft); }
.scroll { overflow-x: auto; }
figure { margin: 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.875rem; }
th, td { padding: 0.15rem 0.5rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; unicode-bidi: isolate; }
th { font-weight: 600; }
td.n, th.n { text-align: right; }
td.s { background: rgba(var(--shade), var(--a)); text-align: center; border: 1px solid var(--paper); }
td.o { background: rgba(var(--over), var(--a)); text-align: center; border: 1px solid var(--paper); }
td.w { white-space: normal; min-width: 14rem; }
.chip { display: inline-block; border: 1px solid var(--line); border-radius: 3px; padding: 0 0.3rem; margin: 0.1rem; text-align: center; unicode-bidi: isolate; }
.chip code { display: block; }
.chip span { color: var(--soft); font-size: 0.8rem; }
img { max-width: 100%; }
li { margin-bottom: 0.6rem; }
</style>
</head>
<body>
)";

std::string base64(std::string_view bytes)
{
    static constexpr std::string_view kDigits
        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = (group << 8)
                | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += i + j <= bytes.size() ? kDigits[(group >> (18 - 6 * j)) & 63U] : '=';
    }
    return out;
}

std::string parametersHtml(const Json& spec)
{
    std::string out = "<h2>Parameters</h2>\n<table>\n";
    for (const auto& [key, value] : spec.items())
        out += fmt::format("<tr><th>{}</th><td class=\"w\">{}</td></tr>\n", htmlText(key),
            htmlText(value.is_string() ? value.get<std::string>() : dumpJson(value, -1)));
    return out + "</table>\n";
}

std::string findingsHtml(const std::vector<Finding>& findings)
{
    std::string out = "<h2>Findings</h2>\n<ul>\n";
    for (const Finding& finding : findings)
        out += fmt::format("<li><strong>{}</strong><br>{}<br><span class=\"soft\">{}</span></li>\n",
            htmlText(finding.conclusion.empty() ? finding.claim : finding.conclusion),
            htmlText(finding.test), htmlText(findingFacts(finding)));
    return out + "</ul>\n";
}

} // namespace

std::string reportToHtml(
    const Report& report, const std::vector<std::pair<std::string, std::string>>& pictures)
{
    std::string out(kHead);
    out += htmlText(report.title);
    out += kStyle;
    out += "<h1>" + htmlText(report.title) + "</h1>\n";
    if (const std::string model = modelLine(report.model); !model.empty())
        out += "<p>Model: " + htmlText(model) + "</p>\n";
    out += fmt::format("<p class=\"soft\">Made by {}, experiment {}, seed {}.</p>\n",
        htmlText(programLine()), htmlText(report.experiment), report.seed);
    if (!report.complete)
        out += "<p><strong>Incomplete: the work was cancelled before its end.</strong></p>\n";
    if (!report.findings.empty())
        out += findingsHtml(report.findings);
    for (const Figure& figure : report.figures) {
        out += fmt::format("<section>\n<h2>{}</h2>\n", htmlText(figure.title));
        if (!figure.subtitle.empty())
            out += "<p>" + htmlText(figure.subtitle) + "</p>\n";
        out += "<figure>\n";
        const auto picture = std::find_if(
            pictures.begin(), pictures.end(), [&](const auto& p) { return p.first == figure.id; });
        if (picture != pictures.end()) {
            out += fmt::format("<img alt=\"{}\" src=\"data:image/png;base64,{}\">\n",
                htmlText(figure.title), base64(picture->second));
            out += "<details><summary>Data</summary>\n" + figureToHtml(figure) + "</details>\n";
        } else {
            out += figureToHtml(figure);
        }
        if (!figure.caption.empty())
            out += "<figcaption>" + htmlText(figure.caption) + "</figcaption>\n";
        out += "</figure>\n</section>\n";
    }
    if (report.spec && !report.spec->empty())
        out += parametersHtml(*report.spec);
    return out + "</body>\n</html>\n";
}

} // namespace moescope
