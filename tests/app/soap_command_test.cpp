// `sinter soap` as its users meet it: vectors in HDF5, similarities in extended XYZ, settings, failures.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "command_test.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/structures/reader.hpp"
#include "soap_output.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::dataset;
using test::key;
using test::Outcome;

/// Crystals of silicon (sh, dia, bSn, hcp), and oxide.
class SoapCommand : public test::CommandTest {
 protected:
  static Structure oxide() {
    Structure s;
    s.cell = {{{5, 0, 0}, {0, 5, 0}, {0, 0, 5}}};
    s.periodic = {true, true, true};
    s.positions = {{0, 0, 0}, {1.6, 0.2, 0}, {0, 2.5, 2.3}};
    s.species = {14, 8, 14};
    return s;
  }

  // The frame `n` times along the second lattice vector.
  static Structure repeated(Structure const& structure, int n) {
    Structure result = structure;
    for (int k = 1; k < n; ++k)
      for (std::size_t i = 0; i < structure.size(); ++i) {
        Vector3 r = structure.positions[i];
        for (int x = 0; x < 3; ++x) r[x] += k * structure.cell[1][x];
        result.positions.push_back(r);
        result.species.push_back(structure.species[i]);
      }
    for (double& x : result.cell[1]) x *= n;
    return result;
  }

  Outcome soap(std::string const& structures, std::string const& options) const {
    Outcome const outcome = run("soap " + quoted(structures) + " --quiet " + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out + outcome.err, "");
    return outcome;
  }

  // What extended XYZ has: a column, or a key of the comment line. Columns: species, three coordinates, similarities.
  static std::vector<double> column(std::string const& text, std::size_t frame, std::size_t number) {
    std::istringstream lines(text);
    std::string line;
    std::vector<double> values;
    for (std::size_t f = 0; std::getline(lines, line); ++f) {
      std::size_t const atoms = std::stoul(line);
      std::getline(lines, line);
      for (std::size_t i = 0; i < atoms; ++i) {
        std::getline(lines, line);
        std::istringstream words(line);
        std::string word;
        for (std::size_t w = 0; w < 5 + number; ++w) words >> word;
        if (f == frame) values.push_back(std::stod(word));
      }
    }
    return values;
  }

  std::string crystals = SINTER_SOAP_CRYSTALS, out = folder / "out.h5", xyz = folder / "out.extxyz";
};

TEST_F(SoapCommand, VectorsAreThoseOfTheLibrary) {
  std::vector<Structure> const frames = {oxide(), readStructures(crystals)[1], repeated(oxide(), 2)};
  write(frames, folder / "in.extxyz");
  SoapSettings const settings{
      .species = {8, 14}, .cutoff = 4, .cutoff_width = 0.5, .sigma = 0.4, .n_max = 6, .l_max = 4};
  for (auto const& [name, average] : {std::pair("none", SoapAverage::none), std::pair("inner", SoapAverage::inner),
                                      std::pair("outer", SoapAverage::outer)}) {
    soap(folder / "in.extxyz", "--n-max 6 --l-max 4 --cutoff 4 --cutoff-width 0.5 --sigma 0.4 --average " +
                                   std::string(name) + " --backend serial -o " + quoted(out));
    SoapEvaluator<Kokkos::Serial> const library(settings);
    auto const expected = library.evaluate(frames, average);
    detail::Hdf5Input const file(out);
    auto const found = dataset<double>(out, "/power_spectrum", static_cast<std::size_t>(library.dimension()));
    EXPECT_EQ(found, expected) << name;
    auto const offsets = dataset<std::int64_t>(out, "/frames/offset");
    EXPECT_EQ(offsets, average == SoapAverage::none ? (std::vector<std::int64_t>{0, 3, 11, 17})
                                                    : (std::vector<std::int64_t>{0, 1, 2, 3}));
    EXPECT_EQ(file.textAttribute("/", "average"), name);
    EXPECT_EQ(file.textAttribute("/", "convention"), "quip");
    EXPECT_EQ(file.textAttribute("/", "species"), "O,Si");
    EXPECT_EQ(file.integerAttribute("/", "n_max"), 6);
    double width = 0;
    detail::Hdf5Id const attribute(H5Aopen(file.id(), "cutoff_width", H5P_DEFAULT), H5Aclose);
    ASSERT_GE(H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &width), 0);
    EXPECT_EQ(width, 0.5);
  }
}

TEST_F(SoapCommand, OrderOfSpeciesAndConvention) {
  write({oxide()}, folder / "in.extxyz");
  for (auto const& [options, settings] :
       {std::pair("--species Si,O", SoapSettings{.species = {14, 8}, .n_max = 3, .l_max = 2}),
        std::pair("--convention rascal",
                  SoapSettings{.convention = SoapConvention::rascal, .species = {8, 14}, .n_max = 3, .l_max = 2}),
        std::pair(
            "--convention dscribe",
            SoapSettings{
                .convention = SoapConvention::dscribe, .species = {8, 14}, .cutoff_width = 0, .n_max = 3, .l_max = 2}),
        std::pair("--convention dscribe --radial polynomial", SoapSettings{.convention = SoapConvention::dscribe,
                                                              .radial = SoapRadial::polynomial,
                                                              .species = {8, 14},
                                                              .cutoff_width = 0,
                                                              .n_max = 3,
                                                              .l_max = 2})}) {
    soap(folder / "in.extxyz", std::string(options) + " --n-max 3 --l-max 2 -o " + quoted(out));
    SoapEvaluator<Kokkos::Serial> const library(settings);
    auto const expected = library.evaluate(std::vector{oxide()});
    detail::Hdf5Input const file(out);
    auto const found = dataset<double>(out, "/power_spectrum", static_cast<std::size_t>(library.dimension()));
    ASSERT_EQ(found.size(), expected.size());
    double const scale = std::max(1.0, *std::max_element(expected.begin(), expected.end()));
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-12 * scale) << options;
    if (settings.convention == SoapConvention::dscribe) {
      EXPECT_EQ(file.textAttribute("/", "radial"), settings.radial == SoapRadial::gto ? "gto" : "polynomial");
    }
  }
}

// ../shared/design/soap.md, section 3, as printed.
TEST_F(SoapCommand, SimilaritiesOfSiliconCrystals) {
  for (auto const& [preset, expected, cmca] :
       {std::tuple("paper-2022-scripts", std::vector{1.0, 0.3399, 0.9882, 0.7612}, 0.8957),
        std::tuple("paper-2022", std::vector{1.0, 0.4304, 0.9916, 0.7425}, 0.8690)}) {
    std::string const options = "--preset " + std::string(preset) + " --similarity " + quoted(crystals) + " --json " +
                                quoted(folder / "out.json") + " -o " + quoted(xyz);
    soap(crystals, options + " --average inner");
    auto const frames = readStructures(xyz);
    ASSERT_EQ(frames.size(), 4U);
    for (std::size_t f = 0; f < 4; ++f) EXPECT_NEAR(key(frames[f], "soap_similarity_sh"), expected[f], 5.1e-5) << f;
    EXPECT_NEAR(key(frames[2], "soap_similarity_bSn"), 1, 1e-12);
    EXPECT_NEAR(key(frames[1], "soap_similarity_hcp"), key(frames[3], "soap_similarity_dia"), 1e-12);
    json const report = json::parse(contentOf(folder / "out.json"));
    EXPECT_EQ(report["structures"]["atoms"], 15);
    EXPECT_EQ(report["soap"]["components"], 547);
    EXPECT_EQ(report["soap"]["species"], json::array({"Si"}));
    EXPECT_EQ(report["similarity"]["zeta"], 4);
    json const& sh = report["similarity"]["references"][0];
    EXPECT_EQ(sh["name"], "sh");
    EXPECT_NEAR(sh["similarity_min"], expected[1], 5.1e-5);
    EXPECT_NEAR(sh["similarity_max"], 1, 1e-12);
    EXPECT_NEAR(sh["similarity_mean"], (1 + expected[1] + expected[2] + expected[3]) / 4, 5.1e-5);

    soap(SINTER_SOAP_CMCA, options + " --average inner");
    EXPECT_NEAR(key(readStructures(xyz).at(0), "soap_similarity_sh"), cmca, 5.1e-5);

    soap(crystals, options);
    std::string const text = contentOf(xyz);
    EXPECT_NE(text.find(":soap_similarity_sh:R:1:soap_similarity_dia:R:1:"), std::string::npos) << text;
    SoapEvaluator<Kokkos::Serial> const library(soapPreset(preset, 14));
    auto const input = readStructures(crystals);
    auto const vectors = library.evaluate(input), reference = library.evaluate({&input[0], 1}, SoapAverage::inner);
    std::size_t row = 0;
    for (std::size_t f = 0; f < 4; ++f) {
      auto const atoms = column(text, f, 0);
      ASSERT_EQ(atoms.size(), frames[f].size());
      for (std::size_t i = 0; i < atoms.size(); ++i) {
        double dot = 0;
        for (int c = 0; c < library.dimension(); ++c) dot += vectors[row + c] * reference[c];
        EXPECT_NEAR(atoms[i], std::pow(dot, 4), 1e-12) << f;
        EXPECT_NEAR(atoms[i], atoms[0], 1e-12) << f;  // sites of these crystals are equivalent
        row += library.dimension();
      }
    }
    soap(crystals, options + " --average outer --zeta 8");
    EXPECT_NEAR(key(readStructures(xyz)[1], "soap_similarity_sh"), std::pow(column(text, 1, 0)[0], 2), 1e-12);
  }
}

TEST_F(SoapCommand, SupercellsAreAsCells) {
  auto frames = readStructures(crystals);
  for (auto& frame : frames) frame = repeated(frame, 3);
  write(frames, folder / "in.extxyz");
  soap(crystals, "--average inner --similarity " + quoted(crystals) + " -o " + quoted(xyz));
  auto const small = readStructures(xyz);
  soap(folder / "in.extxyz", "--average inner --similarity " + quoted(crystals) + " -o " + quoted(xyz));
  auto const large = readStructures(xyz);
  for (std::size_t f = 0; f < 4; ++f)
    for (char const* name : {"soap_similarity_sh", "soap_similarity_dia", "soap_similarity_bSn", "soap_similarity_hcp"})
      EXPECT_NEAR(key(large[f], name), key(small[f], name), 1e-12) << f << " " << name;
}

// Some 1900 atoms of 4411 components are computed together: two frames, two, and one.
TEST_F(SoapCommand, FramesOfSeveralBatches) {
  auto frame = repeated(readStructures(crystals)[1], 120);
  frame.positions[7][0] += 0.2;
  frame.config_type = "reference";
  auto other = frame;
  other.positions[8][1] -= 0.3;
  write({frame}, folder / "reference.extxyz");
  write({frame, other, frame, other, frame}, folder / "in.extxyz");
  std::string const options =
      "--n-max 20 --l-max 20 --cutoff 2.6 --similarity " + quoted(folder / "reference.extxyz") + " -o " + quoted(xyz);
  soap(folder / "in.extxyz", "--frames 0:2 " + options);
  std::string const two = contentOf(xyz);
  std::vector<std::vector<double>> const expected = {column(two, 0, 0), column(two, 1, 0)};
  EXPECT_NE(expected[0], expected[1]);
  soap(folder / "in.extxyz", options);
  std::string const five = contentOf(xyz);
  for (std::size_t f = 0; f < 5; ++f) EXPECT_EQ(column(five, f, 0), expected[f % 2]) << f;
}

TEST_F(SoapCommand, BadInputLeavesNothing) {
  write({oxide()}, folder / "oxide.extxyz");
  (void)folder.write("empty.extxyz", "");
  (void)folder.write("unnamed.extxyz", "1\nProperties=species:S:1:pos:R:3\nSi 0 0 0\n");
  (void)folder.write("blank.extxyz", "1\nProperties=species:S:1:pos:R:3 name=\"a b\"\nSi 0 0 0\n");
  (void)folder.write("twice.extxyz",
                     contentOf(crystals) + "1\nProperties=species:S:1:pos:R:3 config_type=hcp\nSi 0 0 0\n");
  auto const fails = [&](std::string const& options, std::string const& fragment, std::string const& structures = "") {
    expectFailure("soap " + quoted(structures.empty() ? crystals : structures) + " --json " +
                      quoted(folder / "out.json") + " " + options,
                  fragment);
  };
  std::string const vectors = " -o " + quoted(out), similarities = " -o " + quoted(xyz);
  fails("--n-max 0" + vectors, "SOAP: found n_max = 0, expected 1 to 32");
  fails("--l-max 40" + vectors, "SOAP: found l_max = 40, expected 0 to 20");
  fails("--sigma=-0.5" + vectors, "SOAP: found sigma = -0.500000, expected a positive number (A)");
  fails("--cutoff 3 --cutoff-width 4" + vectors,
        "SOAP: found cutoff_width = 4, expected a number from 0 to the cutoff");
  fails("--n-max 32 --cutoff 1 --cutoff-width 0 --sigma 3" + vectors, "linearly dependent");
  fails("--convention other" + vectors, "--convention: other not in {quip,rascal,dscribe}");
  fails("--radial gto" + vectors, "--radial: found --convention quip, which has no choice; expected dscribe");
  fails("--convention dscribe --cutoff-width 1" + vectors, "SOAP: found cutoff_width = 1, expected 0");
  fails("--convention dscribe --cutoff 1" + vectors, "SOAP: found cutoff = 1, expected more than 1 A");
  fails("--preset paper" + vectors, "--preset: paper not in {paper-2022,paper-2022-scripts}");
  fails("--zeta 2" + vectors, "--zeta requires --similarity, --map or --select fps");
  fails("", "--output is required");
  fails("-o " + quoted(folder / "out.npy"), "found the extension '.npy', expected .h5");
  fails(similarities, "found the extension '.extxyz', expected .h5");
  fails("--similarity " + quoted(crystals) + vectors, "found the extension '.h5', expected .extxyz");
  fails(vectors, "none.extxyz: found nothing to read", folder / "none.extxyz");
  fails(vectors, "empty.extxyz: ", folder / "empty.extxyz");
  auto const refers = [&](std::string const& name, std::string const& fragment, std::string const& structures = "") {
    fails("--similarity " + quoted(folder / name) + similarities, fragment, structures);
  };
  refers("none.extxyz", "none.extxyz: found nothing to read");
  refers("empty.extxyz", "empty.extxyz: found no frames, expected at least one");
  refers("unnamed.extxyz", "unnamed.extxyz: frame 0: found neither name nor config_type");
  refers("blank.extxyz", "blank.extxyz: frame 0: found the name 'a b', expected letters");
  refers("twice.extxyz", "twice.extxyz: frame 4: found the name 'hcp' of an earlier frame");
  fails("--similarity " + quoted(crystals) + similarities,
        "oxide.extxyz: frame 0: found species O, expected species of " + crystals + ": Si", folder / "oxide.extxyz");
  fails("--similarity " + quoted(crystals) + " --convention rascal" + similarities,
        "--similarity: found --convention rascal, whose vectors have any length; expected quip");
  fails("--similarity " + quoted(crystals) + " --zeta 0" + similarities, "SOAP: found zeta = 0");
  fails("--species C" + vectors, "frame 0: found species Si, expected species of --species: C");
}

}  // namespace
}  // namespace sinter
