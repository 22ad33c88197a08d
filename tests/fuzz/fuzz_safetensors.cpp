// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/text.h"
#include "core/checkpoint/safetensors.h"

/// Whatever the bytes are: an error that can be shown, or tensors that lie inside the file one
/// after the other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto file = std::as_bytes(std::span(data, size));
    const auto header = moescope::parseSafetensors(file, "input");
    if (!header) {
        const std::string& message = header.error().message;
        if (message.empty() || message.size() > 2000 || !moescope::isValidUtf8(message))
            std::abort();
        return 0;
    }
    std::size_t bytes = 0;
    for (const moescope::TensorInfo& tensor : header->tensors) {
        if (moescope::storedBytes(tensor.dtype, tensor.elements()) != tensor.bytes.size())
            std::abort();
        if (tensor.bytes.data() < file.data()
            || tensor.bytes.data() + tensor.bytes.size() > file.data() + size)
            std::abort();
        bytes += tensor.bytes.size();
        if (moescope::isDecodable(tensor.dtype) && tensor.elements() > 0)
            moescope::decodeAll(moescope::MatrixView::rowMajor(
                tensor.dtype, 1, tensor.elements(), tensor.bytes.data()));
    }
    if (bytes > size)
        std::abort();
    return 0;
}
