// The obligations of a descriptor: equals the plain reference; forces and virial of energies made of it are minus the
// gradient; invariances; empty environments.
#include "sinter/soap/soap_kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "backends.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_sinks.hpp"
#include "soap_reference.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::testStructures;

template <class ExecutionSpace>
class SoapKernelTest : public testing::Test {};
TYPED_TEST_SUITE(SoapKernelTest, test::ExecutionSpaces);

// Largest difference of two lists of numbers; NaN counts.
double deviation(std::vector<double> const& a, std::vector<double> const& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (!(std::abs(a[i] - b[i]) <= worst)) worst = std::abs(a[i] - b[i]);
  return worst;
}

// Of atoms with these coefficients.
std::vector<double> plainVectors(SoapSettings const& settings, std::vector<reference::SoapCoefficients> const& atoms,
                                 SoapAverage average) {
  if (average == SoapAverage::inner) return reference::soapInnerAverage(settings, atoms);
  std::vector<double> all, mean(settings.dimension());
  for (auto const& coefficients : atoms) {
    auto const vector = reference::soapVector(settings, coefficients);
    all.insert(all.end(), vector.begin(), vector.end());
    for (std::size_t c = 0; c < vector.size(); ++c) mean[c] += vector[c] / static_cast<double>(atoms.size());
  }
  return average == SoapAverage::outer ? mean : all;
}

// Few and many radial functions and angular momenta, all kinds of padding, one to three species.
std::vector<SoapSettings> settingsOfAllKinds() {
  return {{.species = {14}, .n_max = 12, .l_max = 6},
          {.species = {14}, .cutoff = 4.5, .cutoff_width = 0.5, .sigma = 0.4, .n_max = 16, .l_max = 12},
          {.species = {14}, .cutoff = 3, .cutoff_width = 3, .n_max = 1, .l_max = 0},
          {.species = {14}, .cutoff = 4, .sigma = 0.1, .n_max = 6, .l_max = 3},
          {.species = {14}, .cutoff = 4, .cutoff_width = 0, .n_max = 8, .l_max = 3, .covariance_sigma0 = 0.1},
          {.species = {14, 8}, .cutoff = 4, .n_max = 5, .l_max = 4, .central_weight = 0.3},
          {.species = {29, 14, 8}, .cutoff = 3.5, .n_max = 9, .l_max = 2, .central_weight = 0}};
}

constexpr auto averages = {SoapAverage::none, SoapAverage::inner, SoapAverage::outer};

// The answers of EqualsPlainReference in its order: made once for all execution spaces, for they take long.
std::vector<std::vector<double>> const& plainAnswers() {
  static auto const answers = [] {
    std::vector<std::vector<double>> all;
    for (auto const& settings : settingsOfAllKinds())
      for (auto const& structure : testStructures({settings.species.begin(), settings.species.end()})) {
        auto const coefficients = reference::soapCoefficients(settings, structure);
        for (auto const average : averages) all.push_back(plainVectors(settings, coefficients, average));
      }
    return all;
  }();
  return answers;
}

TYPED_TEST(SoapKernelTest, EqualsPlainReference) {
  auto expected = plainAnswers().begin();
  for (auto const& settings : settingsOfAllKinds()) {
    SoapEvaluator<TypeParam> const soap(settings);
    for (auto const& structure : testStructures({settings.species.begin(), settings.species.end()}))
      for (auto const average : averages)
        // Radial functions of a table are off by 1e-13, and their transformation magnifies rounding a hundredfold.
        EXPECT_LE(deviation(soap.evaluate({&structure, 1}, average), *expected++), 1e-12)
            << settings.n_max << " " << settings.l_max << ", " << structure.size() << " atoms";
  }
}

TYPED_TEST(SoapKernelTest, RascalEqualsPlainReference) {
  Structure molecule;
  molecule.positions = {{0, 0, 0}, {1.1, 0.4, -0.3}, {-0.5, 1.6, 0.7}, {0.2, -0.9, 1.9}};
  molecule.species = {8, 1, 6, 1};
  for (int const n_max : {1, 6}) {
    SoapSettings const settings{.convention = SoapConvention::rascal,
                                .species = {1, 6, 8},
                                .cutoff = 3,
                                .cutoff_width = 0.7,
                                .n_max = n_max,
                                .l_max = 4,
                                .central_weight = 0.8};
    auto const coefficients = reference::soapCoefficients(settings, molecule);
    for (auto const average : {SoapAverage::none, SoapAverage::inner}) {
      auto const expected = plainVectors(settings, coefficients, average);
      double scale = 0;
      for (double const p : expected) scale = std::max(scale, std::abs(p));
      // Of the largest component: what Simpson's rule of the reference is off by is some 1e-12 of it.
      EXPECT_LE(deviation(SoapEvaluator<TypeParam>(settings).evaluate({&molecule, 1}, average), expected),
                1e-11 * scale);
      EXPECT_LE(
          deviation(SoapEvaluator<TypeParam>(settings, Precision::mixed).evaluate({&molecule, 1}, average), expected),
          2e-6 * scale);
    }
  }
}

// Neighbours within and beyond the cutoff, one too far away to count.
std::vector<SoapSettings> settingsOfDscribe() {
  std::vector<SoapSettings> all;
  for (auto const radial : {SoapRadial::gto, SoapRadial::polynomial})
    for (int const n_max : {1, 3})
      all.push_back({.convention = SoapConvention::dscribe,
                     .radial = radial,
                     .species = {1, 6, 8},
                     .cutoff = 2.1,
                     .cutoff_width = 0,
                     .sigma = 0.4,
                     .n_max = n_max,
                     .l_max = 4,
                     .central_weight = n_max == 1 ? 0.7 : 1});
  return all;
}

TYPED_TEST(SoapKernelTest, DscribeEqualsPlainReference) {
  Structure molecule;
  molecule.positions = {{0, 0, 0}, {1.1, 0.4, -0.3}, {-0.5, 1.6, 0.7}, {0.2, -0.9, 1.9}, {0.1, 2.9, -1.3}};
  molecule.species = {8, 1, 6, 1, 8};
  Structure crystal;
  crystal.positions = {molecule.positions[0], molecule.positions[1]};
  crystal.species = {8, 1};
  crystal.cell = {{{3.9, 0, 0}, {0.4, 4.2, 0}, {-0.3, 0.2, 4.6}}};
  crystal.periodic = {true, true, true};
  for (auto const& settings : settingsOfDscribe())
    for (auto const& [structure, average] :
         {std::pair(molecule, SoapAverage::none), {crystal, SoapAverage::inner}, {crystal, SoapAverage::outer}}) {
      auto const expected = plainVectors(settings, reference::soapCoefficients(settings, structure), average);
      double scale = 0;
      for (double const p : expected) scale = std::max(scale, std::abs(p));
      // Of the largest component: overlaps of the reference are off by some 1e-16 of their largest, which their
      // condition, up to 1e4, multiplies.
      EXPECT_LE(deviation(SoapEvaluator<TypeParam>(settings).evaluate({&structure, 1}, average), expected),
                1e-11 * scale);
      EXPECT_LE(
          deviation(SoapEvaluator<TypeParam>(settings, Precision::mixed).evaluate({&structure, 1}, average), expected),
          2e-6 * scale);
    }
}

TYPED_TEST(SoapKernelTest, MixedPrecisionIsCloseToDouble) {
  for (auto const& settings : settingsOfAllKinds()) {
    auto const structures = testStructures({settings.species.begin(), settings.species.end()});
    for (auto const average : averages) {
      auto const mixed = SoapEvaluator<TypeParam>(settings, Precision::mixed).evaluate(structures, average);
      auto const full = SoapEvaluator<TypeParam>(settings).evaluate(structures, average);
      EXPECT_LE(deviation(mixed, full), 1e-6);  // some ten roundings of float
      if (settings.dimension() > 2) {           // one component is 1 in any precision
        EXPECT_GT(deviation(mixed, full), 0);
      }
    }
  }
}

TYPED_TEST(SoapKernelTest, VectorsDependNeitherOnBatchNorOnChunks) {
  SoapSettings const settings{.species = {29, 14, 8}, .cutoff = 4, .n_max = 16, .l_max = 12};
  SoapEvaluator<TypeParam> const soap(settings);
  // Coefficients and vectors of this length are kept for some six atoms per thread of a host, at least 64, and for 1400
  // atoms on a device: more than that.
  std::size_t const count = is_device_space<TypeParam>
                                ? 24
                                : std::max<std::size_t>(4, static_cast<std::size_t>(TypeParam().concurrency()) / 8);
  std::vector<Structure> const copies(count, reference::diamond(2, 5.43, 0.2, {29, 14, 8}));
  auto const one = soap.evaluate({copies.data(), 1}), all = soap.evaluate(copies);
  ASSERT_EQ(all.size(), count * 64 * static_cast<std::size_t>(settings.dimension()));
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], one[i % one.size()]);
}

TYPED_TEST(SoapKernelTest, Invariances) {
  SoapSettings const settings{.species = {14, 8}, .n_max = 6, .l_max = 5};
  SoapEvaluator<TypeParam> const soap(settings);
  auto const structure = testStructures({14, 8})[1];
  auto const original = soap.evaluate({&structure, 1});
  auto const average = soap.evaluate({&structure, 1}, SoapAverage::inner);

  Structure moved = structure;
  for (auto& r : moved.positions) r = {r[0] + 17.3, r[1] - 4.1, r[2] + 0.7};
  EXPECT_LE(deviation(soap.evaluate({&moved, 1}), original), 1e-12);

  // Rotation about (1, 2, 3)/sqrt(14) by 0.7 rad, and an inversion.
  double const c = std::cos(0.7), s = std::sin(0.7), n = std::sqrt(14.0), k[3] = {1 / n, 2 / n, 3 / n};
  for (double const sign : {1.0, -1.0}) {
    auto const rotate = [&](Vector3& r) {
      double const dot = k[0] * r[0] + k[1] * r[1] + k[2] * r[2];
      Vector3 const cross{k[1] * r[2] - k[2] * r[1], k[2] * r[0] - k[0] * r[2], k[0] * r[1] - k[1] * r[0]};
      for (int x = 0; x < 3; ++x) r[x] = sign * (r[x] * c + cross[x] * s + k[x] * dot * (1 - c));
    };
    Structure turned = structure;
    for (auto& r : turned.positions) rotate(r);
    for (auto& row : turned.cell) rotate(row);
    EXPECT_LE(deviation(soap.evaluate({&turned, 1}), original), 1e-12);
    EXPECT_LE(deviation(soap.evaluate({&turned, 1}, SoapAverage::inner), average), 1e-12);
  }

  Structure permuted = structure;
  std::reverse(permuted.positions.begin(), permuted.positions.end());
  std::reverse(permuted.species.begin(), permuted.species.end());
  auto const reversed = soap.evaluate({&permuted, 1});
  std::vector<double> ordered;
  for (auto row = reversed.end(); row != reversed.begin(); row -= soap.dimension())
    ordered.insert(ordered.end(), row - soap.dimension(), row);
  EXPECT_LE(deviation(ordered, original), 1e-12);

  Structure supercell = structure;
  for (std::size_t i = 0; i < structure.size(); ++i) {
    Vector3 r = structure.positions[i];
    for (int x = 0; x < 3; ++x) r[x] += structure.cell[1][x];
    supercell.positions.push_back(r);
    supercell.species.push_back(structure.species[i]);
  }
  for (double& x : supercell.cell[1]) x *= 2;
  auto twice = original;
  twice.insert(twice.end(), original.begin(), original.end());
  EXPECT_LE(deviation(soap.evaluate({&supercell, 1}), twice), 1e-12);
  EXPECT_LE(deviation(soap.evaluate({&supercell, 1}, SoapAverage::inner), average), 1e-12);

  double self = 0;
  for (double const p : average) self += p * p;
  EXPECT_NEAR(self, 1, 1e-12);
}

TYPED_TEST(SoapKernelTest, EmptyEnvironments) {
  Structure lonely;
  lonely.positions = {{0, 0, 0}};
  lonely.species = {14};
  // The atom in the centre alone: one component, and a length of 1.
  auto const alone = SoapEvaluator<TypeParam>({.species = {14}}).evaluate({&lonely, 1});
  EXPECT_NEAR(alone[0], 1, 1e-15);
  EXPECT_EQ(std::count(alone.begin(), alone.end(), 0.0), static_cast<std::ptrdiff_t>(alone.size()) - 1);
  // Nothing at all: zero, but for the last component.
  SoapSettings const settings{.species = {14}, .central_weight = 0, .covariance_sigma0 = 0.5};
  for (auto const average : {SoapAverage::none, SoapAverage::inner, SoapAverage::outer}) {
    auto const nothing = SoapEvaluator<TypeParam>(settings).evaluate({&lonely, 1}, average);
    EXPECT_EQ(std::count(nothing.begin(), nothing.end(), 0.0), static_cast<std::ptrdiff_t>(nothing.size()) - 1);
    EXPECT_EQ(nothing.back(), 0.5);
  }
  EXPECT_TRUE(SoapEvaluator<TypeParam>(settings).evaluate({}).empty());
}

// Sources other than our neighbour lists may hand over positions that are not numbers.
TYPED_TEST(SoapKernelTest, NotANumberReachesTheVector) {
  using memory_space = typename TypeParam::memory_space;
  TypeParam const space;
  for (double const width : {0.0, 1.0, 5.0}) {
    SoapSettings const settings{.species = {14}, .cutoff_width = width};
    auto const structure = reference::diamond(1, 5.43, 0);
    auto const plan = makeSoapPlan<memory_space>(settings);
    auto const list = buildNeighborList(
        space, makeStructureBatch<memory_space>({&structure, 1}, SpeciesMap(settings.species, 1)), settings.cutoff);
    Kokkos::deep_copy(Kokkos::subview(list.batch.positions, 3, 1), std::nan(""));
    SoapRows<memory_space, double> const rows(plan, list.numCentres());
    evaluateSoap<SoapOutputs::spectra>(space, plan, list, SoapRowsSink<TypeParam, double>{rows});
    space.fence();
    auto const p = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.spectra);
    for (int i = 0; i < list.numCentres(); ++i) EXPECT_TRUE(std::isnan(p(i, 0))) << i;
  }
}

TEST(SoapSettingsTest, BadSettingsAreRefused) {
  auto const message = [](auto const& change) -> std::string {
    SoapSettings settings{.species = {14, 8}};
    change(settings);
    try {
      SoapBasis const basis(settings);
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message([](auto&) {}), "accepted");
  EXPECT_EQ(message([](auto& s) { s.n_max = 0; }), "SOAP: found n_max = 0, expected 1 to 32");
  EXPECT_EQ(message([](auto& s) { s.l_max = 40; }), "SOAP: found l_max = 40, expected 0 to 20");
  EXPECT_EQ(message([](auto& s) { s.l_max = -1; }), "SOAP: found l_max = -1, expected 0 to 20");
  EXPECT_EQ(message([](auto& s) { s.sigma = -0.5; }), "SOAP: found sigma = -0.500000, expected a positive number (A)");
  EXPECT_EQ(message([](auto& s) { s.cutoff = std::nan(""); }),
            "SOAP: found cutoff = nan, expected a positive number (A)");
  EXPECT_EQ(message([](auto& s) { s.cutoff_width = 6; }),
            "SOAP: found cutoff_width = 6, expected a number from 0 to the cutoff 5.000000 A");
  EXPECT_EQ(message([](auto& s) { s.central_weight = -1; }),
            "SOAP: found central_weight = -1, expected a number not below 0");
  EXPECT_EQ(message([](auto& s) {
              s.convention = SoapConvention::rascal;
              s.covariance_sigma0 = 0.1;
            }),
            "SOAP: found covariance_sigma0 = 0.100000, expected 0 in the convention rascal");
  auto const dscribe = [&](auto const& change) {
    return message([&](auto& s) {
      s.convention = SoapConvention::dscribe;
      s.cutoff_width = 0;
      change(s);
    });
  };
  EXPECT_EQ(dscribe([](auto&) {}), "accepted");
  EXPECT_EQ(dscribe([](auto& s) { s.covariance_sigma0 = 0.1; }),
            "SOAP: found covariance_sigma0 = 0.100000, expected 0 in the convention dscribe");
  EXPECT_EQ(dscribe([](auto& s) { s.cutoff_width = 0.5; }),
            "SOAP: found cutoff_width = 0.500000, expected 0 in the convention dscribe, which has no cutoff function");
  EXPECT_EQ(dscribe([](auto& s) { s.cutoff = 1; }),
            "SOAP: found cutoff = 1, expected more than 1 A in the convention dscribe with orbitals (gto)");
  EXPECT_EQ(dscribe([](auto& s) {
              s.radial = SoapRadial::polynomial;
              s.cutoff = 1;
              s.n_max = 4;
            }),
            "accepted");
  EXPECT_EQ(dscribe([](auto& s) { s.radial = SoapRadial::polynomial; }),
            "SOAP: found n_max = 12 with sigma 0.500000 A and cutoff 5.000000 A, whose radial functions are linearly "
            "dependent in double precision; expected fewer");
  EXPECT_EQ(message([](auto& s) { s.radial = SoapRadial::polynomial; }),
            "SOAP: found polynomial radial functions, expected them in the convention dscribe only");
  EXPECT_EQ(message([](auto& s) { s.species = {}; }), "SOAP: found no species, expected at least one");
  EXPECT_EQ(message([](auto& s) { s.species = {8, 14, 8}; }), "SOAP: found species 8 twice, expected each once");
  EXPECT_EQ(message([](SoapSettings& s) { s = SoapSettings{.species = {14}, .cutoff = 1, .sigma = 3, .n_max = 32}; }),
            "SOAP: found n_max = 32 with sigma 3.000000 A and cutoff 1.000000 A, whose radial functions are linearly "
            "dependent in double precision; expected fewer");
  EXPECT_THROW(static_cast<void>(soapPreset("paper", 14)), InputError);
}

TYPED_TEST(SoapKernelTest, BadStructuresAreRefused) {
  SoapEvaluator<TypeParam> const soap({.species = {14}});
  auto const message = [&](Structure const& structure, SoapAverage average) -> std::string {
    std::vector<std::string> const names = {"frame 7"};
    try {
      static_cast<void>(soap.evaluate({&structure, 1}, average, names));
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  };
  auto structure = reference::diamond(1, 5.43, 0, {14, 8});
  EXPECT_EQ(message(structure, SoapAverage::none).substr(0, 8), "frame 7:");
  structure = reference::diamond(1, 5.43, 0);
  EXPECT_EQ(message(structure, SoapAverage::none), "accepted");
  structure.positions[1] = structure.positions[0];
  EXPECT_EQ(message(structure, SoapAverage::outer),
            "frame 7: found a SOAP vector that is not finite, expected no two atoms at the same place");
  EXPECT_EQ(message({}, SoapAverage::inner), "frame 7: found no atoms, expected some to take the average of");
}

}  // namespace
}  // namespace sinter
