// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/tensor_report.h"

#include <utility>

#include "core/base/text.h"
#include "core/model/open_model.h"
#include "core/report/model_identity.h"

namespace moescope::ui {

Report tensorReport(const OpenModel& open)
{
    Report report;
    report.experiment = "tensors";
    report.title = "Tensors of " + open.name;
    report.model = identifyModel(open);
    TableFigure table;
    table.columns = {{"name", "", false, -1, "as the checkpoint stores it"},
        {"format", "", false, -1, "number format of the stored values"},
        {"shape", "", false, -1, "rows first"}, {"numbers", "", true, 0, "product of the shape"},
        {"size", "B", true, 0, "bytes in the file"}, {"file", "", false, -1, "where it lies"}};
    for (const TensorInfo& tensor : open.checkpoint->tensors()) {
        const auto& file = open.checkpoint->files()[tensor.file]->path();
        table.rows.push_back({toValidUtf8(tensor.name), std::string(dtypeName(tensor.dtype)),
            formatShape(tensor.shape), static_cast<double>(tensor.elements()),
            static_cast<double>(tensor.bytes.size()), file.filename().string()});
    }
    Figure figure;
    figure.id = "tensors";
    figure.title = "Tensors";
    figure.subtitle = formatCount(open.checkpoint->tensors().size()) + " in "
        + formatBytes(open.checkpoint->totalBytes());
    figure.data = std::move(table);
    report.figures.push_back(std::move(figure));
    return report;
}

} // namespace moescope::ui
