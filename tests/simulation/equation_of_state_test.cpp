// Equations of state: the exact curve, and silicon's with DFT and GAP-18.
#include "sinter/simulation/equation_of_state.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/temporary_folder.hpp"
#include "simulation/paper_potentials.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/pressure.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::messageOf;

std::vector<VolumePoint> curveOf(EquationOfState const& state, std::vector<double> const& volumes) {
  std::vector<VolumePoint> points;
  for (double const v : volumes) points.push_back({v, state.energyAt(v), state.pressureAt(v)});
  return points;
}

TEST(EquationOfStateTest, ExactCurve) {
  EquationOfState const exact{-1305.4, 162.9, 0.55, 4.3};
  auto const fitted = fitEquationOfState(curveOf(exact, {170, 150, 156, 163, 175}));
  // Energies of a thousand eV keep 1e-13 eV; the smallest of the curve is 1e-4 eV, the curvature 1e-2 eV.
  EXPECT_NEAR(fitted.energy, exact.energy, 1e-11);
  EXPECT_NEAR(fitted.volume, exact.volume, 1e-8);
  EXPECT_NEAR(fitted.bulk_modulus, exact.bulk_modulus, 1e-9);
  EXPECT_NEAR(fitted.bulk_modulus_derivative, exact.bulk_modulus_derivative, 1e-7);
}

TEST(EquationOfStateTest, Derivatives) {
  EquationOfState const state{-3, 20, 0.55, 5.1};
  EXPECT_EQ(state.energyAt(20), -3);
  EXPECT_EQ(state.pressureAt(20), 0);
  double const h = 1e-3;
  for (double const v : {15., 19., 20., 24.})
    EXPECT_NEAR((state.energyAt(v - h) - state.energyAt(v + h)) / (2 * h), state.pressureAt(v), 1e-8) << v;
  auto const bulkModulus = [&](double v) { return v * (state.pressureAt(v - h) - state.pressureAt(v + h)) / (2 * h); };
  EXPECT_NEAR(bulkModulus(20), state.bulk_modulus, 1e-7);
  double const slope = (bulkModulus(20.1) - bulkModulus(19.9)) / (state.pressureAt(20.1) - state.pressureAt(19.9));
  EXPECT_NEAR(slope, state.bulk_modulus_derivative, 1e-3);  // B'' times the square of the difference in pressure
}

TEST(EquationOfStateTest, BadInput) {
  EquationOfState const state{-3, 20, 0.55, 4};
  auto const fit = [&](std::vector<VolumePoint> const& points) {
    return messageOf<InputError>([&] { static_cast<void>(fitEquationOfState(points)); });
  };
  EXPECT_EQ(fit(curveOf(state, {19, 20, 21})), "fitEquationOfState: found 3 points, expected 4 at least");
  EXPECT_EQ(fit(curveOf(state, {19, 20, 21, 20})),
            "fitEquationOfState: found 3 different volumes, expected 4 at least");
  EXPECT_EQ(fit(curveOf(state, {16, 17, 18, 19})),
            "fitEquationOfState: found no minimum of the energy between the volumes 16 and 19 A^3, expected one");
  EXPECT_NE(fit({{19, 1}, {20, 2}, {21, 1}, {22, 0}}).find("found no minimum"), std::string::npos);  // a maximum
  EXPECT_EQ(fit({{19, 1}, {20, 0}, {0, 1}, {22, 3}}),
            "fitEquationOfState: found energy 1 at volume 0, expected a finite one at a volume > 0");
  EXPECT_NE(fit({{19, 1}, {20, std::numeric_limits<double>::quiet_NaN()}, {21, 1}, {22, 3}}).find("found energy nan"),
            std::string::npos);
}

// The silicon-testing-framework's energies over volumes and the bulk moduli it got from elastic constants.
TEST(SiliconTest, EquationsOfStateOfDftAndGap18) {
  auto const folder = std::filesystem::path(SINTER_SHARED_DATA) / "si_gap18/properties";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (std::string const model : {"CASTEP_ASE", "GAP"}) {
    auto const data =
        nlohmann::json::parse(std::ifstream(folder / ("model-" + model + "-test-bulk_diamond-properties.json")));
    std::vector<VolumePoint> points;  // per atom
    for (auto const& point : data.at("diamond_E_vs_V"))
      if (std::abs(point.at(0).get<double>() - 20.36) < 1.6) points.push_back({point.at(0), point.at(1), 0});
    auto const state = fitEquationOfState(points);
    double const bulk_modulus = state.bulk_modulus * gpa_per_ev_per_cubic_angstrom, a = std::cbrt(8 * state.volume);
    std::printf("%-10s %zu points: a0 %.4f A, E0 %.4f eV, B0 %.2f GPa, B0' %.2f\n", model.c_str(), points.size(), a,
                state.energy, bulk_modulus, state.bulk_modulus_derivative);
    EXPECT_NEAR(state.volume, model == "GAP" ? 20.358 : 20.360, 1e-3);  // ../shared/data/README.md: cubic in V
    EXPECT_NEAR(state.energy, model == "GAP" ? -163.1778 : -163.1780, 1e-4);
    EXPECT_NEAR(bulk_modulus, data.at("diamond_bulk_modulus").get<double>(), 1);
  }
}

std::vector<double> volumesAround(double v) {
  std::vector<double> volumes;
  for (int i = -4; i <= 4; ++i) volumes.push_back((1 + 0.01 * i) * v);
  return volumes;
}

// Fitted to energies alone; against pressures from virials and the bulk modulus from stresses.
TEST(EquationOfStateTest, CurveOfAPotential) {
  using Space = Kokkos::Serial;
  auto const model = reference::solidModel();
  auto const crystal = test::relaxedSilicon<Space>(model);
  double const v = *volume(crystal);
  auto const points = energyVolumeCurve<Space>(model, crystal, volumesAround(v));
  auto const state = fitEquationOfState(points);
  double const b = elasticConstants<Space>(model, crystal).bulkModulus();
  EXPECT_NEAR(state.volume, v, 1e-4 * v);
  EXPECT_NEAR(state.energy, *crystal.energy, 1e-4);
  EXPECT_NEAR(state.bulk_modulus, b, 5e-3 * b);  // what a cubic polynomial leaves of 8 % in volume
  for (auto const& point : points) EXPECT_NEAR(state.pressureAt(point.volume), point.pressure, 1e-3 * b);
}

TEST(SiliconTest, EquationsOfStateOfThePapersPotentials) {
  auto const potentials = test::paperPotentials();
  if (potentials.empty()) GTEST_SKIP() << "no si_mtp_paper";
  using Space = Kokkos::Serial;
  for (auto const& [name, model] : potentials) {
    auto const crystal = test::relaxedSilicon<Space>(model);
    auto const state = fitEquationOfState(energyVolumeCurve<Space>(model, crystal, volumesAround(*volume(crystal))));
    double const bulk_modulus = state.bulk_modulus * gpa_per_ev_per_cubic_angstrom;
    std::printf("%s: a0 %.4f A, B0 %.1f GPa, B0' %.2f\n", name.c_str(), std::cbrt(state.volume), bulk_modulus,
                state.bulk_modulus_derivative);
    double const stresses = elasticConstants<Space>(model, crystal).bulkModulus() * gpa_per_ev_per_cubic_angstrom;
    EXPECT_NEAR(bulk_modulus, stresses, 0.05 * stresses);
  }
}

}  // namespace
}  // namespace sinter
