// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Llama (Touvron et al., 2023): dense. Opened as the parent of mixtures that were grown from it.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    return family::standardConfig(
        json, source, {.normEps = 1e-6, .intermediate = 11008, .positions = 2048});
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_TRY(tensors.layers[l].dense,
            family::mlp(checkpoint, names.layer(l) + "mlp.", {}, config.hidden,
                config.layers[l].intermediate));
    }
    return tensors;
}

} // namespace

const Family& llamaFamily()
{
    static const Family family{{"llama"}, "Llama", readConfig, findTensors};
    return family;
}

} // namespace moescope
