// Against SOAP vectors that QUIP, featomic and DScribe computed (../shared/data; skipped where it is absent; those of
// DScribe from beside this file).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "backends.hpp"
#include "sinter/soap/soap_evaluator.hpp"
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

// featomic's power spectra of a molecule of three species.
Oracle featomicMolecule() {
  auto const folder = shared_data / "soap_ref" / "featomic";
  auto const json = readJson(folder / "soap-power-spectrum-values-input.json");
  auto const& parameters = json.at("hyperparameters");
  auto const& system = json.at("systems").at(0);
  Oracle oracle;
  oracle.settings.convention = SoapConvention::rascal;
  oracle.settings.species = {1, 6, 8};
  oracle.settings.cutoff = parameters.at("cutoff").at("radius");
  oracle.settings.cutoff_width = parameters.at("cutoff").at("smoothing").at("width");
  oracle.settings.sigma = parameters.at("density").at("width");
  oracle.settings.n_max = parameters.at("basis").at("radial").at("max_radial").get<int>() + 1;
  oracle.settings.l_max = parameters.at("basis").at("max_angular");
  oracle.structure.positions = system.at("positions").get<std::vector<Vector3>>();
  oracle.structure.species = system.at("types").get<std::vector<std::int32_t>>();
  // NumPy's format: a header, then doubles row by row, which end the file.
  std::string const file = readText(folder / "soap-power-spectrum-values.npy.gz");
  std::vector<double> row(static_cast<std::size_t>(oracle.settings.dimension()));
  std::size_t const size = row.size() * sizeof(double), rows = oracle.structure.size();
  for (std::size_t i = 0; i < rows; ++i) {
    std::memcpy(row.data(), file.data() + file.size() - (rows - i) * size, size);
    oracle.vectors.push_back(row);
  }
  return oracle;
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
  if (oracle.average == SoapAverage::inner) return {reference::soapInnerAverage(oracle.settings, oracle.structure)};
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
  auto const oracle = featomicMolecule();
  EXPECT_EQ(oracle.vectors.size(), 9U);
  EXPECT_LE(deviation(vectorsOf<TypeParam>(oracle, Precision::full), oracle.vectors), 5.1e-10);  // nine decimals
  EXPECT_LE(deviation(vectorsOf<TypeParam>(oracle, Precision::mixed), oracle.vectors), 2e-6);
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
