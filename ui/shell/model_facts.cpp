// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/model_facts.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <QCoreApplication>
#include <QStringList>

#include "core/base/text.h"
#include "core/checkpoint/type_totals.h"
#include "core/model/config_words.h"
#include "core/model/open_model.h"
#include "ui/figures/figure_words.h"

namespace moescope::ui {

namespace {

QString tr(const char* source, int count = -1)
{
    return QCoreApplication::translate("ModelFacts", source, nullptr, count);
}

QString layersAndExperts(const ModelConfig& config)
{
    const QString layers = QStringLiteral("%1 layers").arg(config.layerCount());
    if (config.mixtureLayerCount() == 0)
        return layers + tr(", dense");
    QString mixture = QStringLiteral(" × %1 experts, top-%2")
                          .arg(config.router.experts)
                          .arg(config.router.topK);
    if (config.mixtureLayerCount() != config.layerCount())
        mixture += tr(" in %1 of them").arg(config.mixtureLayerCount());
    return layers + mixture;
}

QString spread(const Checkpoint& checkpoint)
{
    const auto files = checkpoint.files().size();
    return files == 1 ? tr("1 file") : tr("%1 files").arg(files);
}

/// "q4_k: 61.0 MB in 12 tensors, 71.0 %", a line for every number format.
QString typesText(const Checkpoint& checkpoint)
{
    QStringList lines;
    const auto all = static_cast<double>(std::max<std::uint64_t>(1, checkpoint.totalBytes()));
    for (const TypeTotal& total : typeTotals(checkpoint))
        lines += tr("%1: %2 in %3 tensors, %4 %")
                     .arg(text(std::string(dtypeName(total.dtype))), text(formatBytes(total.bytes)),
                         text(formatCount(total.tensors)),
                         numberText(100 * static_cast<double>(total.bytes) / all, 1));
    return lines.join(QLatin1Char('\n'));
}

void addMetadata(std::vector<std::pair<QString, QString>>& rows, const Metadata& metadata)
{
    constexpr std::size_t kMostRows = 200;
    const auto entries = metadata.entries();
    if (entries.empty())
        return;
    rows.emplace_back(tr("Metadata of the file"), QString());
    for (const auto& entry : entries.first(std::min(kMostRows, entries.size()))) {
        const QString value = text(entry.value.text());
        rows.emplace_back(
            text(displayName(entry.key)), value.isEmpty() ? QStringLiteral("\"\"") : value);
    }
    if (entries.size() > kMostRows)
        rows.emplace_back(
            tr("and more"), tr("%1 entries in all").arg(text(formatCount(entries.size()))));
}

} // namespace

QString familyOf(const OpenModel& open)
{
    if (open.model)
        return text(open.model->config().familyName);
    return open.modelType.empty() ? tr("unknown family") : text(displayName(open.modelType, 60));
}

QString factsLine(const OpenModel& open)
{
    if (!open.model)
        return QStringList{familyOf(open),
            tr("%1 tensors").arg(text(formatCount(open.checkpoint->tensors().size()))),
            text(formatBytes(open.checkpoint->totalBytes()))}
            .join(QStringLiteral(" · "));
    const MoeModel& model = *open.model;
    return QStringList{familyOf(open), layersAndExperts(model.config()),
        tr("%1 parameters").arg(text(formatParameters(model.parameters()))),
        text(packingName(model.typicalWeights()))}
        .join(QStringLiteral(" · "));
}

std::vector<std::pair<QString, QString>> factsTable(const OpenModel& open)
{
    std::vector<std::pair<QString, QString>> rows;
    const auto add
        = [&](const QString& name, const QString& value) { rows.emplace_back(name, value); };
    const Checkpoint& checkpoint = *open.checkpoint;
    add(tr("Name"), text(open.name));
    add(tr("Place"), text(open.path.string()));
    add(tr("Weights"),
        QStringLiteral("%1, %2, %3 tensors, %4")
            .arg(text(std::string(checkpoint.format())), spread(checkpoint),
                text(formatCount(checkpoint.tensors().size())),
                text(formatBytes(checkpoint.totalBytes()))));
    add(tr("Stored as"), typesText(checkpoint));
    add(tr("Family"), familyOf(open));
    if (open.model) {
        const ModelConfig& config = open.model->config();
        const AttentionSpec& attention = config.attention;
        add(tr("Parameters"),
            tr("%1, of which %2 are used for one token")
                .arg(text(formatParameters(open.model->parameters())),
                    text(formatParameters(open.model->activeParameters()))));
        add(tr("Layers"), layersAndExperts(config));
        if (config.mixtureLayerCount() > 0)
            add(tr("Router"), text(config.router.describe()));
        if (const std::string second = describeSecondRouter(config); !second.empty())
            add(tr("Second router"), text(second));
        if (config.router.sharedExperts > 0)
            add(tr("Shared experts"), text(describeSharedExperts(config.router)));
        add(tr("Width"), tr("%1 hidden").arg(config.hidden));
        if (!config.missingPart.empty())
            add(tr("Cannot be run"), tr("missing: %1").arg(text(config.missingPart)));
        if (attention.heads > 0) {
            add(tr("Attention"),
                tr("%1 heads of %2, %3 key-value heads")
                    .arg(attention.heads)
                    .arg(attention.headDim)
                    .arg(attention.kvHeads));
            add(tr("Tokens mixed by"), text(describeMixers(config)));
            add(tr("Rotary kind"), text(describeRope(config)));
        }
        add(tr("Positions"), text(formatCount(config.maxPositions)));
        add(tr("Vocabulary"), text(formatCount(config.vocabulary)));
        add(tr("Number format"), text(packingName(open.model->typicalWeights())));
    } else {
        add(tr("Cannot be run"), text(open.modelError.message));
    }
    if (open.tokenizer)
        add(tr("Tokenizer"),
            QStringLiteral("%1, %2").arg(text(std::string(open.tokenizer->kind())),
                text(open.tokenizer->source().filename().string())));
    else
        add(tr("Tokenizer"), text(open.tokenizerError.message));
    if (open.tokenizer && !open.tokenizer->warning().empty())
        add(tr("Tokenizer warning"), text(open.tokenizer->warning()));
    addMetadata(rows, checkpoint.metadata());
    return rows;
}

QString machineLine(std::optional<double> readBandwidth)
{
    const unsigned cores = std::thread::hardware_concurrency();
    const QString line
        = cores == 1 ? tr("this machine: 1 core") : tr("this machine: %1 cores").arg(cores);
    return readBandwidth
        ? line + tr(", %1 GB/s").arg(numberText(*readBandwidth, *readBandwidth < 10 ? 1 : 0))
        : line;
}

} // namespace moescope::ui
