// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/text.h"
#include "core/checkpoint/gguf.h"

namespace {

void check(bool holds)
{
    if (!holds)
        std::abort();
}

/// Every way to look at a value must end, whatever it holds.
void readAll(const moescope::MetadataValue& value)
{
    check(moescope::isValidUtf8(value.text()) && !value.typeText().empty());
    value.asUInt();
    value.asNumber();
    value.asBool();
    value.asString();
    value.asUInts();
    value.asNumbers();
    value.asBools();
    value.asStrings();
}

} // namespace

/// Whatever the bytes are: an error that can be shown, or metadata that can be read and tensors
/// that lie inside the file apart from one another.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto file = std::as_bytes(std::span(data, size));
    const auto header = moescope::parseGguf(file, "input");
    if (!header) {
        const std::string& message = header.error().message;
        check(!message.empty() && message.size() < 2000 && moescope::isValidUtf8(message));
        return 0;
    }
    for (const auto& entry : header->metadata.entries()) {
        check(header->metadata.find(entry.key) != nullptr);
        readAll(entry.value);
    }
    std::size_t bytes = 0;
    for (const moescope::TensorInfo& tensor : header->tensors) {
        check(moescope::storedBytes(tensor.dtype, tensor.elements()) == tensor.bytes.size());
        check(tensor.bytes.data() >= file.data()
            && tensor.bytes.data() + tensor.bytes.size() <= file.data() + size);
        bytes += tensor.bytes.size();
        if (moescope::isDecodable(tensor.dtype) && tensor.elements() > 0)
            moescope::decodeAll(moescope::MatrixView::rowMajor(
                tensor.dtype, 1, tensor.elements(), tensor.bytes.data()));
    }
    check(bytes <= size);
    return 0;
}
