/// \file
/// Potentials of Morrow and Deringer's paper, and silicon crystals at rest with them.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "sinter/mtp/mtp_io.hpp"
#include "sinter/simulation/batch_relaxation.hpp"
#include "sinter/simulation/crystals.hpp"

namespace sinter::test {

struct PaperPotential {
  std::string name;
  MtpModel model;
};

/// Level 16, direct and indirect; none where they are not there.
inline std::vector<PaperPotential> paperPotentials() {
  auto const folder = std::filesystem::path(SINTER_SHARED_DATA) / "si_mtp_paper";
  if (!std::filesystem::exists(folder)) return {};
  return {{"direct, level 16", readMtp(folder / "g18_u16_fw0.1_direct.mtp")},
          {"indirect, level 16", readMtp(folder / "PQ1k-1_g18_rand_u16_fw0.1.mtp")}};
}

/// Conventional or primitive cell of silicon's diamond crystal, relaxed.
template <class Space>
Structure relaxedSilicon(MtpModel const& model, CrystalCell cell = CrystalCell::conventional) {
  RelaxationSettings settings;
  settings.force_tolerance = 1e-6;
  settings.pressure_tolerance = 1e-8;
  Structure const start = crystalPrototype("dia", 14, siliconVolumePerAtom("dia"), cell);
  return relax<Space>(model, settings, {&start, 1}).at(0).structure;
}

template <class Space>
double relaxedLatticeConstant(MtpModel const& model) {
  return std::cbrt(*volume(relaxedSilicon<Space>(model)));
}

}  // namespace sinter::test
