// `sinter analyze` as its users meet it: the numbers of the library, tables, page, exported frames, broken
// trajectories.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/structures/features.hpp"
#include "sinter/structures/reader.hpp"
#include "sinter/validation/crystal_order.hpp"
#include "sinter/validation/structure_metrics.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using nlohmann::ordered_json;
using test::contentOf;
using test::Outcome;

class AnalyzeCommand : public test::CommandTest {
 protected:
  static std::vector<Structure> frames() {
    std::vector<Structure> result = {reference::diamond(2, 5.43, 0.25, {14, 8}),
                                     reference::diamond(2, 5.3, 0.35, {14, 8}, 2)};
    for (std::size_t f = 0; f < result.size(); ++f)
      result[f].features.emplace_back("timestep", std::to_string(500 * f));
    return result;
  }

  static std::string options() {
    return " --bond-cutoff 2.7 --angle-bin 1 --r-max 6 --r-bin 0.1 --q-max 5 --q-bin 0.2 --lorch --vectors 10 --seed 4 "
           "--peak-from 1 --peak-to 3 ";
  }
  static MetricSettings settings() {
    MetricSettings result;
    result.bond_cutoff = 2.7;
    result.angle_bin = 1;
    result.r_max = 6;
    result.r_bin = 0.1;
    result.q_max = 5;
    result.q_bin = 0.2;
    result.lorch = true;
    result.vectors_per_bin = 10;
    result.seed = 4;
    result.peak_from = 1;
    result.peak_to = 3;
    return result;
  }

  Outcome analyze(std::string const& file, std::string const& more = "", int code = 0) const {
    Outcome const outcome =
        run("analyze " + quoted(folder / file) + " -o " + quoted(out) + " --backend serial" + options() + more);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return outcome;
  }
  ordered_json report() const { return ordered_json::parse(contentOf(out + "/report.json")); }

  // Equal, and nothing where the library has what is not a number.
  static void expectValues(ordered_json const& found, std::vector<double> const& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t n = 0; n < expected.size(); ++n)
      if (std::isnan(expected[n])) {
        EXPECT_TRUE(found[n].is_null()) << n;
      } else {
        ASSERT_EQ(found[n].get<double>(), expected[n]) << n;
      }
  }

  std::string out = folder / "out/deep";
};

TEST_F(AnalyzeCommand, NumbersAreThoseOfTheLibrary) {
  write(frames(), folder / "in.extxyz");
  EXPECT_EQ(analyze("in.extxyz", "--quiet").out, "");
  auto const found = report();
  StructureMetrics<Kokkos::Serial> metrics(settings());
  TrajectoryMetrics all;
  std::vector<double> n5, angle, height, direct_height;
  for (auto const& frame : readStructures(folder / "in.extxyz")) {
    auto const one = metrics.measure(frame, "");
    all.add(one);
    n5.push_back(one.coordination.fraction(5));
    angle.push_back(one.angles->all.mean());
    ASSERT_TRUE(one.transformed_peak && one.direct_peak);
    height.push_back(one.transformed_peak->inverseHeight());
    direct_height.push_back(one.direct_peak->q);
  }
  auto const& rows = found["frames"];
  EXPECT_EQ(rows["index"], (std::vector{0, 1}));
  EXPECT_EQ(rows["timestep"], (std::vector{0, 500}));
  EXPECT_EQ(rows["atoms"], (std::vector{64, 64}));
  EXPECT_NEAR(rows["volume"][1].get<double>(), std::pow(10.6, 3), 1e-9);
  expectValues(rows["n5"], n5);
  expectValues(rows["angle_mean"], angle);
  expectValues(rows["peak_inverse_height"], height);
  expectValues(rows["direct_peak_q"], direct_height);

  EXPECT_EQ(found["coordination"]["histogram"]["atoms"], all.coordination.histogram());
  EXPECT_EQ(found["coordination"]["mean"], all.coordination.mean());
  EXPECT_EQ(found["coordination"]["n3"], all.coordination.fraction(3));
  EXPECT_EQ(found["bond_angles"]["all"]["mean"], all.angles->all.mean());
  EXPECT_EQ(found["bond_angles"]["all"]["standard_deviation"], all.angles->all.standardDeviation());
  EXPECT_EQ(found["bond_angles"]["five_fold"]["count"], all.angles->five_fold.count());
  EXPECT_EQ(found["bond_angles"]["histogram"]["all"], all.angles->all.histogram());
  EXPECT_EQ(found["bond_angles"]["histogram"]["angle"][3], 3.5);
  auto const& curves = found["pair_distribution"]["curves"];
  expectValues(curves["g"], all.pairs.mean());
  expectValues(curves["O-Si"], all.partial_pairs.at({8, 14}).mean());
  EXPECT_NEAR(curves["r"][7].get<double>(), 0.75, 1e-14);
  auto const& factor = found["structure_factor"];
  expectValues(factor["transformed"]["curves"]["s"], all.transformed.mean());
  expectValues(factor["transformed"]["curves"]["q"], waveNumbers(settings()));
  expectValues(factor["transformed"]["curves"]["O-Si"], all.partial_transformed.at({8, 14}).mean());
  EXPECT_EQ(factor["transformed"]["curves"].size(), 5U);  // q, s, three pairs of species
  EXPECT_EQ(factor["direct"]["peak"]["height"], findFirstPeak(settings(), all.direct)->height);
  std::size_t row = 0;
  std::vector<double> errors;
  for (std::size_t b = 0; b < all.direct.bins(); ++b) {
    if (all.direct.vectors(b) == 0) continue;
    auto const& direct = factor["direct"]["curves"];
    EXPECT_EQ(direct["s"][row], all.direct.mean(b));
    EXPECT_EQ(direct["q"][row], all.direct.q(b));
    EXPECT_EQ(direct["vectors"][row], all.direct.vectors(b));
    errors.push_back(all.direct.standardError(b));
    ++row;
  }
  expectValues(factor["direct"]["curves"]["standard_error"], errors);
  for (char const* section : {"coordination", "bond_angles", "pair_distribution", "structure_factor"})
    EXPECT_TRUE(found[section]["failures"].empty());

  EXPECT_EQ(found["sinter"]["backend"], "serial");
  EXPECT_NE(found["command"].get<std::string>().find("--bond-cutoff 2.7"), std::string::npos);
  EXPECT_EQ(found["trajectory"]["species"], (std::vector<std::string>{"O", "Si"}));
  EXPECT_EQ(found["trajectory"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(found["settings"]["lorch"], true);
  EXPECT_EQ(found["settings"]["vectors_per_bin"], 10);
}

TEST_F(AnalyzeCommand, TablesAndPageHaveTheNumbersOfTheReport) {
  write(frames(), folder / "in.extxyz");
  EXPECT_NE(analyze("in.extxyz").out.find("report.html written"), std::string::npos);
  auto const found = report();
  auto const& factor = found["structure_factor"];
  for (auto const& [name, columns] : {
           std::pair("frames", found["frames"]),
           std::pair("coordination", found["coordination"]["histogram"]),
           std::pair("bond_angles", found["bond_angles"]["histogram"]),
           std::pair("pair_distribution", found["pair_distribution"]["curves"]),
           std::pair("structure_factor", factor["transformed"]["curves"]),
           std::pair("structure_factor_direct", factor["direct"]["curves"]),
       }) {
    std::istringstream lines(contentOf(out + "/csv/" + name + ".csv"));
    std::string line, cell;
    std::getline(lines, line);
    std::string names;
    for (auto const& [column, values] : columns.items()) names += (names.empty() ? "" : ",") + column;
    EXPECT_EQ(line, names);
    std::size_t row = 0;
    for (; std::getline(lines, line); ++row) {
      std::istringstream cells(line + ",");
      for (auto const& values : columns) {
        ASSERT_TRUE(std::getline(cells, cell, ',')) << name << " " << row;
        if (values[row].is_null())
          EXPECT_EQ(cell, "");
        else
          EXPECT_EQ(std::stod(cell), values[row].get<double>());
      }
    }
    EXPECT_EQ(row, columns.begin()->size()) << name;
    EXPECT_GT(row, 1U) << name;
  }
  std::string const page = contentOf(out + "/report.html");
  std::string const open = "<script type=\"application/json\" id=\"report\">";
  auto const begin = page.find(open) + open.size();
  EXPECT_EQ(ordered_json::parse(page.substr(begin, page.find("</script>", begin) - begin)), found);
  EXPECT_EQ(page.find("http://"), std::string::npos);
  for (char const* loads : {"src=", "href=\"http", "href=\"//", "@import", "url("})
    EXPECT_EQ(page.find(loads), std::string::npos) << loads;
  EXPECT_NE(page.find("content=\"default-src 'none';"), std::string::npos);
}

TEST_F(AnalyzeCommand, ExportsFramesWithCoordination) {
  write(frames(), folder / "in.extxyz");
  analyze("in.extxyz", "--quiet --export");
  auto const exported = readStructures(out + "/frames.extxyz"), input = frames();
  ASSERT_EQ(exported.size(), 2U);
  EXPECT_EQ(exported[1].positions, input[1].positions);
  std::istringstream lines(contentOf(out + "/frames.extxyz"));
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  EXPECT_NE(line.find("pos:R:3:coordination:R:1"), std::string::npos) << line;
  std::vector<int> bonds;
  for (int i = 0; i < 64; ++i) {
    std::getline(lines, line);
    bonds.push_back(std::stoi(line.substr(line.rfind(' '))));
  }
  EXPECT_EQ(bonds, StructureMetrics<Kokkos::Serial>(settings()).measure(input[0], "").bonds);
}

TEST_F(AnalyzeCommand, LammpsDumpsWithAndWithoutNames) {
  auto const structure = frames()[0];
  std::ostringstream dump;
  for (int f = 0; f < 3; ++f) {
    dump << "ITEM: TIMESTEP\n" << 10 * f << "\nITEM: NUMBER OF ATOMS\n64\nITEM: BOX BOUNDS pp pp pp\n";
    for (int d = 0; d < 3; ++d) dump << "0 10.86\n";
    dump << "ITEM: ATOMS id type x y z\n";
    for (int i = 0; i < 64; ++i) {
      dump << i + 1 << " " << 1 + i % 2;
      for (double const x : structure.positions[i]) dump << " " << x;
      dump << "\n";
    }
  }
  (void)folder.write("in.dump", dump.str());
  analyze("in.dump", "--quiet --frames 1:");
  EXPECT_EQ(report()["frames"]["timestep"], (std::vector{10, 20}));
  EXPECT_EQ(report()["frames"]["index"], (std::vector{1, 2}));
  EXPECT_EQ(report()["trajectory"]["species"].size(), 2U);
  analyze("in.dump", "--quiet --species Ge,O");
  EXPECT_TRUE(report()["pair_distribution"]["curves"].contains("O-Ge"));

  // The last frame ends too early: the report is of those before it.
  std::string const text = dump.str();
  (void)folder.write("in.dump", text.substr(0, text.size() - 300));
  Outcome const outcome = analyze("in.dump", "--quiet --export", 2);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  for (char const* part : {"in.dump:", "holds the 2 frames before it"})
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  EXPECT_EQ(report()["frames"]["index"], (std::vector{0, 1}));
  EXPECT_NE(report()["trajectory"]["unreadable"].get<std::string>().find("atom "), std::string::npos);
  EXPECT_EQ(readStructures(out + "/frames.extxyz").size(), 2U);
}

TEST_F(AnalyzeCommand, SaysWhatHasNoMeaning) {
  auto molecule = frames();
  molecule[1].periodic = {false, false, false};
  molecule[1].cell = {};
  write(molecule, folder / "in.extxyz");
  EXPECT_NE(analyze("in.extxyz").out.find("pair_distribution: left out for 1 of 2 frames"), std::string::npos);
  auto found = report();
  for (char const* section : {"pair_distribution", "structure_factor"}) {
    ASSERT_EQ(found[section]["failures"].size(), 1U);
    EXPECT_EQ(found[section]["failures"][0]["frame"], 1);
    EXPECT_NE(found[section]["failures"][0]["reason"].get<std::string>().find("not periodic"), std::string::npos);
  }
  EXPECT_EQ(found["pair_distribution"]["frames"], 1);
  EXPECT_TRUE(found["frames"]["volume"][1].is_null());
  EXPECT_GT(found["frames"]["coordination"][1], 1);
  write({molecule[1]}, folder / "in.extxyz");
  analyze("in.extxyz", "--quiet");
  found = report();
  EXPECT_TRUE(found["pair_distribution"]["curves"]["g"].empty());
  EXPECT_TRUE(found["structure_factor"]["direct"]["peak"].is_null());
}

TEST_F(AnalyzeCommand, GoesOnBehindAnExplodedFrame) {
  auto const good = frames();
  auto exploded = good[0];
  exploded.positions[0][0] = 1e6;
  write({good[0], exploded, good[1]}, folder / "in.extxyz");
  EXPECT_NE(analyze("in.extxyz", "--export").out.find("coordination: left out for 1 of 3 frames"), std::string::npos);
  auto const found = report();
  for (char const* section : {"coordination", "bond_angles", "pair_distribution"}) {
    ASSERT_EQ(found[section]["failures"].size(), 1U) << section;
    EXPECT_EQ(found[section]["failures"][0]["frame"], 1) << section;
  }
  EXPECT_TRUE(found["frames"]["coordination"][1].is_null());
  EXPECT_GT(found["frames"]["coordination"][2], 1);
  EXPECT_EQ(found["pair_distribution"]["frames"], 2);
  auto const exported = readStructures(out + "/frames.extxyz");
  ASSERT_EQ(exported.size(), 3U);
  EXPECT_EQ(exported[1].positions, exploded.positions);
}

TEST_F(AnalyzeCommand, LeavesOutAFrameWithoutVolume) {
  auto const good = frames();
  write({good[0]}, folder / "one.extxyz");
  write({good[1]}, folder / "two.extxyz");
  std::string const one = contentOf(folder / "one.extxyz"), two = contentOf(folder / "two.extxyz"),
                    flat = "1\nLattice=\"5 0 0 0 5 0 0 5 0\" Properties=species:S:1:pos:R:3\nSi 0 0 0\n";
  for (char const* chosen : {":", "-4:"}) {
    (void)folder.write("in.extxyz", flat + one + flat + two);
    Outcome const outcome = analyze("in.extxyz", "--export --quiet --frames=" + std::string(chosen), 2);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (char const* part : {"in.extxyz:1: found a cell without volume", "2 frames left out", "holds the other 2"})
      EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    auto const found = report();
    EXPECT_EQ(found["frames"]["index"], (std::vector{1, 3}));
    EXPECT_EQ(found["trajectory"]["frames"], 2);
    EXPECT_TRUE(found["trajectory"]["unreadable"].is_null());
    ASSERT_EQ(found["trajectory"]["refused"].size(), 2U);
    EXPECT_EQ(found["trajectory"]["refused"][1]["frame"], 2);
    EXPECT_NE(found["trajectory"]["refused"][1]["reason"].get<std::string>().find("in.extxyz:70: found a cell without"),
              std::string::npos);
    EXPECT_EQ(readStructures(out + "/frames.extxyz").size(), 2U);
  }
}

TEST_F(AnalyzeCommand, OutputsAreCheckedBeforeTheWork) {
  write(frames(), folder / "in.extxyz");
  std::string const command = "analyze " + quoted(folder / "in.extxyz") + " --quiet -o ";
  for (char const* name : {"report.json", "report.html"}) {
    std::filesystem::create_directories(folder / (std::string(name) + "_out/") + name);
    expectFailure(command + quoted(folder / (std::string(name) + "_out")), "found a folder or device");
  }
  std::filesystem::create_directories(folder / "csv_out");
  (void)folder.write("csv_out/csv", "");
  expectFailure(command + quoted(folder / "csv_out"), "csv is a file");
  EXPECT_EQ(contentOf(folder / "csv_out/csv"), "");
  for (char const* name : {"report.json_out/csv", "report.html_out/csv", "csv_out/report.json"})
    EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
}

TEST_F(AnalyzeCommand, LabelsThatNoFrameHasDoNotLoseTheReport) {
  write(frames(), folder / "in.extxyz");
  EXPECT_NE(analyze("in.extxyz", "--quiet --energy-key none", 2).err.find("no frame with --energy-key none"),
            std::string::npos);
  EXPECT_EQ(report()["trajectory"]["frames"], 2);
}

TEST_F(AnalyzeCommand, TimeStepsAreWholeNumbers) {
  auto input = frames();
  input[0].features = {{"timestep", "0.5"}};
  input[1].features = {{"timestep", "+7"}};
  write(input, folder / "in.extxyz");
  analyze("in.extxyz", "--quiet");
  auto const found = report();
  EXPECT_TRUE(found["frames"]["timestep"][0].is_null());
  EXPECT_EQ(found["frames"]["timestep"][1], 7);
}

TEST_F(AnalyzeCommand, SameNumbersForAnyNumberOfThreads) {
  auto silicon = frames();
  for (auto& frame : silicon) frame.species.assign(frame.size(), 14);
  write(frames(), folder / "in.extxyz");
  write(silicon, folder / "silicon.extxyz");
  for (auto const& arguments : {quoted(folder / "in.extxyz"),
                                quoted(folder / "silicon.extxyz") + " --similarity " + quoted(SINTER_SOAP_CRYSTALS)}) {
    std::vector<ordered_json> reports;
    for (char const* threads : {"1", "2", "3"}) {
      Outcome const outcome = run("analyze " + arguments + " -o " + quoted(out) + " --quiet" + options(),
                                  std::string("OMP_NUM_THREADS=") + threads);
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      reports.push_back(report());
      reports.back().erase("time");
    }
    EXPECT_EQ(reports[1], reports[0]);
    EXPECT_EQ(reports[2], reports[0]);
  }
}

TEST_F(AnalyzeCommand, FailuresLeaveNothingBehind) {
  std::string const arguments = " -o " + quoted(out) + " --export --quiet";
  expectFailure("analyze " + quoted(folder / "none.extxyz") + arguments, "found nothing to read");
  std::string const flat =
      folder.write("flat.extxyz", "1\nLattice=\"5 0 0 0 5 0 0 5 0\" Properties=species:S:1:pos:R:3\nSi 0 0 0\n");
  expectFailure("analyze " + quoted(flat) + arguments, "flat.extxyz:");
  write(frames(), folder / "in.extxyz");
  expectFailure("analyze " + quoted(folder / "in.extxyz") + arguments + " --frames 7:",
                "found no frames in --frames 7:");
  expectFailure("analyze " + quoted(folder / "in.extxyz") + arguments + " --r-max 0", "r_max: found 0");
  expectFailure("analyze " + quoted(folder / "in.extxyz") + arguments + " --seed 9007199254740993", "--seed");
  expectFailure("analyze " + quoted(folder / "in.extxyz") + " -o " + quoted(folder / "in.extxyz/out"), "is a file");
}

// Columns of numbers behind species and three coordinates, by their names; frame after frame.
std::vector<std::map<std::string, std::vector<double>>> columnsOf(std::string const& file) {
  std::vector<std::map<std::string, std::vector<double>>> frames;
  std::istringstream lines(contentOf(file));
  for (std::string line, cell; std::getline(lines, line);) {
    std::size_t const atoms = std::stoul(line);
    std::getline(lines, line);
    std::string const begin = "pos:R:3:";
    std::vector<std::string> names;
    if (auto const at = line.find(begin); at != std::string::npos) {
      std::istringstream words(line.substr(at + begin.size(), line.find_first_of(" \"", at) - at - begin.size()));
      while (std::getline(words, cell, ':')) {
        names.push_back(cell);
        std::getline(words, cell, ':');
        std::getline(words, cell, ':');
      }
    }
    auto& columns = frames.emplace_back();
    for (std::size_t i = 0; i < atoms; ++i) {
      std::getline(lines, line);
      std::istringstream words(line);
      for (int w = 0; w < 4; ++w) words >> cell;
      for (double value = 0; auto const& name : names)
        if (words >> value) columns[name].push_back(value);
    }
  }
  return frames;
}

TEST_F(AnalyzeCommand, SimilaritiesAreThoseOfSoap) {
  auto const input = readStructures(SINTER_SOAP_CRYSTALS);  // sh, dia, bSn, hcp
  write({input[2], reference::diamond(2, 5.43, 0.3)}, folder / "in.extxyz");
  std::string const soap =
      "soap " + quoted(folder / "in.extxyz") + " --quiet --similarity " + quoted(SINTER_SOAP_CRYSTALS) + " --preset ";
  for (std::string const preset : {"paper-2022", "paper-2022-scripts"}) {
    analyze("in.extxyz", "--quiet --export --similarity " + quoted(SINTER_SOAP_CRYSTALS) +
                             (preset == "paper-2022" ? "" : " --preset " + preset));  // that is the default
    ASSERT_EQ(run(soap + preset + " -o " + quoted(folder / "atoms.extxyz")).code, 0);
    ASSERT_EQ(run(soap + preset + " --average inner -o " + quoted(folder / "frames.extxyz")).code, 0);
    auto const found = report()["similarity"];
    EXPECT_EQ(found["preset"], preset);
    EXPECT_EQ(found["crystals"], (std::vector<std::string>{"sh", "dia", "bSn", "hcp"}));
    EXPECT_TRUE(found["failures"].empty());
    auto const frames = readStructures(folder / "frames.extxyz");
    auto const expected = columnsOf(folder / "atoms.extxyz"), exported = columnsOf(out + "/frames.extxyz");
    ASSERT_EQ(exported.size(), 2U);
    for (std::size_t f = 0; f < 2; ++f) {
      EXPECT_EQ(exported[f].at("coordination").size(), frames[f].size());
      for (auto const& [name, values] : found["frame"].items()) {
        std::string const key = "soap_similarity_" + name;
        EXPECT_NEAR(values[f].get<double>(), std::stod(*findFeature(frames[f], key)), 1e-12);
        auto const& atoms = expected[f].at(key);
        ASSERT_EQ(atoms.size(), frames[f].size());
        double sum = 0;
        for (std::size_t i = 0; i < atoms.size(); ++i) {
          EXPECT_NEAR(exported[f].at(key).at(i), atoms[i], 1e-12);
          sum += atoms[i];
        }
        EXPECT_NEAR(found["atom_mean"][name][f].get<double>(), sum / static_cast<double>(atoms.size()), 1e-12);
      }
    }
    EXPECT_NEAR(found["frame"]["bSn"][0].get<double>(), 1, 1e-12);
    EXPECT_NEAR(found["frame"]["sh"][0].get<double>(), preset == "paper-2022" ? 0.9916 : 0.9882, 5.1e-5);
  }
  std::string const table = contentOf(out + "/csv/crystals.csv");
  EXPECT_TRUE(table.starts_with("index,frame_sh,frame_dia,frame_bSn,frame_hcp,atom_mean_sh,")) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
}

TEST_F(AnalyzeCommand, SharesOfAtomsLikeCrystals) {
  auto const crystals = readStructures(SINTER_SOAP_CRYSTALS);  // sh, dia, bSn, hcp
  write({crystals[1], crystals[2], reference::diamond(2, 5.43, 0.25)}, folder / "in.extxyz");
  std::string const similarity = "--quiet --export --similarity " + quoted(SINTER_SOAP_CRYSTALS);
  analyze("in.extxyz", similarity + " --threshold 0.92");
  auto found = report()["crystals"];
  EXPECT_EQ(found["threshold"], 0.92);
  EXPECT_EQ(found["classes"], (std::vector<std::string>{"sh", "dia", "bSn", "hcp"}));
  EXPECT_EQ(found["fraction"]["dia"][0], 1);
  EXPECT_EQ(found["fraction"]["bSn"][1], 1);
  EXPECT_EQ(found["fraction"]["sh"][1], 0);
  double like = 0;
  auto const exported = columnsOf(out + "/frames.extxyz");
  for (double const s : exported[2].at("soap_similarity_dia")) like += s > 0.92 ? 1 : 0;
  EXPECT_GT(like, 0);
  EXPECT_LT(like, 64);
  EXPECT_EQ(found["fraction"]["dia"][2].get<double>(), like / 64);
  EXPECT_EQ(exported[0].at("crystal"), std::vector<double>(8, 2));
  // Beta-tin is so like sh that it is taken for that where it may not be itself.
  analyze("in.extxyz", similarity + " --classes dia,sh");
  found = report()["crystals"];
  EXPECT_EQ(found["classes"], (std::vector<std::string>{"dia", "sh"}));
  EXPECT_EQ(found["fraction"]["sh"][1], 1);
  EXPECT_FALSE(found["fraction"].contains("bSn"));
  EXPECT_EQ(report()["grains"]["number"].size(), 2U);
}

TEST_F(AnalyzeCommand, GrainsAreThoseOfTheLibrary) {
  auto const crystals = readReferenceStructures(SINTER_SOAP_CRYSTALS);  // sh, dia, bSn, hcp
  // Diamond with a hole of disorder, so that there is a grain of many atoms and some are in none.
  Structure disordered = reference::diamond(3, 5.43, 0.15);
  reference::Random random(3);
  for (std::size_t i = 0; i < 40; ++i)
    for (double& x : disordered.positions[i]) x += 0.4 * random();
  std::vector<Structure> const input = {crystals.structures[0], disordered};
  write(input, folder / "in.extxyz");
  Outcome const outcome = analyze("in.extxyz",
                                  "--export --least-grain 1 --misorientation 20 --threshold 0.85 --classes "
                                  "sh,dia --similarity " +
                                      quoted(SINTER_SOAP_CRYSTALS));
  EXPECT_NE(outcome.out.find(" grains, the largest of "), std::string::npos) << outcome.out;
  CrystalOrderSettings settings;
  settings.bond_cutoff = 2.7;  // `options`
  settings.least_grain = 1;
  settings.misorientation = 20;
  settings.threshold = 0.85;
  settings.classes = {"sh", "dia"};
  CrystalOrder<Kokkos::Serial> order(settings, crystals);
  auto const found = report()["grains"];
  EXPECT_EQ(found["bond_cutoff"], 2.7);
  EXPECT_EQ(found["least_grain"], 1);
  EXPECT_EQ(found["misorientation"], 20);
  auto const exported = columnsOf(out + "/frames.extxyz");
  std::int64_t grains_in_all = 0;
  for (std::size_t f = 0; f < 2; ++f) {
    auto const expected = order.measure(input[f], "frame");
    auto const& grains = expected.grains.grains;
    ASSERT_FALSE(grains.empty());
    std::string const name = f == 0 ? "sh" : "dia", other = f == 0 ? "dia" : "sh";
    EXPECT_EQ(found["number"][name][f], grains.size());
    EXPECT_EQ(found["number"][other][f], 0);
    EXPECT_EQ(found["largest"][name][f], grains[0].atoms);
    EXPECT_TRUE(found["mean"][other][f].is_null());
    EXPECT_EQ(found["dimensions"][name][f], 3);
    grains_in_all += static_cast<std::int64_t>(grains.size());
    std::vector<double> of_atoms(expected.grains.of_atoms.begin(), expected.grains.of_atoms.end());
    for (double& g : of_atoms) ++g;
    EXPECT_EQ(exported[f].at("grain"), of_atoms);
  }
  auto const none = std::count(exported[1].at("grain").begin(), exported[1].at("grain").end(), 0);
  EXPECT_GT(none, 0);
  EXPECT_LT(none, 100);
  auto const& last = found["last_frame"];
  EXPECT_EQ(last[0]["crystal"], "dia");
  EXPECT_EQ(last[0]["along"], (std::vector<bool>{true, true, true}));
  EXPECT_TRUE(last[0]["axis"].is_null());
  std::int64_t counted = 0;
  for (auto const& [name, counts] : found["sizes"]["number"].items())
    for (auto const& count : counts) counted += count.get<std::int64_t>();
  EXPECT_EQ(counted, grains_in_all);
  EXPECT_EQ(found["sizes"]["number"]["sh"][0], 1);
  EXPECT_EQ(found["sizes"]["from"][3], 8);
  EXPECT_EQ(found["sizes"]["to"][3], 15);
  EXPECT_TRUE(contentOf(out + "/csv/grains.csv").starts_with("index,number_sh,number_dia,"));
  EXPECT_TRUE(contentOf(out + "/csv/grain_sizes.csv").starts_with("from,to,number_sh,number_dia\n"));

  write({input[0]}, folder / "in.extxyz");
  analyze("in.extxyz", "--quiet --least-grain 1 --similarity " + quoted(SINTER_SOAP_CRYSTALS));
  auto const grain = report()["grains"]["last_frame"].at(0);
  EXPECT_NEAR(grain["axis"][2].get<double>(), 1, 1e-6);
  EXPECT_NEAR(grain["alignment"].get<double>(), 1, 1e-12);
}

TEST_F(AnalyzeCommand, FramesWithoutSimilarities) {
  auto coincident = frames()[0];
  coincident.species.assign(64, 14);
  auto good = coincident;
  coincident.positions[1] = coincident.positions[0];
  write({good, coincident, good}, folder / "in.extxyz");
  std::string const similarity = "--similarity " + quoted(SINTER_SOAP_CRYSTALS);
  EXPECT_NE(analyze("in.extxyz", "--export " + similarity).out.find("similarity: left out for 1 of 3 frames"),
            std::string::npos);
  auto const found = report()["similarity"];
  ASSERT_EQ(found["failures"].size(), 1U);
  EXPECT_EQ(found["failures"][0]["frame"], 1);
  EXPECT_TRUE(found["frame"]["dia"][1].is_null());
  EXPECT_EQ(found["frame"]["dia"][2], found["frame"]["dia"][0]);
  auto const exported = columnsOf(out + "/frames.extxyz");
  ASSERT_EQ(exported.size(), 3U);
  EXPECT_FALSE(exported[1].contains("soap_similarity_dia"));
  EXPECT_TRUE(exported[1].contains("coordination"));
  EXPECT_EQ(exported[2].at("soap_similarity_dia").size(), 64U);
}

TEST_F(AnalyzeCommand, MapIsThatOfSoap) {
  std::vector<Structure> input;
  for (int f = 0; f < 5; ++f) input.push_back(reference::diamond(1, 5.43, 0.1 * f, {14}, 1 + f));
  write(input, folder / "in.extxyz");
  std::string const similarity = " --quiet --similarity " + quoted(SINTER_SOAP_CRYSTALS);
  for (std::string const kind : {"kpca", "paper"}) {
    analyze("in.extxyz", similarity + " --map " + kind);
    ASSERT_EQ(run("soap " + quoted(folder / "in.extxyz") + " --quiet --preset paper-2022 --map " + kind + " -o " +
                  quoted(folder / "map.csv"))
                  .code,
              0);
    auto const found = report()["map"];
    EXPECT_EQ(found["kind"], kind);
    EXPECT_TRUE(found["reason"].is_null());
    EXPECT_EQ(found["explained_fraction"].size(), 2U);
    for (std::string const& table : {contentOf(folder / "map.csv"), contentOf(out + "/csv/map.csv")}) {
      std::istringstream lines(table);
      std::string line, cell;
      std::getline(lines, line);
      for (std::size_t f = 0; f < 5; ++f) {
        std::getline(lines, line);
        std::istringstream cells(line);
        std::getline(cells, cell, ',');
        EXPECT_EQ(cell, std::to_string(f));
        for (char const* axis : {"soap_map_1", "soap_map_2"}) {
          ASSERT_TRUE(std::getline(cells, cell, ','));
          EXPECT_NEAR(found[axis][f].get<double>(), std::stod(cell), 1e-9) << kind << " " << f;
        }
      }
    }
  }
  // A frame without a vector, and too few frames.
  input[1].positions[1] = input[1].positions[0];
  write(input, folder / "in.extxyz");
  analyze("in.extxyz", similarity + " --map kpca");
  EXPECT_TRUE(report()["map"]["soap_map_1"][1].is_null());
  EXPECT_TRUE(report()["map"]["soap_map_2"][4].is_number());
  EXPECT_NE(analyze("in.extxyz", "--frames 2:4 --map kpca --similarity " + quoted(SINTER_SOAP_CRYSTALS))
                .out.find("map: none; SOAP map: found 2 vectors, expected 3 or more"),
            std::string::npos);
  EXPECT_TRUE(report()["map"]["soap_map_1"][1].is_null());
}

TEST_F(AnalyzeCommand, CrystalsFollowThePressure) {
  auto const at = [](double edge, char const* key, char const* pressure) {
    Structure frame = reference::diamond(1, edge, 0);
    frame.config_type = "dia";
    if (pressure != nullptr) frame.features = {{key, pressure}};
    return frame;
  };
  std::string const crystals = folder / "crystals.extxyz",
                    more = "--similarity " + quoted(crystals) + " --similarity-pressure-key p_gpa ";
  write({at(5.5, "pressure", "0"), at(5.1, "pressure", "20")}, crystals);
  write({at(5.5, "p_gpa", "0"), at(5.3, "p_gpa", "10"), at(5.5, "p_gpa", "10"), at(5.3, "p_gpa", "-1")},
        folder / "in.extxyz");
  EXPECT_NE(analyze("in.extxyz", "--export " + more).out.find("similarity: left out for 1 of 4 frames"),
            std::string::npos);
  auto const found = report()["similarity"];
  EXPECT_EQ(found["pressure_key"], "p_gpa");
  EXPECT_EQ(found["pressure"], (std::vector<double>{0, 10, 10, -1}));
  EXPECT_EQ(found["crystals"], std::vector<std::string>{"dia"});
  EXPECT_NEAR(found["frame"]["dia"][0].get<double>(), 1, 1e-12);
  EXPECT_NEAR(found["frame"]["dia"][1].get<double>(), 1, 1e-12);
  EXPECT_LT(found["frame"]["dia"][2].get<double>(), 0.99);
  EXPECT_TRUE(found["frame"]["dia"][3].is_null());
  EXPECT_NE(found["failures"][0]["reason"].get<std::string>().find("-1 GPa, expected 0 to 20 GPa"), std::string::npos);

  auto const refused = [&](std::vector<Structure> const& references, std::vector<Structure> const& input,
                           std::string const& fragment) {
    write(references, crystals);
    write(input, folder / "bad.extxyz");
    expectFailure(
        "analyze " + quoted(folder / "bad.extxyz") + " -o " + quoted(folder / "bad") + " --quiet --export " + more,
        fragment);
  };
  auto const low = at(5.5, "pressure", "0"), high = at(5.1, "pressure", "20"), frame = at(5.3, "p_gpa", "10");
  refused({low, high}, {low, frame},
          "bad.extxyz: frame 0: found no key p_gpa (--similarity-pressure-key), expected a pressure");
  Structure other = frame;
  other.species.assign(other.size(), 32);
  write({low, high}, crystals);  // later frames fail for themselves
  write({frame, low, other, frame}, folder / "in.extxyz");
  analyze("in.extxyz", "--quiet --export " + more);
  auto const failures = report()["similarity"]["failures"];
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0]["frame"], 1);
  EXPECT_NE(failures[1]["reason"].get<std::string>().find("found species Ge"), std::string::npos);
  EXPECT_NEAR(report()["similarity"]["frame"]["dia"][3].get<double>(), 1, 1e-12);
  refused({low, high}, {at(5.3, "p_gpa", "high")}, "bad.extxyz: frame 0: found p_gpa = high, expected");
  refused({low, at(5, "", nullptr)}, {frame}, "crystals.extxyz: frame 1: found no pressure, expected");
  refused({low}, {frame}, "dia: found 1 structures and 1 pressures, expected two or more");
}

TEST_F(AnalyzeCommand, BadReferencesAreRefused) {
  write(frames(), folder / "in.extxyz");
  std::string const command =
      "analyze " + quoted(folder / "in.extxyz") + " -o " + quoted(out) + options() + " --export --quiet ";
  expectFailure(command + "--similarity " + quoted(SINTER_SOAP_CRYSTALS),
                "in.extxyz: frame 0: found species O, expected species of the reference crystals: Si");
  std::string const empty = folder.write("empty.extxyz", ""),
                    unnamed = folder.write("unnamed.extxyz", "1\nProperties=species:S:1:pos:R:3\nSi 0 0 0\n");
  expectFailure(command + "--similarity " + quoted(empty), "empty.extxyz: found no frames");
  expectFailure(command + "--similarity " + quoted(unnamed), "found neither name nor config_type");
  expectFailure(command + "--similarity " + quoted(folder / "none.extxyz"), "none.extxyz");
  expectFailure(command + "--preset paper-2022", "--preset requires --similarity");
  std::string const silicon = folder / "si.extxyz";
  write({reference::diamond(1, 5.43, 0.1)}, silicon);
  std::string const good = "analyze " + quoted(silicon) + " -o " + quoted(out) + options() + " --export --quiet " +
                           "--similarity " + quoted(SINTER_SOAP_CRYSTALS);
  for (char const* threshold : {"0", "1", "-0.5", "nan"})
    expectFailure(good + " --threshold=" + threshold, "threshold: found");
  expectFailure(good + " --classes dia,fcc",
                "classes: found 'fcc', expected names of reference crystals: sh, dia, bSn");
  expectFailure(good + " --least-grain 0", "least_grain: found 0");
  expectFailure(good + " --misorientation 91", "misorientation: found 91");
  expectFailure(command + "--map kpca", "--map requires --similarity");
  expectFailure(good + " --map pca", "--map");
  expectFailure(command + "--threshold 0.8", "--threshold requires --similarity");
  expectFailure(command + "--preset 2022 --similarity " + quoted(SINTER_SOAP_CRYSTALS), "--preset");
}

TEST_F(AnalyzeCommand, CanBeInterrupted) {
  write({frames()[0]}, folder / "in.extxyz");
  std::string const text = contentOf(folder / "in.extxyz"), pipe = folder / "pipe.extxyz";
  expectInterruptible({"analyze", pipe, "-o", out, "--export", "--quiet"}, pipe, text);
}

}  // namespace
}  // namespace sinter
