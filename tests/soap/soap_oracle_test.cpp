// Against SOAP vectors that QUIP, featomic and DScribe computed (../shared/data; skipped where it is absent; those of
// DScribe from beside this file).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

#include "backends.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_kernel.hpp"
#include "sinter/soap/soap_sinks.hpp"
#include "sinter/structures/byte_stream.hpp"
#include "sinter/structures/reader.hpp"
#include "soap_reference.hpp"

namespace sinter {
namespace {

std::filesystem::path const shared_data = SINTER_SHARED_DATA;
using Vectors = std::vector<std::vector<double>>;

template <class ExecutionSpace>
class SoapOracleTest : public testing::Test {
  void SetUp() override {
    if (!std::filesystem::exists(shared_data)) GTEST_SKIP() << "no " << shared_data;
  }
};
TYPED_TEST_SUITE(SoapOracleTest, test::ExecutionSpaces);

std::string readText(std::filesystem::path const& file) {
  auto const bytes = detail::openBytes(file.string());
  std::string text, block(1 << 16, ' ');
  while (std::size_t const size = bytes->read(block.data(), block.size())) text.append(block, 0, size);
  return text;
}

nlohmann::json readJson(std::filesystem::path const& file) { return nlohmann::json::parse(readText(file)); }

// What QUIP computed for one structure.
struct Oracle {
  SoapSettings settings;
  Structure structure;
  SoapAverage average = SoapAverage::none;
  Vectors vectors;  // of each atom (an empty one is not known), or the average
};

// One hundred environments of silicon.
std::vector<Oracle> quipEnvironments() {
  auto const folder = shared_data / "soap_quip";
  std::vector<Oracle> oracles;
  std::vector<std::pair<std::size_t, std::size_t>> atoms;  // oracle and atom of each environment
  for (auto const& structure : readStructures((folder / "Si.np1.xyz").string())) {
    Oracle& oracle = oracles.emplace_back();
    oracle.settings = {.species = {14}, .cutoff = 4, .n_max = 8, .l_max = 8};
    oracle.structure = structure;
    oracle.vectors.resize(structure.size());
    for (std::size_t i = 0; i < structure.size(); ++i) atoms.emplace_back(oracles.size() - 1, i);
  }
  auto const json = readJson(folder / "Si.soap.cur_points.json");
  auto const& index = json.at("index").at(0);
  auto const values = json.at("coords").at(0).at("sparsex").get<std::vector<double>>();
  std::size_t const dimension = values.size() / index.size();
  for (std::size_t v = 0; v < index.size(); ++v) {
    auto const [oracle, atom] = atoms.at(index[v].get<std::size_t>() - 1);
    oracles[oracle].vectors[atom].assign(values.begin() + v * dimension, values.begin() + (v + 1) * dimension);
  }
  return oracles;
}

// Ten settings drawn at random.
std::vector<Oracle> quippySettings() {
  auto const folder = shared_data / "soap_ref" / "quippy_random";
  auto const frames = readStructures((folder / "frames.extxyz").string());
  auto const json = readJson(folder / "cases.json.xz");
  std::vector<Oracle> oracles;
  for (auto const& c : json.at("cases")) {
    Oracle& oracle = oracles.emplace_back();
    oracle.settings.species = c.at("species_Z").get<std::vector<std::int32_t>>();
    oracle.settings.cutoff = c.at("cutoff");
    oracle.settings.cutoff_width = c.at("cutoff_width");
    oracle.settings.sigma = c.at("sigma");
    oracle.settings.n_max = c.at("n_max");
    oracle.settings.l_max = c.at("l_max");
    oracle.structure = frames.at(c.at("frame").get<std::size_t>());
    if (c.at("average") == "inner") oracle.average = SoapAverage::inner;
    oracle.vectors = c.at("vectors").get<Vectors>();
  }
  return oracles;
}

// NumPy's format: a header, then rows of doubles, which end the file.
Vectors readRows(std::filesystem::path const& path, std::size_t rows, std::size_t columns) {
  std::string const file = readText(path);
  std::size_t const size = columns * sizeof(double);
  if (file.size() <= rows * size) throw std::runtime_error(path.string() + " is too short");
  Vectors result(rows, std::vector<double>(columns));
  for (std::size_t i = 0; i < rows; ++i)
    std::memcpy(result[i].data(), file.data() + file.size() - (rows - i) * size, size);
  return result;
}

// featomic's settings and structure that belong to values of this name.
Oracle featomicOracle(std::string const& name, std::vector<std::int32_t> const& species) {
  auto const json = readJson(shared_data / "soap_ref" / "featomic" / (name + "-input.json"));
  auto const& parameters = json.at("hyperparameters");
  auto const& system = json.at("systems").at(0);
  Oracle oracle;
  oracle.settings.convention = SoapConvention::rascal;
  oracle.settings.species = species;
  oracle.settings.cutoff = parameters.at("cutoff").at("radius");
  oracle.settings.cutoff_width = parameters.at("cutoff").at("smoothing").at("width");
  oracle.settings.sigma = parameters.at("density").at("width");
  oracle.settings.n_max = parameters.at("basis").at("radial").at("max_radial").get<int>() + 1;
  oracle.settings.l_max = parameters.at("basis").at("max_angular");
  oracle.structure.positions = system.at("positions").get<std::vector<Vector3>>();
  oracle.structure.species = system.at("types").get<std::vector<std::int32_t>>();
  auto const cell = system.at("cell").get<std::array<double, 9>>();
  for (std::size_t x = 0; x < 9; ++x) oracle.structure.cell[x / 3][x % 3] = cell[x];
  bool const periodic = cell[0] != 0;
  oracle.structure.periodic = {periodic, periodic, periodic};
  return oracle;
}

Vectors featomicValues(std::string const& name, std::size_t rows, std::size_t columns) {
  return readRows(shared_data / "soap_ref" / "featomic" / (name + ".npy.gz"), rows, columns);
}

// The coefficients X of each atom in featomic's order (l, m), species, n.
template <class ExecutionSpace>
Vectors coefficientsOf(Oracle const& oracle) {
  using memory_space = typename ExecutionSpace::memory_space;
  ExecutionSpace const space;
  auto const& settings = oracle.settings;
  auto const plan = makeSoapPlan<memory_space>(settings);
  SpeciesMap const map(settings.species, static_cast<int>(settings.species.size()));
  auto const list =
      buildNeighborList(space, makeStructureBatch<memory_space>({&oracle.structure, 1}, map), settings.reach());
  SoapRows<memory_space, double> const rows(plan, list.numCentres());
  evaluateSoap<SoapOutputs::coefficients>(space, plan, list, SoapRowsSink<ExecutionSpace, double>{rows});
  space.fence();
  auto const x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.coefficients);
  Vectors vectors(oracle.structure.size());
  for (std::size_t i = 0; i < vectors.size(); ++i)
    for (int lm = 0; lm < plan.rows(); ++lm)
      for (int s = 0; s < plan.species_count; ++s)
        for (int n = 0; n < plan.n_max; ++n)
          vectors[i].push_back(x(i, lm * plan.template width<double>() + s * plan.table.row + n));
  return vectors;
}

// What DScribe computed, `make_dscribe_vectors`.
std::vector<Oracle> dscribeSettings() {
  std::vector<Oracle> oracles;
  auto const json = readJson(SINTER_DSCRIBE_VECTORS);
  for (auto const& c : json.at("cases")) {
    Oracle& oracle = oracles.emplace_back();
    oracle.settings = {.convention = SoapConvention::dscribe,
                       .radial = c.at("radial") == "gto" ? SoapRadial::gto : SoapRadial::polynomial,
                       .species = c.at("species").get<std::vector<std::int32_t>>(),
                       .cutoff = c.at("cutoff"),
                       .cutoff_width = 0,
                       .sigma = c.at("sigma"),
                       .n_max = c.at("n_max"),
                       .l_max = c.at("l_max")};
    oracle.structure.species = c.at("numbers").get<std::vector<std::int32_t>>();
    oracle.structure.positions = c.at("positions").get<std::vector<Vector3>>();
    if (!c.at("cell").is_null()) {
      oracle.structure.cell = c.at("cell").get<Matrix3>();
      oracle.structure.periodic = {true, true, true};
    }
    oracle.average = c.at("average") == "inner"   ? SoapAverage::inner
                     : c.at("average") == "outer" ? SoapAverage::outer
                                                  : SoapAverage::none;
    oracle.vectors = c.at("vectors").get<Vectors>();
  }
  return oracles;
}

double largest(Vectors const& vectors) {
  double result = 0;
  for (auto const& vector : vectors)
    for (double const x : vector) result = std::max(result, std::abs(x));
  return result;
}

// Largest difference of the vectors that are known.
double deviation(Vectors const& found, Vectors const& expected) {
  EXPECT_EQ(found.size(), expected.size());
  double worst = 0;
  for (std::size_t v = 0; v < expected.size(); ++v) {
    if (expected[v].empty()) continue;
    EXPECT_EQ(found[v].size(), expected[v].size());
    for (std::size_t c = 0; c < expected[v].size(); ++c) {
      double const difference = std::abs(found[v][c] - expected[v][c]);
      if (!(difference <= worst)) worst = difference;
    }
  }
  return worst;
}

Vectors plainVectors(Oracle const& oracle) {
  if (oracle.average == SoapAverage::inner)
    return {
        reference::soapInnerAverage(oracle.settings, reference::soapCoefficients(oracle.settings, oracle.structure))};
  return reference::soapVectors(oracle.settings, oracle.structure);
}

template <class ExecutionSpace>
Vectors vectorsOf(Oracle const& oracle, Precision precision) {
  SoapEvaluator<ExecutionSpace> const soap(oracle.settings, precision);
  auto const all = soap.evaluate({&oracle.structure, 1}, oracle.average);
  Vectors vectors;
  for (auto v = all.begin(); v != all.end(); v += soap.dimension()) vectors.emplace_back(v, v + soap.dimension());
  return vectors;
}

TYPED_TEST(SoapOracleTest, HundredEnvironmentsOfQuip) {
  std::size_t known = 0;
  for (auto const& oracle : quipEnvironments()) {
    EXPECT_LE(deviation(plainVectors(oracle), oracle.vectors), 1e-12);
    EXPECT_LE(deviation(vectorsOf<TypeParam>(oracle, Precision::full), oracle.vectors), 1e-12);
    EXPECT_LE(deviation(vectorsOf<TypeParam>(oracle, Precision::mixed), oracle.vectors), 1e-6);
    for (auto const& vector : oracle.vectors) known += vector.empty() ? 0 : 1;
  }
  EXPECT_EQ(known, 100U);
}

TYPED_TEST(SoapOracleTest, TenSettingsOfQuip) {
  auto const oracles = quippySettings();
  EXPECT_EQ(oracles.size(), 10U);
  for (std::size_t o = 0; o < oracles.size(); ++o) {
    auto const& expected = oracles[o].vectors;
    EXPECT_LE(deviation(plainVectors(oracles[o]), expected), 1e-12) << "settings " << o;
    EXPECT_LE(deviation(vectorsOf<TypeParam>(oracles[o], Precision::full), expected), 1e-12) << "settings " << o;
    EXPECT_LE(deviation(vectorsOf<TypeParam>(oracles[o], Precision::mixed), expected), 1e-6) << "settings " << o;
  }
}

TYPED_TEST(SoapOracleTest, PowerSpectraOfFeatomic) {
  std::string const name = "soap-power-spectrum-values";
  auto oracle = featomicOracle(name, {1, 6, 8});
  oracle.vectors = featomicValues(name, 9, static_cast<std::size_t>(oracle.settings.dimension()));
  EXPECT_LE(deviation(vectorsOf<TypeParam>(oracle, Precision::full), oracle.vectors), 5.1e-10);  // nine decimals
  EXPECT_LE(deviation(vectorsOf<TypeParam>(oracle, Precision::mixed), oracle.vectors), 2e-6);
}

// A molecule, and a crystal in a cell.
TYPED_TEST(SoapOracleTest, CoefficientsOfFeatomic) {
  for (auto const& [name, species] : {std::pair("spherical-expansion-values", std::vector{1, 6, 8}),
                                      std::pair("spherical-expansion-pbc-values", std::vector{1, 6, 7, 8})}) {
    auto const oracle = featomicOracle(name, species);
    auto const found = coefficientsOf<TypeParam>(oracle);
    EXPECT_LE(deviation(found, featomicValues(name, found.size(), found[0].size())), 5.1e-10) << name;
  }
}

// Coefficients c_nlm of one centre that DScribe's tests have from numerical integration in three dimensions: their
// products, which do not depend on the order and signs of harmonics.
TYPED_TEST(SoapOracleTest, CoefficientsOfDscribe) {
  // The structures of DScribe's tests: a grid in disorder, with NumPy's RandomState(42), which is this generator.
  Structure grid, molecule;
  std::mt19937 generator(42);
  auto const random = [&] {
    double const high = static_cast<double>(generator() >> 5), low = static_cast<double>(generator() >> 6);
    return (high * 67108864 + low) / 9007199254740992;
  };
  for (int k = 0; k < 27; ++k) {
    Vector3 r{k / 3 % 3 - 1.0, k / 9 - 1.0, k % 3 - 1.0};
    for (double& x : r) x += random() - 0.5;
    grid.positions.push_back(r);
  }
  std::swap(grid.positions[0], grid.positions[13]);
  grid.positions[0] = {0, 0, 0};
  molecule.positions = {{0, 0, 0}, {-0.3, 0.5, 0.4}, {0.2, 0.2, 0.2}, {-0.2, -0.2, -0.2}};
  for (auto* const structure : {&grid, &molecule}) structure->species.assign(structure->size(), 1);

  struct Case {
    std::string file;
    SoapRadial radial;
    Structure const& structure;
    int n_max, l_max;
    double sigma, tolerance;  // relative, of the integration
  };
  for (auto const& c :
       {Case{"gto_coefficients_1_20_2.0_0.1.npy", SoapRadial::gto, grid, 1, 20, 0.1, 7e-5},
        Case{"polynomial_coefficients_1_9_2.0_0.1.npy", SoapRadial::polynomial, grid, 1, 9, 0.1, 2e-6},
        Case{"gto_coefficients_2_2_2.0_0.35.npy", SoapRadial::gto, molecule, 2, 2, 0.35, 2e-8},
        Case{"polynomial_coefficients_2_2_2.0_0.35.npy", SoapRadial::polynomial, molecule, 2, 2, 0.35, 2e-8}}) {
    SoapEvaluator<TypeParam> const soap({.convention = SoapConvention::dscribe,
                                         .radial = c.radial,
                                         .species = {1},
                                         .cutoff = 2,
                                         .cutoff_width = 0,
                                         .sigma = c.sigma,
                                         .n_max = c.n_max,
                                         .l_max = c.l_max});
    auto const found = soap.evaluate({&c.structure, 1});  // that of the atom in the origin comes first
    std::size_t const orders = 2 * c.l_max + 1, angular = c.l_max + 1;
    auto const x = readRows(shared_data / "soap_ref" / "dscribe" / c.file, c.n_max * angular, orders);  // [n, l][m]
    std::size_t component = 0;
    for (std::size_t l = 0; l < angular; ++l)
      for (int n1 = 0; n1 < c.n_max; ++n1)
        for (int n2 = n1; n2 < c.n_max; ++n2, ++component) {
          double expected = 0;
          for (std::size_t m = 0; m < orders; ++m) expected += x[n1 * angular + l][m] * x[n2 * angular + l][m];
          expected *= std::numbers::pi * std::sqrt(8 / (2.0 * static_cast<double>(l) + 1));
          EXPECT_NEAR(found[component], expected, c.tolerance * std::abs(expected)) << c.file << " " << component;
        }
    EXPECT_EQ(component, static_cast<std::size_t>(soap.dimension()));
  }
}

// Kernels of librascal between atoms and between molecules, sum of (p . p')^zeta / (N N') with vectors of length 1: of
// coefficients with l = 0, and of power spectra.
TYPED_TEST(SoapOracleTest, KernelsOfLibrascal) {
  auto const folder = shared_data / "soap_ref" / "librascal";
  if (!std::filesystem::exists(folder / "small_molecules-20.json"))
    GTEST_SKIP() << "no " << (folder / "small_molecules-20.json");
  auto const bytes = readText(folder / "kernel_reference.ubjson");
  auto const json = nlohmann::json::from_ubjson(bytes.begin(), bytes.end());
  auto const frames = readJson(folder / "small_molecules-20.json");
  std::vector<Oracle> molecules;
  std::vector<std::size_t> molecule_of;  // of each atom
  for (int m = 1; m <= json.at("length").get<int>(); ++m) {
    auto const& frame = frames.at(std::to_string(m));
    molecules.emplace_back().structure.positions = frame.at("positions").get<std::vector<Vector3>>();
    molecules.back().structure.species = frame.at("numbers").get<std::vector<std::int32_t>>();
    molecule_of.insert(molecule_of.end(), molecules.back().structure.size(), molecules.size() - 1);
  }
  std::size_t const atoms = molecule_of.size();
  std::map<std::string, Vectors> products;  // p . p' of all atoms, by kind of vectors
  std::size_t kernels = 0;
  for (auto const& entry : json.at("rep_info").at("spherical_invariants").at(0)) {
    auto const& parameters = entry.at("hypers_rep");
    std::string const kind = parameters.at("soap_type");
    if (products.count(kind) == 0) {
      Vectors vectors;
      for (auto& molecule : molecules) {
        molecule.settings = {.convention = SoapConvention::rascal,
                             .species = {1, 6, 7, 8},
                             .cutoff = parameters.at("cutoff_function").at("cutoff").at("value"),
                             .cutoff_width = parameters.at("cutoff_function").at("smooth_width").at("value"),
                             .sigma = parameters.at("gaussian_density").at("gaussian_sigma").at("value"),
                             .n_max = parameters.at("max_radial"),
                             .l_max = parameters.at("max_angular")};
        for (auto const& v : kind == "RadialSpectrum" ? coefficientsOf<TypeParam>(molecule)
                                                      : vectorsOf<TypeParam>(molecule, Precision::full))
          vectors.push_back(v);
      }
      auto const product = [](std::vector<double> const& a, std::vector<double> const& b) {
        return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
      };
      for (auto const& p : vectors) {
        auto& row = products[kind].emplace_back();
        for (auto const& q : vectors) row.push_back(product(p, q) / std::sqrt(product(p, p) * product(q, q)));
      }
    }
    double const zeta = entry.at("hypers_kernel").at("zeta");
    bool const of_atoms = entry.at("hypers_kernel").at("target_type") == "Atom";
    std::size_t const size = of_atoms ? atoms : molecules.size();
    Vectors found(size, std::vector<double>(size));
    for (std::size_t i = 0; i < atoms; ++i)
      for (std::size_t j = 0; j < atoms; ++j) {
        std::size_t const a = molecule_of[i], b = molecule_of[j];
        double const k = std::pow(products[kind][i][j], zeta);
        if (of_atoms)
          found[i][j] = k;
        else
          found[a][b] += k / static_cast<double>(molecules[a].structure.size() * molecules[b].structure.size());
      }
    // Rounding errors of dependent radial functions, which the exponent multiplies.
    EXPECT_LE(deviation(found, entry.at("kernel_matrix").get<Vectors>()), 1e-12) << entry.at("hypers_kernel") << kind;
    ++kernels;
  }
  EXPECT_EQ(kernels, 12U);
}

template <class ExecutionSpace>
class SoapDscribeTest : public testing::Test {};
TYPED_TEST_SUITE(SoapDscribeTest, test::ExecutionSpaces);

TYPED_TEST(SoapDscribeTest, EightSettingsOfDscribe) {
  auto const oracles = dscribeSettings();
  EXPECT_EQ(oracles.size(), 8U);
  for (std::size_t o = 0; o < oracles.size(); ++o) {
    auto const& expected = oracles[o].vectors;
    double const scale = largest(expected);
    // DScribe's factors of polynomials are 9e-12 off (pi has twelve digits there).
    EXPECT_LE(deviation(vectorsOf<TypeParam>(oracles[o], Precision::full), expected), 2e-11 * scale)
        << "settings " << o;
    EXPECT_LE(deviation(vectorsOf<TypeParam>(oracles[o], Precision::mixed), expected), 2e-6 * scale)
        << "settings " << o;
  }
}

}  // namespace
}  // namespace sinter
