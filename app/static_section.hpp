/// \file
/// The section `static` of `sinter validate`: crystals of one element at rest, property by property.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"
#include "validation_settings.hpp"

namespace sinter::app {

/// What is computed for itself: its place in the section, its settings, and how. Energies are per atom (eV), volumes
/// per atom (A^3), pressures and elastic constants in GPa.
struct StaticPart {
  std::vector<std::string> path;
  nlohmann::ordered_json inputs;
  std::function<nlohmann::ordered_json()> compute;  ///< \throws InputError where a relaxation failed; Interrupted
};

/// The parts that are asked for. \param model, settings outlive what is returned
template <class ExecutionSpace>
[[nodiscard]] std::vector<StaticPart> staticParts(MtpModel const& model, StaticSettings const& settings);

}  // namespace sinter::app
