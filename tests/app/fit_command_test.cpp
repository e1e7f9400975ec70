// `sinter fit` as its users meet it: settings and data in, a potential and a report out.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "core/mpi_command.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/fitting/uncertainty_io.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/structures/label_errors.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::Outcome;

/// Structures with the labels of a known potential, its radial functions as a template, and settings to fit it.
class FitCommand : public test::CommandTest {
 protected:
  void SetUp() override {
    for (std::uint64_t n = 0; n < 9; ++n) {
      train.push_back(reference::diamond(1, 5.3 + 0.05 * static_cast<double>(n), 0.3, {14}, n + 1));
      train.back().config_type = n < 6 ? "crystal" : "hot";
    }
    for (std::uint64_t n = 0; n < 3; ++n) held_out.push_back(reference::diamond(1, 5.4, 0.3, {14}, n + 20));
    Structure molecule =
        reference::randomStructure(5, {{{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}}, {false, false, false}, 1.8, {14}, 30);
    molecule.cell = {};
    train.push_back(molecule);
    label(train);
    label(held_out);
    write(train, train_file);
    write(held_out, test_file);
    MtpModel untrained = truth;
    untrained.moment_coeffs.clear();
    untrained.species_coeffs.clear();
    writeMtp(untrained, template_file);
    (void)folder.write("fit.toml", settings());
  }

  /// A linear fit to the template; `more` are further tables.
  std::string settings(std::string const& more = "") const {
    return "solver.method = \"linear\"\n[model]\ntemplate = \"" + template_file +
           "\"\nspecies = [\"Si\"]\n[data]\ntrain = [\"" + train_file + "\"]\ntest = [\"" + test_file +
           "\"]\n[output]\ndir = \"" + output + "\"\n" + more;
  }

  void label(std::vector<Structure>& structures, double noise = 0) const {
    reference::Random random(5);
    for (auto& s : structures) reference::label(s, truth, random, noise);
  }

  Outcome fit(std::string const& options = "") const {
    return run("fit " + quoted(folder / "fit.toml") + " " + options);
  }

  /// Settings for a fit of level 8 from its own start to 30 structures with the labels of `truth`, whose radial
  /// functions are others.
  void writeVarpro() {
    train.clear();
    for (std::uint64_t n = 0; n < 30; ++n)
      train.push_back(reference::diamond(1, 5.2 + 0.02 * static_cast<double>(n), 0.35, {14}, n + 1));
    for (auto& s : train) s.config_type = s.cell[0][0] < 5.5 ? "crystal" : "hot";
    reference::Random random(3);
    for (double& c : truth.radial_coeffs) c *= 1 + 0.5 * random();
    label(train);
    write(train, train_file);
    (void)folder.write("fit.toml",
                       "[model]\nlevel = 8\nspecies = [\"Si\"]\nmin_dist = 1.5\n[data]\ntrain = [\"" + train_file +
                           "\"]\n[solver]\nseeds = 1\nmax_iterations = 20\n[output]\ndir = \"" + output + "\"\n");
  }

  /// Kills the fit (SIGKILL) when it has said that `steps` steps are done; whether that was before its end.
  bool killAfter(int steps, std::vector<std::string> const& options) const {
    std::vector<std::string> words = {"fit", folder / "fit.toml"};
    words.insert(words.end(), options.begin(), options.end());
    ::pid_t const child = start(words);
    auto const stepsDone = [&] {
      std::string const said = contentOf(folder / "stderr");
      int count = 0;
      for (std::size_t at = said.find(": step "); at != std::string::npos; at = said.find(": step ", at + 1)) ++count;
      return count;
    };
    int status = 0;
    std::string const checkpoint = output + "/checkpoint.h5";  // comes right after the first line
    while ((stepsDone() < steps || !std::filesystem::exists(checkpoint)) && ::waitpid(child, &status, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    std::filesystem::remove(folder / "stderr");
    return WIFSIGNALED(status);
  }

  /// `sinter fit` with this content of fit.toml fails; at most an empty output folder is left.
  void expectRefused(std::string const& content, std::string const& fragment) const {
    std::filesystem::create_directory(output);
    expectFailure("fit " + quoted(folder.write("fit.toml", content)), fragment);
    EXPECT_TRUE(std::filesystem::is_empty(output));
  }

  static std::vector<Evaluation> evaluate(std::string const& potential, std::vector<Structure> const& structures) {
    return MtpEvaluator<Kokkos::Serial>(readMtp(potential)).evaluate(structures);
  }

  MtpModel truth = reference::testModel(8);
  std::vector<Structure> train, held_out;
  std::string train_file = folder / "train.extxyz", test_file = folder / "test.extxyz";
  std::string template_file = folder / "template.mtp", output = folder / "out";
  std::string model_file = folder / "out/model.mtp", report_file = folder / "out/report.json";
};

TEST_F(FitCommand, FindsThePotentialThatMadeTheLabels) {
  Outcome const outcome = fit();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("crystal"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find(model_file), std::string::npos) << outcome.out;
  EXPECT_EQ(readMtp(model_file).radial_coeffs, truth.radial_coeffs);
  auto const results = evaluate(model_file, held_out);
  for (std::size_t s = 0; s < held_out.size(); ++s) {
    EXPECT_NEAR(results[s].energy, *held_out[s].energy, 1e-8);
    for (std::size_t i = 0; i < held_out[s].size(); ++i)
      for (std::size_t x = 0; x < 3; ++x) EXPECT_NEAR(results[s].forces[i][x], held_out[s].forces[i][x], 1e-8);
    for (std::size_t v = 0; v < 6; ++v) EXPECT_NEAR(results[s].virial[v], (*held_out[s].virial)[v], 1e-8);
  }
}

void expectErrors(json const& found, ErrorGroup const& expected) {
  EXPECT_EQ(found["frames"], expected.frames);
  EXPECT_EQ(found["atoms"], expected.atoms);
  auto const check = [&](std::string const& name, ErrorStatistics const& statistics) {
    // Differences of energies of order 10 eV, evaluated in another order of sums: a thousand roundings of 10.
    double const tolerance = 1e4 * std::numeric_limits<double>::epsilon();
    EXPECT_NEAR(found[name + "_mae"].get<double>(), statistics.mae().value(), tolerance) << name;
    EXPECT_NEAR(found[name + "_rmse"].get<double>(), statistics.rmse().value(), tolerance) << name;
    EXPECT_NEAR(found[name + "_max"].get<double>(), statistics.largest().value(), tolerance) << name;
    EXPECT_GT(statistics.mae().value(), 1e-5) << name;
  };
  check("energy", expected.energy);
  check("force", expected.force);
  check("virial", expected.virial);
}

TEST_F(FitCommand, ReportSaysWhatTheFitIsWorth) {
  label(train, 0.1);
  write(train, train_file);
  Outcome const outcome = fit("--quiet");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out + outcome.err, "");
  json const report = json::parse(contentOf(report_file));
  for (char const* key : {"version", "git", "backend", "precision"})
    EXPECT_TRUE(report["sinter"][key].is_string()) << key;
  EXPECT_EQ(report["potential"]["file"], model_file);
  EXPECT_EQ(report["potential"]["species"], json::array({"Si"}));
  EXPECT_EQ(report["potential"]["basis_functions"], truth.moment_coeffs.size());
  EXPECT_EQ(report["method"], "linear");
  EXPECT_EQ(report["iterations"], 1);
  EXPECT_TRUE(report["seeds"].is_array());
  EXPECT_EQ(report["unknowns"], truth.moment_coeffs.size() + 1);
  EXPECT_EQ(report["rank"], report["unknowns"]);
  EXPECT_EQ(report["equations"], 9 * (1 + 24 + 6) + 1 + 15);
  EXPECT_GE(report["condition"], 1);
  EXPECT_GT(report["time"]["fit_s"], 0);
  EXPECT_GE(report["time"]["wall_s"], report["time"]["fit_s"]);
  EXPECT_GT(report["peak_memory_bytes"], 1'000'000);

  auto const errorsOf = [&](std::vector<Structure> const& structures) {
    LabelErrors errors;
    auto const results = evaluate(model_file, structures);
    for (std::size_t s = 0; s < structures.size(); ++s) errors.add(structures[s], results[s]);
    return errors;
  };
  auto const errors = errorsOf(train);
  ASSERT_EQ(report["train"].size(), 3U);
  expectErrors(report["train"]["all"], errors.all());
  expectErrors(report["train"]["crystal"], errors.byConfigType().at("crystal"));
  expectErrors(report["train"]["hot"], errors.byConfigType().at("hot"));
  ASSERT_EQ(report["test"].size(), 1U);
  expectErrors(report["test"]["all"], errorsOf(held_out).all());

  // MLIP's loss, from the documentation.
  double loss = 0;
  auto const results = evaluate(model_file, train);
  for (std::size_t s = 0; s < train.size(); ++s) {
    auto const atoms = static_cast<double>(train[s].size());
    loss += std::pow(results[s].energy - *train[s].energy, 2) / atoms;
    for (std::size_t i = 0; i < train[s].size(); ++i)
      for (std::size_t x = 0; x < 3; ++x) loss += 0.1 * std::pow(results[s].forces[i][x] - train[s].forces[i][x], 2);
    for (std::size_t v = 0; train[s].virial && v < 6; ++v)
      loss += (v < 3 ? 1 : 2) * 0.001 / atoms * std::pow(results[s].virial[v] - (*train[s].virial)[v], 2);
  }
  loss /= static_cast<double>(train.size());
  EXPECT_NEAR(report["loss"].get<double>(), loss, 1e-10 * loss);  // residuals of 0.1 of numbers of 10, 1e-12 each
}

// The page of a fit with steps, starts, cross-validation and a test set.
TEST_F(FitCommand, PageShowsTheReportAndLoadsNothing) {
  writeVarpro();
  for (auto& s : train)
    if (s.config_type == "hot") s.config_type = "hot</script><script>alert(1)</script>";
  write(train, train_file);
  label(held_out, 0.1);
  write(held_out, test_file);
  Outcome const outcome =
      fit("--quiet --set solver.seeds=2 --set solver.max_iterations=3 --set 'data.test=[\"" + test_file + "\"]'");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::string const page = contentOf(output + "/report.html"),
                    begin = "<script type=\"application/json\" id=\"report\">";
  json const report = json::parse(contentOf(report_file));
  auto const at = page.find(begin);
  ASSERT_NE(at, std::string::npos);
  auto const length = page.find("</script>", at) - at - begin.size();
  EXPECT_EQ(json::parse(page.substr(at + begin.size(), length)), report);  // nothing in the data ends it early
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  EXPECT_LT(page.size(), 3'000'000U);

  for (char const* section :
       {"overview", "errors", "parity", "convergence", "starts", "rank", "regularisation", "uncertainty"}) {
    EXPECT_NE(page.find("<section id=\"" + std::string(section) + "\"><h2>"), std::string::npos) << section;
    EXPECT_NE(page.find("<a href=\"#" + std::string(section) + "\">"), std::string::npos) << section;
  }
  // No way to load anything; the policy of the page forbids it to browsers, too.
  EXPECT_NE(page.find("content=\"default-src 'none';"), std::string::npos);
  std::regex const loads(R"((src|href|action|data)\s*=\s*["']?\s*(https?:|//)|url\(|@import|\bfetch\(|XMLHttpRequest|)"
                         R"(importScripts|sendBeacon|WebSocket)");
  EXPECT_FALSE(std::regex_search(page, loads));
  EXPECT_NE(page.find("Chart.js v"), std::string::npos);  // the library is inside

  EXPECT_EQ(report["seeds"].size(), 2U);
  EXPECT_FALSE(report["cross_validation"].empty());
  for (auto const& [name, data] : {std::pair("train", &train), std::pair("test", &held_out)}) {
    auto const results = evaluate(model_file, *data);
    auto const& points = report["parity"][name];
    ASSERT_EQ(points["energy"]["reference"].size(), data->size());
    EXPECT_EQ(points["force"]["predicted"].size(), data->size() * 8 * 3);
    for (std::size_t s = 0; s < data->size(); ++s) {  // eight digits
      EXPECT_NEAR(points["energy"]["reference"][s], *(*data)[s].energy / 8, 1e-7 * std::abs(*(*data)[s].energy));
      EXPECT_NEAR(points["energy"]["predicted"][s], results[s].energy / 8, 1e-7 * std::abs(results[s].energy));
      EXPECT_NEAR(points["force"]["predicted"][24 * s + 4], results[s].forces[1][1], 1e-6);
    }
  }
  for (char const* method : {"covariance", "committee"}) {
    json const& own = report["uncertainty"]["methods"][method];
    EXPECT_GT(own["scale"], 0) << method;
    EXPECT_EQ(own["energy"]["count"], 3) << method;
    EXPECT_EQ(own["force"]["count"], 3 * 24) << method;
    EXPECT_NEAR(own["force"]["rms_error"].get<double>(), report["test"]["all"]["force_rmse"].get<double>(), 1e-9);
    double count = 0, error = 0;
    for (auto const& bin : own["force"]["bins"]) {
      count += bin["count"].get<double>();
      error += bin["count"].get<double>() * std::pow(bin["rms_error"].get<double>(), 2);
    }
    EXPECT_EQ(count, 3 * 24) << method;
    EXPECT_NEAR(std::sqrt(error / count), own["force"]["rms_error"].get<double>(), 1e-9) << method;
  }
}

/// A fit to noisy labels and what `sinter eval --uncertainty` says of the test set.
class UncertaintyCommand : public FitCommand {
 protected:
  void SetUp() override {
    FitCommand::SetUp();
    label(train, 0.1);
    write(train, train_file);
    Outcome const outcome = fit("--quiet");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  std::string eval(std::string const& options) const {
    return "eval " + quoted(model_file) + " " + quoted(test_file) + " " + options;
  }
  std::string uncertainty_file = output + "/model.uncertainty.h5";
};

TEST_F(UncertaintyCommand, GivesStandardDeviations) {
  label(held_out, 0.2);
  write(held_out, test_file);
  auto const uncertainty =
      readUncertainty(uncertainty_file, model_file, json::parse(contentOf(report_file))["potential"]["sha256"]);
  auto const results = evaluate(model_file, held_out);
  for (std::string const method : {"covariance", "committee"}) {
    std::string const flag = method == "covariance" ? "--uncertainty" : "--uncertainty=committee";
    Outcome const outcome =
        run(eval(flag + " -o " + quoted(folder / "o.xyz") + " --json " + quoted(folder / "o.json")));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("energy uncertainty (" + method + "): rms "), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("force uncertainty (" + method + "): rms "), std::string::npos) << outcome.out;
    auto const& spread = method == "covariance" ? uncertainty.covariance : uncertainty.committee;
    auto const expected =
        SpreadEvaluator<Kokkos::Serial>(readMtp(model_file), spread, uncertainty.unknowns).evaluate(held_out);
    json const report = json::parse(contentOf(folder / "o.json"));
    SpreadStatistics energy, force;
    std::istringstream text(contentOf(folder / "o.xyz"));
    for (std::size_t s = 0; s < held_out.size(); ++s) {
      double const deviation = expected[s].energy;
      EXPECT_GT(deviation, 0);
      EXPECT_NEAR(report["frames"][s]["energy_std"].get<double>(), deviation, 1e-12 * (1 + deviation));
      energy.add(deviation / 8, (results[s].energy - *held_out[s].energy) / 8);
      std::string line;
      std::getline(text, line);
      std::getline(text, line);
      EXPECT_NE(line.find("site_energy:R:1:forces_std:R:3 "), std::string::npos) << line;
      auto const at = line.find(" energy_std=");
      ASSERT_NE(at, std::string::npos) << line;
      EXPECT_NEAR(std::stod(line.substr(at + 12)), deviation, 1e-12 * (1 + deviation));
      double largest = 0;
      for (std::size_t i = 0; i < 8; ++i) {
        std::getline(text, line);
        std::istringstream words(line);
        std::vector<std::string> const all{std::istream_iterator<std::string>(words), {}};
        ASSERT_EQ(all.size(), 14U);  // element, position, forces, ref_forces, site_energy, forces_std
        for (std::size_t x = 0; x < 3; ++x) {
          double const own = expected[s].forces[i][x];
          EXPECT_NEAR(std::stod(all[11 + x]), own, 1e-12 * (1 + own));
          force.add(own, results[s].forces[i][x] - held_out[s].forces[i][x]);
          largest = std::max(largest, own);
        }
      }
      EXPECT_NEAR(report["frames"][s]["force_std_max"].get<double>(), largest, 1e-12 * (1 + largest));
    }
    json const& found = report["uncertainty"];
    EXPECT_EQ(found["method"], method);
    EXPECT_EQ(found["file"], uncertainty_file);
    EXPECT_EQ(found["scale"], spread.scale);
    for (auto const& [name, own] : {std::pair("energy", &energy), std::pair("force", &force)}) {
      EXPECT_EQ(found[name]["count"], own->count());
      EXPECT_NEAR(found[name]["rms_std"].get<double>(), *own->rmsDeviation(), 1e-9);
      EXPECT_NEAR(found[name]["rms_error"].get<double>(), *own->rmsError(), 1e-9);
      EXPECT_NEAR(found[name]["correlation"].get<double>(), *own->correlation(), 1e-6);
    }
  }
  Outcome const outcome = run(eval("--quiet --uncertainty -o " + quoted(folder / "o.cfg")));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::string const cfg = contentOf(folder / "o.cfg");
  EXPECT_NE(cfg.find(" Feature   energy_std\t"), std::string::npos);
  std::size_t lines = 0;
  for (auto at = cfg.find("forces_std\t"); at != std::string::npos; at = cfg.find("forces_std\t", at + 1)) ++lines;
  EXPECT_EQ(lines, 3U * 8);
}

TEST_F(UncertaintyCommand, RefusesFilesOfOthersAndDamagedOnes) {
  std::string const options = eval("--uncertainty --json " + quoted(folder / "o.json"));
  expectFailure(eval("--uncertainty=both"), "covariance");
  std::string const content = contentOf(uncertainty_file);
  auto const replace = [&](std::string const& bytes) { (void)folder.write("out/model.uncertainty.h5", bytes); };
  replace(content.substr(0, content.size() / 2));
  expectFailure(options, "model.uncertainty.h5: found a truncated HDF5 file");
  replace("MTP\n");
  expectFailure(options, "model.uncertainty.h5: found a file that is not HDF5");
  std::filesystem::remove(uncertainty_file);
  ASSERT_EQ(run("convert --quiet " + quoted(train_file) + " " + quoted(uncertainty_file)).code, 0);
  expectFailure(options, "model.uncertainty.h5: found another HDF5 file, expected the uncertainty of a potential");
  replace(content);
  MtpModel other = readMtp(model_file);
  other.moment_coeffs[0] *= 1.5;
  writeMtp(other, model_file);
  expectFailure(options, "model.uncertainty.h5: found the uncertainty of another potential (SHA-256 ");
  std::filesystem::remove(uncertainty_file);
  expectFailure(options, "model.uncertainty.h5: found no such file, expected the uncertainty of ");
  expectFailure(eval("--uncertainty --json " + quoted(uncertainty_file)), "found the name of another input or output");
}

TEST_F(FitCommand, FitsALevelFromItsOwnStart) {
  (void)folder.write("fit.toml", "[model]\nlevel = 8\nspecies = [\"Si\"]\nmin_dist = \"auto\"\n[data]\ntrain = [\"" +
                                     train_file + "\"]\n[output]\ndir = \"" + output +
                                     "\"\n[solver]\nmethod = \"linear\"\n");
  Outcome const outcome = fit("--backend serial");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json const report = json::parse(contentOf(report_file));
  EXPECT_EQ(report["sinter"]["backend"], "serial");
  EXPECT_EQ(report["test"]["all"]["frames"], 0);
  EXPECT_TRUE(report["test"]["all"]["energy_mae"].is_null());
  // Other radial functions than those of the labels, but the labels vary much more than what is left.
  EXPECT_GT(report["train"]["all"]["force_rmse"], 1e-6);
  double sum = 0, count = 0;
  for (auto const& s : train)
    for (auto const& f : s.forces)
      for (double const x : f) sum += x * x, ++count;
  EXPECT_LT(report["train"]["all"]["force_rmse"], 0.5 * std::sqrt(sum / count));
  EXPECT_EQ(readMtp(model_file).max_dist, 5);
}

TEST_F(FitCommand, TwoRunsGiveTheSameFile) {
  ASSERT_EQ(fit("--quiet").code, 0);
  std::string const first = contentOf(model_file);
  ASSERT_EQ(fit("--quiet").code, 0);
  EXPECT_EQ(contentOf(model_file), first);
}

TEST_F(FitCommand, SettingsCanBeOverridden) {
  std::string const elsewhere = folder / "else/where";
  ASSERT_EQ(fit("--quiet --set " + quoted("output.dir=" + elsewhere) +
                " --set weights.force=0 --set weights.virial=0 " + "--set data.e0.Si=-3")
                .code,
            0);
  EXPECT_FALSE(std::filesystem::exists(output));
  EXPECT_TRUE(std::filesystem::exists(elsewhere + "/model.mtp"));
  json const report = json::parse(contentOf(elsewhere + "/report.json"));
  EXPECT_EQ(report["equations"], train.size());
  EXPECT_EQ(report["unknowns"], truth.moment_coeffs.size());
  EXPECT_EQ(readMtp(elsewhere + "/model.mtp").species_coeffs, (std::vector<double>{-3}));
}

// Labels of a potential with other radial functions than the start: variable projection finds them, the linear fit
// cannot.
TEST_F(FitCommand, VariableProjectionFindsTheRadialFunctions) {
  writeVarpro();
  std::string content = contentOf(folder / "fit.toml");
  std::string const solver = "seeds = 1\nmax_iterations = 20";
  content.replace(content.find(solver), solver.size(), "method = 'linear'");
  content.replace(content.find(output), output.size(), folder / "linear");
  ASSERT_EQ(run("fit --quiet " + quoted(folder.write("linear.toml", content))).code, 0);
  Outcome const outcome = fit();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("level 8, all 30 structures: step 1, loss "), std::string::npos) << outcome.err;
  json const report = json::parse(contentOf(report_file)),
             linear = json::parse(contentOf(folder / "linear/report.json"));
  EXPECT_EQ(report["method"], "varpro");
  EXPECT_LT(report["loss"].get<double>(), 1e-3 * linear["loss"].get<double>());
  EXPECT_GT(report["iterations"], 3);
  EXPECT_EQ(report["convergence"].size(), 1U);
  EXPECT_EQ(report["convergence"][0]["loss"].size(), report["iterations"]);
  EXPECT_EQ(report["cross_validation"].size(), 26U);
  EXPECT_EQ(report["spectrum"].size(), report["rank"]);
}

TEST_F(FitCommand, StartsAreTriedUpTheLadder) {
  writeVarpro();
  Outcome const outcome =
      fit("--set solver.seeds=2 --set " + quoted("model.levels=[6, 8]") + " --set solver.max_iterations=3");
  EXPECT_EQ(outcome.code, 2);  // level and levels
  std::string content = contentOf(folder / "fit.toml");
  content.replace(content.find("level = 8"), 9, "levels = [6, 8]");
  (void)folder.write("fit.toml", content);
  Outcome const ladder = fit("--set solver.seeds=2 --set solver.max_iterations=3");
  ASSERT_EQ(ladder.code, 0) << ladder.err;
  json const report = json::parse(contentOf(report_file));
  ASSERT_EQ(report["seeds"].size(), 2U);
  EXPECT_EQ(report["seeds"][1]["start"], 1);
  EXPECT_EQ(report["seeds"][1]["level"], 6);
  EXPECT_NE(report["seeds"][0]["loss"], report["seeds"][1]["loss"]);
  ASSERT_EQ(report["convergence"].size(), 3U);  // two starts at the first level, and all data at the last
  EXPECT_EQ(report["convergence"][0]["level"], 6);
  EXPECT_EQ(report["convergence"][2]["level"], 8);
  EXPECT_EQ(report["convergence"][2]["all_data"], true);
}

// A fit with L-BFGS steps, killed on the part and on all data, goes on to the same bits.
TEST_F(FitCommand, ResumeOfLbfgsGivesTheSameBits) {
  writeVarpro();
  std::string const options = "--quiet --set solver.seeds=2 --set solver.method=lbfgs --set solver.max_iterations=2 ";
  ASSERT_EQ(fit(options).code, 0);
  std::string const model = contentOf(model_file);
  json const report = json::parse(contentOf(report_file));
  EXPECT_EQ(report["method"], "lbfgs");
  ASSERT_EQ(report["convergence"].size(), 3U);
  for (json const& stage : report["convergence"]) {
    auto const losses = stage["loss"].get<std::vector<double>>();
    EXPECT_EQ(losses.size(), 20U);  // ten times max_iterations
    EXPECT_TRUE(std::is_sorted(losses.rbegin(), losses.rend()));
  }
  for (int const steps : {7, 48}) {
    SCOPED_TRACE(steps);
    std::filesystem::remove_all(output);
    std::filesystem::create_directory(output);
    ASSERT_TRUE(killAfter(
        steps, {"--set", "solver.seeds=2", "--set", "solver.method=lbfgs", "--set", "solver.max_iterations=2"}));
    ASSERT_FALSE(std::filesystem::exists(model_file));
    Outcome const outcome = fit(options + "--resume");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(contentOf(model_file), model);
    EXPECT_EQ(json::parse(contentOf(report_file))["convergence"], report["convergence"]);
  }
  Outcome const plan = fit("--dry-run --set solver.method=lbfgs");
  EXPECT_NE(plan.out.find("method lbfgs\n"), std::string::npos) << plan.out;
}

// A fit that was killed after any step goes on to the same bits.
TEST_F(FitCommand, ResumeGivesTheSameBits) {
  writeVarpro();
  std::string const options = "--quiet --set solver.seeds=2 ";
  ASSERT_EQ(fit(options).code, 0);
  std::string const model = contentOf(model_file);
  json const report = json::parse(contentOf(report_file));
  for (int const steps : {1, 3, 7, 12}) {  // of all stages together
    SCOPED_TRACE(steps);
    std::filesystem::remove_all(output);
    std::filesystem::create_directory(output);
    ASSERT_TRUE(killAfter(steps, {"--set", "solver.seeds=2"}));
    ASSERT_FALSE(std::filesystem::exists(model_file));
    Outcome const outcome = fit(options + "--resume");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(contentOf(model_file), model);
    EXPECT_EQ(json::parse(contentOf(report_file))["convergence"], report["convergence"]);
  }
  ASSERT_EQ(fit(options + "--resume").code, 0);  // of a fit that is done: the last solution again
  EXPECT_EQ(contentOf(model_file), model);

  expectFailure("fit " + quoted(folder / "fit.toml") + " --resume --quiet --set weights.force=0.3",
                "checkpoint: found the state of a fit with other settings or data");
  (void)folder.write("out/checkpoint.h5", "no");
  expectFailure("fit " + quoted(folder / "fit.toml") + " --resume", "checkpoint.h5: found no HDF5 file");
  std::filesystem::remove(folder / "out/checkpoint.h5");
  expectFailure("fit " + quoted(folder / "fit.toml") + " --resume", "checkpoint.h5: found no such file");
}

TEST_F(FitCommand, ThreadsChangeNoBit) {
  writeVarpro();
  for (std::size_t s = 0; s < train.size(); ++s) {  // structures end inside of registers, and shares of threads in them
    std::size_t const atoms = 5 + s % 4;
    train[s].positions.resize(atoms);
    train[s].species.resize(atoms);
  }
  label(train);
  write(train, train_file);
  for (std::string const options :
       {" --set solver.max_iterations=3", " --set solver.method='\"bfgs\"' --set solver.max_iterations=3",
        " --set solver.method=lbfgs --set solver.max_iterations=1"}) {
    std::string const command = "fit --quiet " + quoted(folder / "fit.toml") + options;
    ASSERT_EQ(run(command, "OMP_NUM_THREADS=1").code, 0);
    std::string const model = contentOf(model_file);
    for (char const* threads : {"OMP_NUM_THREADS=2", "OMP_NUM_THREADS=3"}) {
      ASSERT_EQ(run(command, threads).code, 0);
      EXPECT_EQ(contentOf(model_file), model) << threads << options;
    }
  }
}

// Started by mpirun: the same files as one process writes, said once; what fails on a rank ends all of them.
TEST_F(FitCommand, RanksChangeNoBit) {
#if defined(SINTER_MPIEXEC)
  writeVarpro();
  for (std::string const options : {" --set solver.max_iterations=3 --set solver.seeds=2",
                                    " --set solver.method='\"bfgs\"' --set solver.max_iterations=3",
                                    " --set solver.method=lbfgs --set solver.max_iterations=1"}) {
    std::string const command = "fit " + quoted(folder / "fit.toml") + options;
    ASSERT_EQ(run(command).code, 0);
    std::string const model = contentOf(model_file);
    for (int const count : {1, 2, 3}) {
      SCOPED_TRACE(std::to_string(count) + " ranks," + options);
      std::filesystem::remove_all(output);
      Outcome const outcome = run(command, test::mpiCommand(count));
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_EQ(contentOf(model_file), model);
      EXPECT_EQ(outcome.out.find("written in"), outcome.out.rfind("written in")) << outcome.out;
    }
  }
  // A file that no rank finds, or that one of them does not.
  auto const expectOnce = [&](std::string const& before) {
    std::filesystem::remove_all(output);
    Outcome const outcome = run("fit " + quoted(folder / "fit.toml"), before);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    auto const at = outcome.err.find("sinter: error: ");
    EXPECT_NE(at, std::string::npos) << outcome.err;
    EXPECT_EQ(at, outcome.err.rfind("sinter: error: ")) << outcome.err;
    EXPECT_NE(outcome.err.find("mine.extxyz"), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(model_file));
  };
  std::string content = contentOf(folder / "fit.toml");
  content.replace(content.find(train_file), train_file.size(), "mine.extxyz");
  (void)folder.write("fit.toml", content);
  expectOnce(test::mpiCommand(2));
  std::filesystem::create_directory(folder / "with");
  std::filesystem::create_directory(folder / "without");
  std::filesystem::create_symlink(train_file, folder / "with/mine.extxyz");
  for (bool const first : {false, true}) {
    std::string const with = quoted(folder / (first ? "without" : "with")),
                      without = quoted(folder / (first ? "with" : "without"));
    // Each rank looks into a folder of its own; the second command line is that of the second rank.
    expectOnce(test::mpiCommand(1) + "-wdir " + with + " " + quoted(SINTER_COMMAND) + " fit " +
               quoted(folder / "fit.toml") + " : -np 1 -wdir " + without);
  }
#else
  GTEST_SKIP() << "built without MPI";
#endif
}

TEST_F(FitCommand, BfgsComesDownToo) {
  writeVarpro();
  ASSERT_EQ(fit("--quiet --set solver.method=bfgs --set solver.max_iterations=40").code, 0);
  json const report = json::parse(contentOf(report_file));
  auto const losses = report["convergence"][0]["loss"].get<std::vector<double>>();
  ASSERT_EQ(losses.size(), 40U);
  EXPECT_LT(losses.back(), 0.9 * losses.front());
  EXPECT_TRUE(std::is_sorted(losses.rbegin(), losses.rend()));
}

TEST_F(FitCommand, TheExampleIsRead) {
  std::string const settings = quoted(std::string(SINTER_EXAMPLES) + "/fit/fit.toml");
  Outcome const outcome =
      run("fit " + settings + " --quiet --set solver.seeds=1 --set " + quoted("data.train=[\"" + train_file + "\"]") +
          " --set " + quoted("data.test=[\"" + test_file + "\"]") + " --set output.dir=" + quoted(output) +
          " --set solver.max_iterations=2 --set " + quoted("model.levels=[6, 8]"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json::parse(contentOf(report_file))["method"], "varpro");
}

TEST_F(FitCommand, DryRunWritesNothing) {
  auto const files = folder.count();
  Outcome const outcome = fit("--dry-run");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(folder.count(), files);
  for (char const* words : {"10 structures, 77 atoms", "3 structures, 24 atoms", "295 equations for 9 basis functions"})
    EXPECT_NE(outcome.out.find(words), std::string::npos) << outcome.out;
}

TEST_F(FitCommand, BadUsageIsOneLineAndCodeTwo) {
  std::string const good = "fit " + quoted(folder / "fit.toml");
  expectFailure("fit", "SETTINGS");
  expectFailure("fit " + quoted(folder / "none.toml"), "none.toml: found no such file");
  expectFailure("fit " + quoted(folder / "."), "found a folder");
  expectFailure(good + " --backend abacus", "abacus");
  expectFailure(good + " --unknown", "--unknown");
  expectFailure(good + " --set output.dir", "expected key=value");
  expectFailure(good + " --set model.levle=3", "'level'");
  expectFailure(good + " --set solver.method=newton", "expected \"varpro\"");
  expectFailure(good + " --set " + quoted("output.dir=" + train_file), "expected a folder");
  expectFailure(good + " --set " + quoted("output.dir=" + train_file + "/deep"), "expected a folder");
}

TEST_F(FitCommand, BadInputIsOneLineAndCodeTwo) {
  auto const with = [&](std::string const& old, std::string const& now) {
    std::string content = settings();
    content.replace(content.find(old), old.size(), now);
    return content;
  };
  expectRefused("", "fit.toml:1: model: expected a table [model]");
  expectRefused("[model\n", "fit.toml:1: not valid TOML");
  expectRefused(settings("[weights]\nforces = 1\n"), "fit.toml:11: weights.forces: found an unknown key");
  expectRefused(with("species = [\"Si\"]", "species = [\"Si\", \"O\"]"), "template.mtp: found 1 species, expected 2");
  expectRefused("[model]\nlevel = 8\nspecies = [\"Si\", \"Si\"]\n[data]\ntrain = [\"" + train_file + "\"]\n",
                "species");
  expectRefused(with(template_file, folder / "none.mtp"), "none.mtp");
  expectRefused(with(template_file, train_file), "train.extxyz:1:");
  expectRefused(with(train_file, folder / "none.extxyz"), "none.extxyz");
  expectRefused(with(train_file, template_file), "unknown kind");
  expectRefused(with("template = \"" + template_file + "\"", "level = 7"), "level");
  expectRefused(with("template = \"" + template_file + "\"", "level = 8\nmax_dist = 1.5"), "expected neighbours");
  expectRefused(settings("[weights]\nenergy = 0\nforce = 0\nvirial = 0\n"), "expected labels");

  auto unlabelled = train;
  for (auto& s : unlabelled) {
    s.energy.reset();
    s.forces.clear();
    s.virial.reset();
  }
  write(unlabelled, train_file);
  expectRefused(settings(), "expected labels");
  (void)folder.write("train.extxyz", "1\nProperties=species:S:1:pos:R:3\nSi 0 nan 0\n");
  expectRefused(settings(), "train.extxyz:3:");
  (void)folder.write("train.extxyz", "");
  expectRefused(settings(), "expected labels");
}

TEST_F(FitCommand, AnotherSpeciesNamesFileAndFrame) {
  for (bool const in_test : {false, true}) {
    auto other = in_test ? held_out : train;
    other[2].species[1] = 8;
    write(other, in_test ? test_file : train_file);
    expectFailure("fit " + quoted(folder / "fit.toml") + " --set " + quoted("output.dir=" + (folder / ".")),
                  std::string(in_test ? "test" : "train") + ".extxyz: frame 2: found species O");
    EXPECT_FALSE(std::filesystem::exists(folder / "model.mtp"));
    write(train, train_file);
  }
}

/// Peak memory of a run that succeeds (bytes), as the system counts it.
std::size_t peakMemoryOf(::pid_t child) {
  int status = 0;
  ::rusage usage{};
  EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// Files ten times as large as max_memory, made by repeating frames; the same bits as with all of them in memory.
TEST_F(FitCommand, StaysBelowMaxMemory) {
  if (!SINTER_LIMIT_ADDRESS_SPACE) GTEST_SKIP() << "sanitizers and GPU drivers take memory of their own";
  constexpr std::size_t max_memory = std::size_t{32} << 20;
  std::vector<Structure> frames;
  for (std::uint64_t n = 0; n < 16; ++n) frames.push_back(reference::diamond(2, 5.4, 0.2, {14}, n + 1));
  label(frames);
  write(frames, train_file);
  std::string const content = contentOf(train_file);
  {
    std::ofstream file(train_file, std::ios::binary);
    for (std::size_t size = 0; size < max_memory; size += content.size()) file << content;
  }
  std::string files = "\"" + train_file + "\"";
  for (int n = 1; n < 10; ++n) files += ", \"" + train_file + "\"";
  (void)folder.write(
      "fit.toml", "[model]\nlevel = 2\nspecies = [\"Si\"]\nmin_dist = 1.5\nmax_dist = 2.6\n[data]\ntrain = [" + files +
                      "]\n[solver]\nmethod = \"linear\"\n");
  auto const fitWith = [&](std::string const& dir, std::string const& memory) {
    auto const child = start({"fit", folder / "fit.toml", "--quiet", "--set", "solver.max_memory=\"" + memory + "\"",
                              "--set", "output.dir=\"" + (folder / dir) + "\""});
    return peakMemoryOf(child);
  };
  std::size_t const streamed = fitWith("streamed", "32 MiB"), kept = fitWith("kept", "4 GiB");
  std::printf("peak memory %.1f MiB with max_memory = 32 MiB, %.1f MiB with 4 GiB\n",
              static_cast<double>(streamed) / 0x1p20, static_cast<double>(kept) / 0x1p20);
  EXPECT_LT(streamed, max_memory);
  EXPECT_GT(kept, 10 * max_memory);
  EXPECT_LE(json::parse(contentOf(folder / "streamed/report.json"))["peak_memory_bytes"], streamed);
  EXPECT_EQ(contentOf(folder / "streamed/model.mtp"), contentOf(folder / "kept/model.mtp"));
  std::filesystem::remove(folder / "stderr");
  expectFailure("fit " + quoted(folder / "fit.toml") + " --set " + quoted("data.train=[\"" + train_file + "\"]") +
                    " --set " + quoted("solver.max_memory=\"8 MiB\""),
                "solver.max_memory: found 8 MiB, expected ");
}

TEST_F(FitCommand, FullDiskLeavesNothing) {
  std::filesystem::create_directory(output);
  // No file may grow beyond 512 bytes; the signal is ignored so that writing fails as on a full disk.
  expectFailure("fit " + quoted(folder / "fit.toml"), "cannot write", 1, "trap '' XFSZ; ulimit -f 1; ");
  EXPECT_TRUE(std::filesystem::is_empty(output));
}

TEST_F(FitCommand, InterruptSaysHowToGoOn) {
  writeVarpro();
  ::pid_t const child = start({"fit", folder / "fit.toml", "--quiet", "--set", "solver.seeds=2"});
  int status = 0;
  while (!std::filesystem::exists(output + "/checkpoint.h5") && ::waitpid(child, &status, WNOHANG) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, SIGINT);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_NE(contentOf(folder / "stderr").find("the same command with --resume goes on"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(model_file));
  std::filesystem::remove(folder / "stderr");
  EXPECT_EQ(fit("--quiet --set solver.seeds=2 --resume").code, 0);
}

TEST_F(FitCommand, InterruptLeavesNothing) {
  std::string const pipe = folder / "pipe.xyz";
  expectInterruptible({"fit", folder / "fit.toml", "--set", "data.train=[\"" + pipe + "\"]"}, pipe,
                      contentOf(train_file));
}

TEST_F(FitCommand, AKeyThatNoFrameHasIsAMistake) {
  expectFailure("fit " + quoted(folder / "fit.toml") + " --set data.energy_key=dft_enrgy", "dft_enrgy");
}

}  // namespace
}  // namespace sinter
