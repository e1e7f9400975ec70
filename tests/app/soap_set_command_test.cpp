// `sinter soap --map` and `--select` as their users meet them: the library's numbers in all kinds of files, failures.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_map.hpp"
#include "sinter/soap/soap_selection.hpp"
#include "sinter/structures/reader.hpp"
#include "soap_output.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::dataset;
using test::key;
using test::Outcome;

/// Frames of silicon, denser and more disordered from one to the next; the last but one has an atom less.
class SoapSetCommand : public test::CommandTest {
 protected:
  SoapSetCommand() {
    for (int f = 0; f < 10; ++f) frames.push_back(reference::diamond(1, 5.5 - 0.04 * f, 0.05 * f, {14}, 1 + f));
    frames[8].positions.pop_back();
    frames[8].species.pop_back();
    write(frames, input);
  }

  void soap(std::string const& options) const {
    Outcome const outcome = run("soap " + quoted(input) + " --quiet " + small + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out + outcome.err, "");
  }

  [[nodiscard]] std::vector<double> vectors(SoapAverage average) const { return library.evaluate(frames, average); }

  static void expectNear(std::vector<double> const& found, std::vector<double> const& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << i;  // order of sums
  }

  std::string const small = "--n-max 4 --l-max 3 --cutoff 4 ";
  SoapSettings const settings{.species = {14}, .cutoff = 4, .n_max = 4, .l_max = 3};
  SoapEvaluator<Kokkos::Serial> library{settings};
  std::vector<Structure> frames;
  std::string input = folder / "in.extxyz", h5 = folder / "out.h5", xyz = folder / "out.extxyz",
              csv = folder / "out.csv", report = folder / "out.json";
};

TEST_F(SoapSetCommand, MapsOfFrames) {
  for (auto const& [name, kind] :
       {std::pair("kpca", SoapMapKind::kernel_pca), std::pair("paper", SoapMapKind::distance_pca)})
    for (auto const& [options, average, zeta] :
         {std::tuple("", SoapAverage::inner, 4.0), std::tuple(" --average outer --zeta 2", SoapAverage::outer, 2.0)}) {
      SoapMap const map(vectors(average), library.dimension(), {.kind = kind, .zeta = zeta});
      std::string const command = "--map " + std::string(name) + options;
      soap(command + " --json " + quoted(report) + " -o " + quoted(h5));
      expectNear(dataset<double>(h5, "/map", 2), map.coordinates());
      EXPECT_EQ(dataset<std::int64_t>(h5, "/frames/offset"),
                (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
      detail::Hdf5Input const file(h5);
      EXPECT_EQ(file.textAttribute("/", "map"), name);
      EXPECT_EQ(file.textAttribute("/", "average"), average == SoapAverage::inner ? "inner" : "outer");
      std::vector<double> explained(2);
      detail::Hdf5Id const attribute(H5Aopen(file.id(), "explained_fraction", H5P_DEFAULT), H5Aclose);
      ASSERT_GE(H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, explained.data()), 0);
      expectNear(explained, map.explained());

      json const contents = json::parse(contentOf(report));
      EXPECT_EQ(contents["map"]["kind"], name);
      EXPECT_EQ(contents["map"]["zeta"], zeta);
      EXPECT_EQ(contents["map"]["frames"], 10);
      EXPECT_EQ(contents["soap"]["average"], average == SoapAverage::inner ? "inner" : "outer");
      expectNear(contents["map"]["explained_fraction"], map.explained());
      expectNear(contents["map"]["eigenvalues"], map.eigenvalues());

      soap(command + " -o " + quoted(xyz));
      auto const written = readStructures(xyz);
      ASSERT_EQ(written.size(), 10U);
      std::vector<double> found;
      for (std::size_t f = 0; f < 10; ++f) {
        EXPECT_EQ(written[f].positions, frames[f].positions);
        found.push_back(key(written[f], "soap_map_1"));
        found.push_back(key(written[f], "soap_map_2"));
      }
      expectNear(found, map.coordinates());
    }
  soap("--map kpca --frames 1::2 -o " + quoted(csv));
  std::vector<Structure> odd;
  for (int f = 1; f < 10; f += 2) odd.push_back(frames[f]);
  SoapMap const map(library.evaluate(odd, SoapAverage::inner), library.dimension());
  std::istringstream lines(contentOf(csv));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "frame,soap_map_1,soap_map_2");
  for (int f = 0; f < 5; ++f) {
    int number = 0;
    double first = 0, second = 0;
    std::getline(lines, line);
    ASSERT_EQ(std::sscanf(line.c_str(), "%d,%lf,%lf", &number, &first, &second), 3) << line;
    EXPECT_EQ(number, 2 * f + 1);
    EXPECT_NEAR(first, map.coordinates()[2 * f], 1e-12);
    EXPECT_NEAR(second, map.coordinates()[2 * f + 1], 1e-12);
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(SoapSetCommand, MapsOfAtoms) {
  SoapMap const map(vectors(SoapAverage::none), library.dimension());
  soap("--map kpca --average none -o " + quoted(h5));
  expectNear(dataset<double>(h5, "/map", 2), map.coordinates());
  EXPECT_EQ(dataset<std::int64_t>(h5, "/frames/offset"),
            (std::vector<std::int64_t>{0, 8, 16, 24, 32, 40, 48, 56, 64, 71, 79}));
  soap("--map kpca --average none -o " + quoted(xyz));
  std::istringstream words(contentOf(xyz));
  EXPECT_NE(words.str().find(":soap_map_1:R:1:soap_map_2:R:1"), std::string::npos);
  std::vector<double> found;
  std::string line;
  while (std::getline(words, line)) {
    double x[3], y[2];
    if (std::sscanf(line.c_str(), "Si %lf %lf %lf %lf %lf", x, x + 1, x + 2, y, y + 1) == 5)
      found.insert(found.end(), {y[0], y[1]});
  }
  expectNear(found, map.coordinates());
  soap("--map kpca --average none -o " + quoted(csv));
  EXPECT_TRUE(contentOf(csv).starts_with("frame,atom,soap_map_1,soap_map_2\n0,0,"));
  EXPECT_NE(contentOf(csv).find("\n8,6,"), std::string::npos);
  EXPECT_EQ(contentOf(csv).find("\n8,7,"), std::string::npos);
}

// The others are placed on the map of some; of all, it is the map of all.
TEST_F(SoapSetCommand, Landmarks) {
  auto const p = vectors(SoapAverage::inner);
  auto const d = static_cast<std::size_t>(library.dimension());
  for (std::size_t const count : {4, 10}) {
    std::vector<double> chosen;
    for (std::size_t const row : SoapSelector<Kokkos::Serial>(p, library.dimension()).farthestPoints(count).rows)
      chosen.insert(chosen.end(), p.begin() + row * d, p.begin() + (row + 1) * d);
    SoapMap const map(chosen, library.dimension());
    soap("--map kpca --landmarks " + std::to_string(count) + " --json " + quoted(report) + " -o " + quoted(h5));
    auto const found = dataset<double>(h5, "/map", 2);
    expectNear(found, map.project(p));
    if (count == 10) expectNear(found, SoapMap(p, library.dimension()).coordinates());
    json const contents = json::parse(contentOf(report));
    EXPECT_EQ(contents["map"]["landmarks"], count);
    expectNear(contents["map"]["explained_fraction"], map.explained());
  }
}

TEST_F(SoapSetCommand, Selections) {
  auto const p = vectors(SoapAverage::inner);
  SoapSelector<Kokkos::Serial> const selector(p, library.dimension());
  for (auto const& [kind, expected] :
       {std::pair("fps", selector.farthestPoints(5)), std::pair("cur", selector.cur(5))}) {
    std::string const command = "--select " + std::string(kind) + " --count 5";
    std::vector<std::int64_t> const rows(expected.rows.begin(), expected.rows.end());
    soap(command + " --json " + quoted(report) + " -o " + quoted(h5));
    EXPECT_EQ(dataset<std::int64_t>(h5, "/selection/frame"), rows);
    expectNear(dataset<double>(h5, "/selection/distance"), expected.distances);
    EXPECT_EQ(detail::Hdf5Input(h5).textAttribute("/", "selection"), kind);
    json const contents = json::parse(contentOf(report))["selection"];
    EXPECT_EQ(contents["kind"], kind);
    EXPECT_EQ(contents["frames"], rows);
    EXPECT_EQ(contents.contains("zeta"), std::string(kind) == "fps");
    expectNear(contents["distances"], expected.distances);

    soap(command + " -o " + quoted(xyz));
    auto const written = readStructures(xyz);
    ASSERT_EQ(written.size(), 5U);
    for (std::size_t r = 0; r < 5; ++r) {
      EXPECT_EQ(written[r].positions, frames[expected.rows[r]].positions) << r;
      EXPECT_EQ(key(written[r], "soap_selection_rank"), r + 1);
      EXPECT_NEAR(key(written[r], "soap_selection_distance"), expected.distances[r], 1e-12);
    }
  }
  // Of some frames: numbers are those of the file.
  soap("--select fps --count 2 --zeta 1 --frames 4: -o " + quoted(csv));
  auto const rest = std::vector<double>(p.begin() + 4 * library.dimension(), p.end());
  auto const expected = SoapSelector<Kokkos::Serial>(rest, library.dimension()).farthestPoints(2, 1);
  std::string const text = contentOf(csv);
  EXPECT_TRUE(text.starts_with("soap_selection_rank,frame,soap_selection_distance\n1," +
                               std::to_string(expected.rows[0] + 4) + ","))
      << text;
  EXPECT_NE(text.find("\n2," + std::to_string(expected.rows[1] + 4) + ","), std::string::npos) << text;
}

TEST_F(SoapSetCommand, SelectedAtoms) {
  auto const expected =
      SoapSelector<Kokkos::Serial>(vectors(SoapAverage::none), library.dimension()).farthestPoints(79 - 7);
  // The atoms of the first frame are alike: one of them is chosen.
  std::vector<std::int64_t> in_frame, in_file;
  for (std::size_t const row : expected.rows) {
    std::size_t const frame = row < 71 ? row / 8 : 9;  // the ninth frame has seven atoms
    in_file.push_back(frame);
    in_frame.push_back(row - (frame < 9 ? 8 * frame : 71));
  }
  soap("--select fps --count 72 --average none -o " + quoted(h5));
  EXPECT_EQ(dataset<std::int64_t>(h5, "/selection/frame"), in_file);
  EXPECT_EQ(dataset<std::int64_t>(h5, "/selection/atom"), in_frame);
  EXPECT_EQ(std::count(in_file.begin(), in_file.end(), 0), 1);
  soap("--select cur --count 2 --average none -o " + quoted(csv));
  EXPECT_TRUE(contentOf(csv).starts_with("soap_selection_rank,frame,atom,soap_selection_distance\n1,"));
}

TEST_F(SoapSetCommand, RepeatedFrames) {
  write({frames[3], frames[3], frames[5], frames[3], frames[7]}, input);
  soap("--select fps --count 3 -o " + quoted(xyz));
  EXPECT_EQ(readStructures(xyz).size(), 3U);
  soap("--map kpca -o " + quoted(h5));
  auto const map = dataset<double>(h5, "/map", 2);
  for (int a = 0; a < 2; ++a) {
    EXPECT_NEAR(map[a], map[2 + a], 1e-12);
    EXPECT_NEAR(map[a], map[6 + a], 1e-12);
  }
  std::string const command = "soap " + quoted(input) + " " + small;
  expectFailure(command + "--select fps --count 4 -o " + quoted(folder / "new.h5"),
                "SOAP selection: found 3 different vectors, expected 4 at least");
  expectFailure(command + "--select cur --count 4 -o " + quoted(folder / "new.h5"),
                "SOAP selection: found vectors of rank 3, expected 4 at least");
  expectFailure(command + "--map kpca --landmarks 4 -o " + quoted(folder / "new.h5"),
                "SOAP selection: found 3 different vectors, expected 4 at least");
  write({frames[3], frames[3], frames[3]}, input);
  for (std::string const map_kind : {"kpca", "paper"})
    expectFailure(command + "--map " + map_kind + " -o " + quoted(folder / "new.h5"),
                  "SOAP map: found 3 vectors that are all the same, expected different ones");
}

TEST_F(SoapSetCommand, BadInputLeavesNothing) {
  auto const fails = [&](std::string const& options, std::string const& fragment) {
    expectFailure("soap " + quoted(input) + " --json " + quoted(report) + " " + small + options, fragment);
  };
  std::string const to_h5 = " -o " + quoted(h5);
  fails("--map kpca --frames :2" + to_h5, "in.extxyz: found 2 frames, expected 3 or more for --map");
  fails("--map umap" + to_h5, "--map: umap not in {kpca,paper}");
  fails("--map kpca --landmarks 2" + to_h5, "--landmarks: found 2, expected 3 or more");
  fails("--map kpca --landmarks 11" + to_h5, "--landmarks: found 11, expected 3 to 10, the number of frames in ");
  fails("--map kpca --zeta 0" + to_h5, "SOAP map: found zeta = 0.000000, expected a positive number");
  fails("--map kpca --select fps --count 3" + to_h5, "--map excludes --select");
  fails("--map kpca --similarity " + quoted(input) + to_h5, "--similarity excludes --map");
  fails("--map kpca --convention rascal" + to_h5,
        "--map: found --convention rascal, whose vectors have any length; expected quip");
  fails("--map kpca -o " + quoted(folder / "out.npy"),
        "found the extension '.npy', expected .extxyz or .xyz or .h5 or .hdf5 or .csv");
  fails("--landmarks 5" + to_h5, "--landmarks requires --map");
  fails("--select fps" + to_h5, "--select requires --count");
  fails("--count 5" + to_h5, "--count requires --select");
  fails("--select fps --count 0" + to_h5, "--count: found 0, expected 1 or more");
  fails("--select fps --count 11" + to_h5, "--count: found 11, expected 1 to 10, the number of frames in ");
  fails("--select cur --count 80 --average none" + to_h5,
        "--count: found 80, expected 1 to 79, the number of atoms in ");
  fails("--select cur --count 5 --zeta 2" + to_h5, "--zeta requires --similarity, --map or --select fps");
  fails("--select fps --count 5 --average none -o " + quoted(xyz),
        "found the extension '.extxyz', expected .h5 or .hdf5 or .csv (selected atoms; frames need --average");
  fails("--max-memory '1 GiB'" + to_h5, "--max-memory requires --map or --select");
  fails("--map kpca --max-memory 1" + to_h5, "--max-memory: found '1', expected a size like '4 GiB'");
  // 10 vectors of 41 components: 3280 bytes; a matrix: 800 bytes.
  fails("--map kpca --max-memory '4079 B'" + to_h5,
        "--max-memory: found 4079 B, expected 1 MiB or more for 10 frames with 41 components, or --landmarks");
  fails("--map paper --max-memory '4 KiB'" + to_h5, "with 41 components, or --landmarks");
  fails("--map paper --landmarks 9 --max-memory '4 KiB'" + to_h5, "with 41 components, or fewer --landmarks");
  fails("--select fps --count 2 --max-memory '3279 B'" + to_h5, "with 41 components, or fewer frames (--frames)");
  fails("--select cur --count 2 --max-memory '5 KiB'" + to_h5, "with 41 components, or fewer frames (--frames)");
  soap("--map kpca --max-memory '4080 B'" + to_h5);
  soap("--select fps --count 2 --max-memory '3280 B'" + to_h5);
}

TEST_F(SoapSetCommand, InterruptLeavesNoFile) {
  std::string const pipe = folder / "pipe.extxyz", text = contentOf(input);
  expectInterruptible({"soap", pipe, "--map", "kpca", "-o", xyz, "--json", report}, pipe, text);
  expectInterruptible({"soap", pipe, "--species", "Si", "-o", h5, "--json", report}, pipe, text);
  expectInterruptible({"soap", pipe, "--similarity", SINTER_SOAP_CRYSTALS, "-o", xyz}, pipe, text);
}

}  // namespace
}  // namespace sinter
