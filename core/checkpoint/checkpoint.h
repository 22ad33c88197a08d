// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/metadata.h"
#include "core/io/json_fwd.h"
#include "core/io/mapped_file.h"
#include "core/tensor/matrix_view.h"

namespace moescope {

/// One named tensor; `bytes` points into the mapped file `file` (index into Checkpoint::files()).
struct TensorInfo {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::uint64_t> shape; ///< empty = scalar
    std::span<const std::byte> bytes;
    std::uint32_t file = 0;

    std::uint64_t elements() const;
};

/// The tile of a matrix that shares one scale; 0 = as config.json declares it
/// (quantization_config.weight_block_size), else inferred from the number of scales (128 where that
/// fits).
struct ScaleBlock {
    std::uint64_t rows = 0;
    std::uint64_t cols = 0;
};

/// "[16, 128]"
std::string formatShape(std::span<const std::uint64_t> shape);

/// Bytes, dtypes, shapes and names of a model's weights; knows nothing about models. Opening reads
/// headers only. Immutable and safe to share between threads.
class Checkpoint {
public:
    /// `path`: a `.safetensors` file, an index (`*.safetensors.index.json`), a `.gguf` file (of a
    /// split model any part), or a folder that holds one of them.
    static Result<std::shared_ptr<const Checkpoint>> open(const std::filesystem::path& path);

    /// The folder that config.json and the tokenizer are looked for in.
    const std::filesystem::path& folder() const { return m_folder; }
    const std::filesystem::path& path() const { return m_path; } ///< as opened
    std::string_view format() const { return m_format; } ///< "safetensors" or "GGUF"
    /// config.json of folder() as it was when the checkpoint was opened; null when it cannot be
    /// used, which configError() tells, and for a GGUF file, which is its own config.
    const Json* config() const { return m_config.get(); }
    const Error& configError() const { return m_configError; }
    /// What the file says besides tensors; of a split GGUF model the first part does. Borrows from
    /// the mapping.
    const Metadata& metadata() const { return m_metadata; }

    /// Sorted by name.
    std::span<const TensorInfo> tensors() const { return m_tensors; }
    const TensorInfo* find(std::string_view name) const;
    std::span<const std::shared_ptr<const MappedFile>> files() const { return m_files; }
    std::uint64_t totalBytes() const; ///< of the tensors

    /// A tensor of exactly this shape as a float-decodable matrix (a vector is one row). Eight-bit
    /// floats bring the scales that are kept in `<name>_scale_inv` or `<name>_scale`, if there are
    /// any. Errors name the file, the tensor, the expected and the actual shape or dtype.
    Result<MatrixView> matrix(
        std::string_view name, std::uint64_t rows, std::uint64_t cols, ScaleBlock block = {}) const;
    Result<std::vector<float>> vector(std::string_view name, std::uint64_t size) const;
    /// A tensor of the shape [count, rows, cols] as `count` matrices.
    Result<std::vector<MatrixView>> stack(
        std::string_view name, std::array<std::uint64_t, 3> shape, ScaleBlock block = {}) const;
    /// The same for MXFP4 in two tensors, `<name>_blocks` u8 [count, rows, cols / 32, 16] with the
    /// first element of a byte in its low half, and `<name>_scales` u8 [count, rows, cols / 32].
    Result<std::vector<MatrixView>> mxfp4Stack(
        std::string_view name, std::array<std::uint64_t, 3> shape) const;

    /// Error when a mapped file has shrunk since it was opened.
    Status status() const;

    /// While it lives, small pieces of the weights are read without what lies around them.
    class ScatteredReads {
    public:
        explicit ScatteredReads(const Checkpoint& checkpoint);
        ~ScatteredReads();
        ScatteredReads(const ScatteredReads&) = delete;
        ScatteredReads& operator=(const ScatteredReads&) = delete;

    private:
        std::vector<std::shared_ptr<const MappedFile>> m_files;
    };

private:
    Checkpoint() = default;
    std::string subject(const TensorInfo& tensor) const; ///< of an error: file and tensor
    Result<const TensorInfo*> require(
        std::string_view name, std::span<const std::uint64_t> shape, bool allowRow = false) const;
    Status checkDecodable(const TensorInfo& tensor, std::uint64_t cols) const;
    Status checkStack(std::string_view name, std::uint64_t count) const;
    Status readScaleBlock();
    Status attachScales(
        const TensorInfo& tensor, ScaleBlock block, std::span<MatrixView> matrices) const;
    std::filesystem::path m_path;
    std::filesystem::path m_folder;
    std::string_view m_format;
    Metadata m_metadata;
    std::shared_ptr<const Json> m_config;
    Error m_configError;
    ScaleBlock m_scaleBlock; ///< as declared
    std::vector<TensorInfo> m_tensors;
    std::vector<std::shared_ptr<const MappedFile>> m_files;
};

} // namespace moescope
