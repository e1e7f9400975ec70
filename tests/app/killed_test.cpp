// What is left of `sinter` killed without warning while it works: nothing half-written under a final name.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "command_test.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/structures/hdf5_columns.hpp"
#include "sinter/structures/reader.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;
using test::contentOf;
using test::Outcome;

/// Runs of the command that are killed at a random moment.
class Killed : public test::CommandTest {
 protected:
  /// Starts the command and kills it after `delay`; whether it had ended before. No delay: waits for it.
  bool runAndKill(std::vector<std::string> const& words, Clock::duration delay) const {
    ::pid_t const child = start(words);
    if (delay != Clock::duration::zero()) {
      std::this_thread::sleep_for(delay);
      ::kill(child, SIGKILL);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  /// Kills the command `times` times at moments spread over its run; `check` looks at the files after each.
  template <class Check>
  void killOften(std::vector<std::string> const& words, int times, Check const& check) const {
    auto const begin = Clock::now();
    ASSERT_TRUE(runAndKill(words, {})) << contentOf(folder / "stderr");
    auto const whole = Clock::now() - begin;
    std::mt19937_64 random(20260704);
    int finished = 0, partial = 0;
    for (int n = 0; n < times; ++n) {
      // One moment in each of `times` equal parts of the run: all of it is covered.
      double const part = (n + std::generate_canonical<double, 53>(random)) / times;
      bool const ended = runAndKill(words, std::chrono::duration_cast<Clock::duration>(part * whole));
      finished += ended ? 1 : 0;
      for (auto const& entry : std::filesystem::directory_iterator(folder / "."))
        if (entry.path().filename().string().find(".part") != std::string::npos) {
          ++partial;
          std::filesystem::remove(entry.path());
        }
      check();
    }
    RecordProperty("finished", finished);
    RecordProperty("temporary_files", partial);
    std::printf("%d runs killed, %d of them had finished; %d temporary files were left\n", times, finished, partial);
    EXPECT_LT(finished, times);
  }
};

TEST_F(Killed, EvalLeavesWholeFilesOrNone) {
  constexpr std::size_t frames = 2000;
  std::string const potential = folder / "a.mtp", input = folder / "in.extxyz";
  std::string const out = folder / "out.extxyz", report = folder / "out.json";
  writeMtp(reference::testModel(8), potential);
  write(std::vector<Structure>(frames, reference::diamond(1, 5.4, 0.1, {14}, 3)), input);
  killOften({"eval", potential, input, "-o", out, "--json", report, "--quiet"}, 20, [&] {
    if (std::filesystem::exists(out)) {
      EXPECT_EQ(readStructures(out).size(), frames);
    }
    if (std::filesystem::exists(report)) {
      EXPECT_EQ(json::parse(contentOf(report))["frames"].size(), frames);
    }
    std::filesystem::remove(out);
    std::filesystem::remove(report);
  });
  // An older file is replaced as a whole or not at all.
  killOften({"eval", potential, input, "-o", out, "--quiet"}, 5, [&] {
    std::string const content = contentOf(out);
    EXPECT_TRUE(content == "old" || readStructures(out).size() == frames);
    (void)folder.write("out.extxyz", "old");
  });
}

TEST_F(Killed, RelaxLeavesWholeFilesOrNone) {
  constexpr std::size_t frames = 200;
  std::vector<Structure> starts;
  for (std::size_t n = 0; n < frames; ++n) starts.push_back(reference::diamond(1, 5.4, 0.1, {14}, n + 1));
  std::string const potential = folder / "a.mtp", input = folder / "in.extxyz";
  std::string const out = folder / "out.extxyz", report = folder / "out.json";
  writeMtp(reference::solidModel(), potential);
  write(starts, input);
  auto const expectWhole = [&] {
    auto const relaxed = readStructures(out);
    EXPECT_EQ(relaxed.size(), frames);
    for (auto const& one : relaxed) EXPECT_TRUE(one.energy && one.forces.size() == one.size());
  };
  killOften({"relax", potential, input, "-o", out, "--json", report, "--max-steps", "10", "--quiet"}, 20, [&] {
    if (std::filesystem::exists(out)) expectWhole();
    if (std::filesystem::exists(report)) {
      EXPECT_EQ(json::parse(contentOf(report))["summary"]["frames"], frames);
    }
    std::filesystem::remove(out);
    std::filesystem::remove(report);
  });
  // An older file is replaced as a whole or not at all.
  killOften({"relax", potential, input, "-o", out, "--max-steps", "10", "--quiet"}, 5, [&] {
    if (contentOf(out) != "old") expectWhole();
    (void)folder.write("out.extxyz", "old");
  });
}

TEST_F(Killed, SoapLeavesWholeFilesOrNone) {
  constexpr std::size_t frames = 300;
  std::vector<Structure> structures;
  for (std::size_t n = 0; n < frames; ++n) structures.push_back(reference::diamond(1, 5.4, 0.1, {14}, n + 1));
  structures[0].config_type = "first";
  write({structures[0]}, folder / "reference.extxyz");
  write(structures, folder / "in.extxyz");
  std::string const xyz = folder / "out.extxyz", h5 = folder / "out.h5", report = folder / "out.json";
  std::vector<std::string> const command = {
      "soap", folder / "in.extxyz", "--json", report, "--quiet", "--n-max", "6", "--l-max", "4"};
  auto const kill = [&](std::vector<std::string> const& options, int times) {
    auto words = command;
    words.insert(words.end(), options.begin(), options.end());
    killOften(words, times, [&] {
      if (std::filesystem::exists(xyz)) {
        EXPECT_EQ(readStructures(xyz).size(), frames);
      }
      if (std::filesystem::exists(h5)) {
        detail::Hdf5Input const file(h5);
        EXPECT_EQ(detail::ColumnReader<std::int64_t>(file, "/frames/offset", {}).rows(), frames + 1);
      }
      if (std::filesystem::exists(report)) {
        EXPECT_EQ(json::parse(contentOf(report))["structures"]["frames"], frames);
      }
      for (auto const& file : {xyz, h5, report}) std::filesystem::remove(file);
    });
  };
  kill({"--similarity", folder / "reference.extxyz", "-o", xyz}, 10);
  kill({"-o", h5}, 10);
  kill({"--map", "paper", "-o", xyz}, 10);
  kill({"--map", "kpca", "-o", h5}, 10);
}

TEST_F(Killed, AnalyzeLeavesWholeFilesOrNone) {
  constexpr std::size_t frames = 100;
  write(std::vector<Structure>(frames, reference::diamond(1, 5.4, 0.1, {14}, 3)), folder / "in.extxyz");
  std::string const out = folder / "out";
  killOften({"analyze", folder / "in.extxyz", "-o", out, "--export", "--quiet", "--backend", "serial"}, 10, [&] {
    if (std::filesystem::exists(out + "/frames.extxyz")) {
      EXPECT_EQ(readStructures(out + "/frames.extxyz").size(), frames);
    }
    if (std::filesystem::exists(out + "/csv/frames.csv")) {
      std::string const table = contentOf(out + "/csv/frames.csv");
      EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), static_cast<std::ptrdiff_t>(frames + 1));
    }
    if (std::filesystem::exists(out + "/report.json")) {
      EXPECT_EQ(json::parse(contentOf(out + "/report.json"))["trajectory"]["frames"], frames);
    }
    if (std::filesystem::exists(out + "/report.html")) {
      EXPECT_TRUE(contentOf(out + "/report.html").ends_with("</html>\n"));
    }
    std::filesystem::remove_all(out);
  });
}

TEST_F(Killed, ValidateGoesOnToTheSameReport) {
  std::string const potential = folder / "a.mtp", out = folder / "out", report = out + "/report.json";
  writeMtp(reference::solidModel(), potential);
  std::string const settings = folder.write(
      "validate.toml",
      "[potentials]\na = \"" + potential + "\"\n[static]\nelement = \"Si\"\ndiamond_volume = 18\n" +
          "crystals = [\"dia\", \"bSn\", \"sc\"]\nelastic = [\"dia\"]\ndefects = [\"vacancy\", \"dumbbell\", "
          "\"tetrahedral\"]\n" +
          "supercell = 5\nsurfaces = [\"100\", \"111\"]\nphonons = [\"G\", \"X\"]\n[output]\ndir = \"" + out + "\"\n");
  auto const content = [&] {
    json found = json::parse(contentOf(report));
    found.erase("time");
    found.erase("command");
    return found;
  };
  ASSERT_EQ(run("validate --quiet --backend serial " + quoted(settings)).code, 0);
  json const whole = content();
  std::filesystem::remove_all(out);
  int resumed = 0;
  killOften({"validate", settings, "--quiet", "--backend", "serial"}, 10, [&] {
    if (std::filesystem::exists(report)) {
      EXPECT_EQ(content(), whole);
    }
    if (std::filesystem::exists(out + "/parts")) {
      Outcome const outcome = run("validate --resume --backend serial " + quoted(settings));
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      resumed += outcome.err.find(": there\n") != std::string::npos ? 1 : 0;
      EXPECT_EQ(content(), whole);
    }
    std::filesystem::remove_all(out);
  });
  std::printf("%d of 10 killed validations had left parts to go on with\n", resumed);
  EXPECT_GT(resumed, 0);
}

TEST_F(Killed, DatabaseHasWholeFramesAndLosesNone) {
  constexpr std::size_t frames = 3000;
  std::vector<Structure> old, added;
  for (std::size_t n = 0; n < frames; ++n) {
    old.push_back(reference::diamond(1, 5.4, 0.1, {14}, n + 1));
    added.push_back(reference::diamond(1, 5.5, 0.1, {14}, n + 1));
    old.back().energy = -static_cast<double>(n);
    added.back().forces.assign(added.back().size(), {0.1, static_cast<double>(n), -0.3});
  }
  write(old, folder / "old.extxyz");
  write(added, folder / "added.extxyz");
  std::string const database = folder / "a.h5", good = folder / "old.h5";
  auto const same = [](Structure const& a, Structure const& b) {
    return a.positions == b.positions && a.species == b.species && a.cell == b.cell && a.energy == b.energy &&
           a.forces == b.forces;
  };
  // Made anew: all frames or no file.
  killOften({"convert", folder / "old.extxyz", database, "--quiet"}, 20, [&] {
    if (std::filesystem::exists(database)) {
      EXPECT_EQ(readStructures(database).size(), frames);
    }
    std::filesystem::remove(database);
  });
  // Appended to: what was there, and all that was to be added or nothing of it.
  ASSERT_EQ(run("convert " + quoted(folder / "old.extxyz") + " " + quoted(good)).code, 0);
  std::filesystem::copy_file(good, database);
  std::size_t with_added = 0;
  killOften({"convert", folder / "added.extxyz", database, "--append", "--quiet"}, 30, [&] {
    auto const read = readStructures(database);
    ASSERT_TRUE(read.size() == frames || read.size() == 2 * frames) << read.size();
    EXPECT_TRUE(std::equal(old.begin(), old.end(), read.begin(), same));
    if (read.size() == 2 * frames) {
      ++with_added;
      EXPECT_TRUE(std::equal(added.begin(), added.end(), read.begin() + static_cast<std::ptrdiff_t>(frames), same));
    }
    std::filesystem::copy_file(good, database, std::filesystem::copy_options::overwrite_existing);
  });
  std::printf("%zu of 30 killed appends had replaced the database\n", with_added);
}

TEST_F(Killed, FitLeavesWholeFilesOrNone) {
  MtpModel untrained = reference::testModel(8);
  untrained.moment_coeffs.clear();
  untrained.species_coeffs.clear();
  writeMtp(untrained, folder / "template.mtp");
  std::vector<Structure> train;
  for (std::uint64_t n = 0; n < 40; ++n) {
    train.push_back(reference::diamond(1, 5.4, 0.3, {14}, n + 1));
    train.back().energy = -static_cast<double>(n);
    train.back().forces.assign(train.back().size(), {0.1, 0.2, -0.3});
  }
  write(train, folder / "train.extxyz");
  std::string const settings = folder.write(
      "fit.toml", "[model]\ntemplate = \"" + (folder / "template.mtp") + "\"\nspecies = [\"Si\"]\n[data]\ntrain = [\"" +
                      (folder / "train.extxyz") + "\"]\n[output]\ndir = \"" + (folder / ".") + "\"\n");
  std::string const model = folder / "model.mtp", report = folder / "report.json",
                    checkpoint = folder / "checkpoint.h5";
  ASSERT_EQ(run("fit --quiet " + quoted(settings)).code, 0);
  std::string const whole = contentOf(model);
  std::filesystem::remove(checkpoint);
  int resumed = 0;
  killOften({"fit", settings, "--quiet"}, 20, [&] {
    if (std::filesystem::exists(model)) {
      EXPECT_TRUE(readMtp(model).trained());
    }
    if (std::filesystem::exists(report)) {
      EXPECT_EQ(json::parse(contentOf(report))["method"], "varpro");
    }
    if (std::filesystem::exists(checkpoint)) {  // it is whole, and from it a fit goes on to the same bits
      ++resumed;
      Outcome const outcome = run("fit --quiet --resume " + quoted(settings));
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_EQ(contentOf(model), whole);
    }
    std::filesystem::remove(checkpoint);
    std::filesystem::remove(model);
    std::filesystem::remove(report);
  });
  std::printf("%d of 20 killed fits had left a checkpoint\n", resumed);
}

}  // namespace
}  // namespace sinter
