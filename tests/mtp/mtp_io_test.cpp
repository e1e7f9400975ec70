/// \file
/// Reading and writing `.mtp` files: round trips, the variants of the format, and everything that can be wrong.
#include "sinter/mtp/mtp_io.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <locale>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_active_set.hpp"
#include "sinter/mtp/mtp_template.hpp"

namespace {

using namespace sinter;
namespace fs = std::filesystem;

/// A trained model with coefficients that use all their bits.
MtpModel trainedModel(int level, std::vector<std::int32_t> const& species) {
  MtpTemplateOptions options;
  options.level = level;
  options.species = species;
  auto model = makeMtpTemplate(options);
  std::mt19937_64 generator(12345);
  auto const fill = [&](std::vector<double>& values, std::size_t size) {
    values.resize(size);
    for (double& value : values)
      value = std::ldexp(static_cast<double>(generator()) - 9.2e18, static_cast<int>(generator() % 80) - 100);
  };
  auto const species_count = static_cast<std::size_t>(model.species_count);
  fill(model.radial_coeffs, species_count * species_count * static_cast<std::size_t>(model.radial_funcs_count) *
                                static_cast<std::size_t>(model.radial_basis_size));
  fill(model.species_coeffs, species_count);
  fill(model.moment_coeffs, model.alpha_moment_mapping.size());
  model.scaling = 1.0 / 3;
  model.min_dist = 2.0 / 3;
  return model;
}

/// Bitwise: -0.0 and 0.0 differ.
void expectSame(std::vector<double> const& a, std::vector<double> const& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_TRUE(a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void expectSame(MtpModel const& a, MtpModel const& b) {
  EXPECT_EQ(a.potential_name, b.potential_name);
  EXPECT_EQ(a.species_count, b.species_count);
  EXPECT_EQ(a.species, b.species);
  EXPECT_EQ(a.radial_basis_type, b.radial_basis_type);
  EXPECT_EQ(a.radial_basis_size, b.radial_basis_size);
  EXPECT_EQ(a.radial_funcs_count, b.radial_funcs_count);
  EXPECT_EQ(a.alpha_moments_count, b.alpha_moments_count);
  EXPECT_TRUE(a.alpha_index_basic == b.alpha_index_basic);
  EXPECT_TRUE(a.alpha_index_times == b.alpha_index_times);
  EXPECT_TRUE(a.alpha_moment_mapping == b.alpha_moment_mapping);
  expectSame({a.scaling, a.min_dist, a.max_dist}, {b.scaling, b.min_dist, b.max_dist});
  expectSame(a.radial_coeffs, b.radial_coeffs);
  expectSame(a.species_coeffs, b.species_coeffs);
  expectSame(a.moment_coeffs, b.moment_coeffs);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  auto const position = text.find(from);
  EXPECT_NE(position, std::string::npos) << "no " << from << " in the text";
  return position == std::string::npos ? text : text.replace(position, from.size(), to);
}

/// The message of the InputError, or "accepted".
std::string messageOf(std::string const& text) {
  try {
    static_cast<void>(parseMtp(text, "pot.mtp"));
  } catch (InputError const& error) {
    return error.what();
  }
  return "accepted";
}

/// What MLIP-3 puts between the text of an `.almtp` file and its matrices.
std::string const active_set_head =
    "#MVS_v1.1\nenergy_weight 0.0000000000000000e+00\nforce_weight 0.0000000000000000e+00\n"
    "stress_weight 0.0000000000000000e+00\nsite_en_weight 1.0000000000000000e+00\nweight_scaling 2\n#";

/// Level 6 with two species, as MLIP-2 writes it; each line is one entry, so that line numbers are easy to count.
std::string const small_file = R"(MTP
version = 1.1.0
potential_name = MTP1m
scaling = 5.0e-01
species_count = 2
potential_tag = 
radial_basis_type = RBChebyshev
	min_dist = 1.900000000000000e+00
	max_dist = 5.000000000000000e+00
	radial_basis_size = 3
	radial_funcs_count = 2
	radial_coeffs
		0-0
			{1.0, 1.1, 1.2}
			{2.0, 2.1, 2.2}
		0-1
			{3.0, 3.1, 3.2}
			{4.0, 4.1, 4.2}
		1-0
			{5.0, 5.1, 5.2}
			{6.0, 6.1, 6.2}
		1-1
			{7.0, 7.1, 7.2}
			{8.0, 8.1, 8.2}
alpha_moments_count = 8
alpha_index_basic_count = 5
alpha_index_basic = {{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}}
alpha_index_times_count = 5
alpha_index_times = {{0, 0, 1, 5}, {1, 1, 1, 6}, {2, 2, 1, 6}, {3, 3, 1, 6}, {0, 5, 1, 7}}
alpha_scalar_moments = 5
alpha_moment_mapping = {0, 4, 5, 6, 7}
species_coeffs = {-1.5, -2.5}
moment_coeffs = {0.1, -2e-3, 3, +4.0, .5}
)";

// --- what is read ----------------------------------------------------------------------------------------------------

TEST(ReadMtp, Mlip2File) {
  auto const model = parseMtp(small_file, "pot.mtp");
  EXPECT_TRUE(model.trained());
  EXPECT_EQ(model.potential_name, "MTP1m");
  EXPECT_EQ(model.potential_tag, "");
  EXPECT_EQ(model.scaling, 0.5);
  EXPECT_EQ(model.species_count, 2);
  EXPECT_TRUE(model.species.empty());
  EXPECT_EQ(model.min_dist, 1.9);
  EXPECT_EQ(model.max_dist, 5);
  EXPECT_EQ(model.radial_basis_size, 3);
  EXPECT_EQ(model.radial_funcs_count, 2);
  for (int z1 = 0; z1 < 2; ++z1)
    for (int z2 = 0; z2 < 2; ++z2)
      for (int mu = 0; mu < 2; ++mu)
        for (int n = 0; n < 3; ++n)
          EXPECT_NEAR(model.radialCoeff(z1, z2, mu, n), 1 + 4 * z1 + 2 * z2 + mu + 0.1 * n, 1e-14);
  EXPECT_EQ(model.alpha_moments_count, 8);
  auto const same_level = makeMtpTemplate({.level = 6, .species = {14, 8}});
  EXPECT_TRUE(model.alpha_index_basic == same_level.alpha_index_basic);
  EXPECT_TRUE(model.alpha_index_times == same_level.alpha_index_times);
  EXPECT_TRUE(model.alpha_moment_mapping == same_level.alpha_moment_mapping);
  EXPECT_EQ(model.species_coeffs, (std::vector<double>{-1.5, -2.5}));
  EXPECT_EQ(model.moment_coeffs, (std::vector<double>{0.1, -2e-3, 3, 4, 0.5}));
}

TEST(ReadMtp, OtherNamesAndRadialScaling) {
  auto text = replaced(small_file, "min_dist", "min_val");
  text = replaced(text, "max_dist", "max_val");
  text = replaced(text, "radial_basis_size", "scaling = 0.25\n\tbasis_size");
  auto const model = parseMtp(text, "pot.mtp");
  auto expected = parseMtp(small_file, "pot.mtp");
  expected.scaling = 0.125;
  expectSame(model, expected);
  expected.scaling = 0.25;
  expectSame(parseMtp(replaced(text, "scaling = 5.0e-01\n", ""), "pot.mtp"), expected);
  expected.scaling = 1;
  expectSame(parseMtp(replaced(small_file, "scaling = 5.0e-01\n", ""), "pot.mtp"), expected);
}

TEST(ReadMtp, WhiteSpaceIsFree) {
  auto const expected = parseMtp(small_file, "pot.mtp");
  std::string windows, spread;
  for (char const c : small_file) {
    windows += c == '\n' ? "\r\n" : std::string(1, c);
    bool const splits = c == ',' || c == '{';
    spread += splits ? std::string(1, c) + " \n\t" : std::string(1, c);
  }
  expectSame(parseMtp(windows, "pot.mtp"), expected);
  expectSame(parseMtp(spread, "pot.mtp"), expected);
  expectSame(parseMtp("\n\n " + small_file + "\n\n", "pot.mtp"), expected);
}

TEST(ReadMtp, TagIsOptionalAndMayHaveWords) {
  auto const expected = parseMtp(small_file, "pot.mtp");
  expectSame(parseMtp(replaced(small_file, "potential_tag = \n", ""), "pot.mtp"), expected);
  expectSame(parseMtp(replaced(small_file, "potential_tag = ", "potential_tag ="), "pot.mtp"), expected);
  auto const tagged = parseMtp(replaced(small_file, "potential_tag = ", "potential_tag = my = {tag}, 3 "), "pot.mtp");
  EXPECT_EQ(tagged.potential_tag, "my = {tag}, 3");
  expectSame(tagged, expected);
}

TEST(ReadMtp, StopsAtTheActiveSet) {
  auto const expected = parseMtp(small_file, "pot.mtp");
  std::string tail = "#MVS_v1.1\nenergy_weight 0\nweight_scaling 2\n#";
  for (int byte = 0; byte < 256; ++byte) tail += static_cast<char>(byte);
  expectSame(parseMtp(small_file + tail, "pot.almtp"), expected);
  EXPECT_EQ(messageOf(replaced(small_file, "moment_coeffs", "#MVS_v1.1 moment_coeffs")),
            "pot.mtp:33: moment_coeffs: found none, expected them, as there are species_coeffs");
}

TEST(ReadMtp, SpeciesFromTheTag) {
  auto const model = parseMtp(replaced(small_file, "potential_tag = ", "potential_tag = species Si O"), "pot.mtp");
  EXPECT_EQ(model.species, (std::vector<std::int32_t>{14, 8}));
  EXPECT_EQ(model.potential_tag, "species Si O");
  for (char const* const other : {"species", "species of mine", "species Si Unobtainium", "Si O"})
    EXPECT_TRUE(parseMtp(replaced(small_file, "potential_tag = ", std::string("potential_tag = ") + other), "pot.mtp")
                    .species.empty());
}

TEST(ReadMtp, SpeciesFromThePairs) {
  auto text = replaced(small_file, "0-0", "14-14");
  text = replaced(text, "\t0-1", "\t14-8");
  text = replaced(text, "\t1-0", "\t8-14");
  text = replaced(text, "1-1\n", "8-8\n");
  auto expected = parseMtp(small_file, "pot.mtp");
  expected.species = {14, 8};
  expectSame(parseMtp(text, "pot.mtp"), expected);
  expectSame(parseMtp(replaced(text, "potential_tag = ", "potential_tag = species Si O"), "pot.mtp"), expected);
  EXPECT_EQ(messageOf(replaced(text, "potential_tag = ", "potential_tag = species O Si")),
            "pot.mtp:6: potential_tag: found \"species O Si\", expected the species of radial_coeffs in their order");
}

// Hydrogen alone is 1-1, which is not type 0.
TEST(ReadMtp, HydrogenFromThePairs) {
  auto model = trainedModel(2, {1});
  auto const text = replaced(replaced(formatMtp(model), "species H", ""), "\t0-0", "\t1-1");
  expectSame(parseMtp(text, "pot.mtp"), model);
}

TEST(ReadMtp, PairsAreTypesOrAtomicNumbers) {
  auto text = replaced(small_file, "0-1\n", "0-14\n");
  text = replaced(text, "\t1-0", "\t14-0");
  text = replaced(text, "1-1\n", "14-14\n");
  EXPECT_EQ(messageOf(text),
            "pot.mtp:12: radial_coeffs: found both species 0 and species 14, expected types 0 to 1 or atomic numbers");
  text = replaced(small_file, "0-0\n", "119-119\n");
  text = replaced(text, "0-1\n", "119-1\n");
  text = replaced(text, "\t1-0", "\t1-119");
  EXPECT_EQ(messageOf(text), "pot.mtp:12: species: found 119, expected atomic numbers from 1 to 118");
}

TEST(ReadMtp, PairsInAnyOrder) {
  auto text = replaced(small_file, "\t0-1", "\tA");
  text = replaced(text, "\t1-0", "\t0-1");
  text = replaced(text, "\tA", "\t1-0");
  auto const model = parseMtp(text, "pot.mtp");
  EXPECT_EQ(model.radialCoeff(1, 0, 0, 0), 3);
  EXPECT_EQ(model.radialCoeff(0, 1, 0, 0), 5);
  EXPECT_EQ(model.radialCoeff(1, 1, 1, 2), 8.2);
}

/// 1.234,5
struct CommaPunctuation : std::numpunct<char> {
  [[nodiscard]] char do_decimal_point() const override { return ','; }
  [[nodiscard]] char do_thousands_sep() const override { return '.'; }
  [[nodiscard]] std::string do_grouping() const override { return "\3"; }
};

TEST(ReadMtp, NumbersDoNotDependOnTheLocale) {
  auto const model = trainedModel(6, {14});
  auto const text = formatMtp(model);
  std::string const c_before = std::setlocale(LC_ALL, nullptr);
  // Where this locale is not installed, the C++ one still is in force.
  static_cast<void>(std::setlocale(LC_ALL, "de_DE.UTF-8"));
  std::locale const before = std::locale::global(std::locale(std::locale::classic(), new CommaPunctuation));
  auto const text_there = formatMtp(model);
  auto const model_there = parseMtp(text, "pot.mtp");
  auto const message_there = messageOf(replaced(small_file, "= 1.9", "= -1234.5"));
  std::locale::global(before);
  std::setlocale(LC_ALL, c_before.c_str());
  EXPECT_EQ(text_there, text);
  expectSame(model_there, model);
  EXPECT_NE(message_there.find("found -1234.5"), std::string::npos) << message_there;
}

// --- round trips -----------------------------------------------------------------------------------------------------

TEST(WriteMtp, RoundTripIsBitwise) {
  for (int level = 2; level <= 20; level += 2)
    for (auto const& species : {std::vector<std::int32_t>{14}, {14, 8}, {41, 73, 23, 74}, {}}) {
      SCOPED_TRACE(level);
      auto const model = trainedModel(level, species);
      auto const text = formatMtp(model);
      auto const back = parseMtp(text, "pot.mtp");
      expectSame(back, model);
      EXPECT_EQ(formatMtp(back), text);
    }
}

TEST(WriteMtp, RoundTripOfUnusualNumbers) {
  auto model = trainedModel(2, {14});
  using Limits = std::numeric_limits<double>;
  model.radial_coeffs = {
      0.0, -0.0, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(), 0.1, 1 + Limits::epsilon()};
  expectSame(parseMtp(formatMtp(model), "pot.mtp"), model);
}

TEST(WriteMtp, RoundTripOfTemplates) {
  for (int level = 2; level <= 28; level += 2) {
    auto const model = makeMtpTemplate({.level = level, .species = {14}});
    expectSame(parseMtp(formatMtp(model), "pot.mtp"), model);
  }
}

// A start: radial coefficients, no others.
TEST(WriteMtp, RoundTripWithRadialCoefficientsOnly) {
  auto model = makeMtpTemplate({.level = 8, .species = {14, 8}});
  setExponentialStart(model, 2.35);
  auto const back = parseMtp(formatMtp(model), "pot.mtp");
  expectSame(back, model);
  EXPECT_FALSE(back.trained());
}

TEST(WriteMtp, LayoutIsThatOfMlip2) {
  MtpModel model =
      makeMtpTemplate({.level = 4, .species = {14}, .min_dist = 0.5, .max_dist = 5, .radial_basis_size = 2});
  model.radial_coeffs = {0.1, -2};
  model.species_coeffs = {-1};
  model.moment_coeffs = {3, 4e-5};
  EXPECT_EQ(formatMtp(model),
            "MTP\n"
            "version = 1.1.0\n"
            "potential_name = MTP\n"
            "scaling = 1.0000000000000000e+00\n"
            "species_count = 1\n"
            "potential_tag = species Si\n"
            "radial_basis_type = RBChebyshev\n"
            "\tmin_dist = 5.0000000000000000e-01\n"
            "\tmax_dist = 5.0000000000000000e+00\n"
            "\tradial_basis_size = 2\n"
            "\tradial_funcs_count = 1\n"
            "\tradial_coeffs\n"
            "\t\t0-0\n"
            "\t\t\t{1.0000000000000001e-01, -2.0000000000000000e+00}\n"
            "alpha_moments_count = 2\n"
            "alpha_index_basic_count = 1\n"
            "alpha_index_basic = {{0, 0, 0, 0}}\n"
            "alpha_index_times_count = 1\n"
            "alpha_index_times = {{0, 0, 1, 1}}\n"
            "alpha_scalar_moments = 2\n"
            "alpha_moment_mapping = {0, 1}\n"
            "species_coeffs = {-1.0000000000000000e+00}\n"
            "moment_coeffs = {3.0000000000000000e+00, 4.0000000000000003e-05}\n");
}

// MLIP-3 takes the name as one word.
TEST(WriteMtp, NameIsOneWord) {
  auto model = trainedModel(2, {14});
  model.potential_name = "my  best MTP";
  EXPECT_EQ(parseMtp(formatMtp(model), "pot.mtp").potential_name, "my__best_MTP");
}

TEST(WriteMtp, RoundTripOfEveryRadialBasis) {
  for (char const* const name :
       {"RBChebyshev", "RBChebyshev_repuls", "BChebyshev", "BChebyshev_repuls", "RBShapeev", "RBTaylor"}) {
    auto model = trainedModel(8, {14, 8});
    model.radial_basis_type = radialBasisTypeOf(name).value();
    auto const text = formatMtp(model);
    EXPECT_NE(text.find("radial_basis_type = " + std::string(name) + "\n"), std::string::npos);
    auto const back = parseMtp(text, "pot.mtp");
    expectSame(back, model);
    EXPECT_EQ(formatMtp(back), text);
  }
}

TEST(WriteMtp, TagKeepsSpeciesOrItsOwnText) {
  auto model = trainedModel(2, {14, 8});
  model.potential_tag = "species Ge O";  // of another model
  EXPECT_EQ(parseMtp(formatMtp(model), "pot.mtp").potential_tag, "species Si O");
  model.potential_tag = "fitted on Monday";
  auto const back = parseMtp(formatMtp(model), "pot.mtp");
  EXPECT_EQ(back.potential_tag, "fitted on Monday");
  EXPECT_TRUE(back.species.empty());
}

TEST(WriteMtp, RejectsWhatCouldNotBeRead) {
  auto const rejects = [](auto const& change) {
    auto model = trainedModel(6, {14});
    change(model);
    EXPECT_THROW(static_cast<void>(formatMtp(model)), InputError);
  };
  rejects([](MtpModel& model) { model.moment_coeffs[1] = std::nan(""); });
  rejects([](MtpModel& model) { model.radial_coeffs.pop_back(); });
  rejects([](MtpModel& model) { model.potential_tag = "two\nlines"; });
  rejects([](MtpModel& model) { model.potential_name.clear(); });
  rejects([](MtpModel& model) { model.species_coeffs.clear(); });
  rejects([](MtpModel& model) { model.alpha_index_times[0][3] = 1; });
  rejects([](MtpModel& model) { model.species = {14, 8}; });
  rejects([](MtpModel& model) { model.scaling = 0; });
}

// --- files -----------------------------------------------------------------------------------------------------------

class MtpFiles : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(_folder); }
  void TearDown() override { fs::remove_all(_folder); }
  [[nodiscard]] std::string path(std::string const& name) const { return (_folder / name).string(); }
  static std::string readMessage(std::string const& file) {
    try {
      static_cast<void>(readMtp(file));
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  }

 private:
  fs::path _folder = fs::temp_directory_path() / ("sinter_mtp_io_test." + std::to_string(::getpid()));
};

TEST_F(MtpFiles, WrittenAndRead) {
  auto const model = trainedModel(20, {14});
  writeMtp(model, path("a.mtp"));
  expectSame(readMtp(path("a.mtp")), model);
  EXPECT_THROW(writeMtp(model, path("missing/a.mtp")), SystemError);
}

// Longer than the chunks in which files are read, with the marker across the end of the first one.
TEST_F(MtpFiles, ActiveSetBehindLongText) {
  auto model = trainedModel(16, {14});
  model.potential_tag = "x";
  std::size_t const length = formatMtp(model).size();
  model.potential_tag.resize((std::size_t{1} << 20) - length - 2, 'x');
  std::ofstream(path("a.almtp"), std::ios::binary) << formatMtp(model) << active_set_head << std::string(3 << 20, '\0');
  auto const back = readMtp(path("a.almtp"));
  EXPECT_EQ(back.moment_coeffs, model.moment_coeffs);
}

TEST_F(MtpFiles, ActiveSet) {
  auto const model = trainedModel(8, {14, 8});
  std::string const text = formatMtp(model);
  std::size_t const n = 4 * 2 * 8 + 2 + 9;
  std::string const matrices(2 * n * n * 8, '\xff');
  std::string const tail = "\n#\n0 0\n#\nBEGIN_CFG\n";
  auto const write = [&](std::string const& rest) {
    std::ofstream(path("a.almtp"), std::ios::binary) << text << rest;
    return readMessage(path("a.almtp"));
  };

  std::ofstream(path("none.mtp"), std::ios::binary) << text;
  EXPECT_FALSE(readMtpActiveSet(path("none.mtp"), model).has_value());

  std::string const whole = active_set_head + matrices + tail;
  EXPECT_EQ(write(whole), "accepted");
  auto const set = readMtpActiveSet(path("a.almtp"), model);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->version, "1.1");
  EXPECT_EQ(set->size, n);
  EXPECT_EQ(set->matrices, matrices.size());
  EXPECT_EQ(set->bytes, whole.size());
  expectSame(readMtp(path("a.almtp")), model);
  writeMtp(readMtp(path("a.almtp")), path("a.mtp"));  // leaves it out
  EXPECT_FALSE(readMtpActiveSet(path("a.mtp"), model).has_value());
  expectSame(readMtp(path("a.mtp")), model);

  // Cut off anywhere in head or matrices: an error that says so.
  std::string const head = active_set_head;
  for (std::size_t length = 8; length < head.size() + matrices.size(); length += length < head.size() ? 1 : 999)
    EXPECT_NE(write(whole.substr(0, length)).find("active set: found "), std::string::npos) << length;
  EXPECT_NE(write(head + matrices.substr(1)).find("expected " + std::to_string(matrices.size())), std::string::npos);
  EXPECT_EQ(write(head + matrices), "accepted");

  EXPECT_EQ(write("#MVS_v2.0\nwhat nobody knows"), "accepted");
  EXPECT_EQ(readMtpActiveSet(path("a.almtp"), model)->size, 0U);
  EXPECT_EQ(readMtpActiveSet(path("a.almtp"), model)->version, "2.0");
}

TEST_F(MtpFiles, ThatAreNone) {
  EXPECT_EQ(readMessage(path("no.mtp")),
            path("no.mtp") + ": file: found No such file or directory, expected a readable .mtp file");
  EXPECT_EQ(readMessage(path("")), path("") + ": file: found a directory, expected a readable .mtp file");
  std::ofstream(path("empty.mtp"), std::ios::binary).flush();
  EXPECT_EQ(readMessage(path("empty.mtp")), path("empty.mtp") + ":1: first word: found end of text, expected MTP");
  std::ofstream(path("binary.mtp"), std::ios::binary) << std::string("\x7f\x45LF\0\1\n", 7);
  EXPECT_EQ(readMessage(path("binary.mtp")),
            path("binary.mtp") + ":1: first word: found \"\\x7fELF\\x00\\x01\", expected MTP");
}

// --- malformed input -------------------------------------------------------------------------------------------------

struct Malformed {
  char const* name;
  char const* from;  ///< this part of `small_file` ...
  char const* to;    ///< ... becomes this one
  char const* message;
};

std::ostream& operator<<(std::ostream& stream, Malformed const& input) { return stream << input.name; }

class MalformedMtp : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedMtp, IsRejectedWithFileLineAndKey) {
  Malformed const& input = GetParam();
  auto const message = messageOf(replaced(small_file, input.from, input.to));
  EXPECT_NE(message.find(input.message), std::string::npos) << message;
  EXPECT_EQ(message.find("pot.mtp:"), 0U) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, MalformedMtp,
    testing::Values(
        Malformed{"NotMtp", "MTP\n", "PTM\n", ":1: first word: found \"PTM\", expected MTP"},
        Malformed{"LowerCase", "MTP\n", "mtp\n", ":1: first word: found \"mtp\""},
        Malformed{"Version", "1.1.0", "1.0.0", ":2: version: found \"1.0.0\", expected 1.1.0"},
        Malformed{"NoVersion", "version = 1.1.0\n", "", ": version: found end of text, expected this key before it"},
        Malformed{"NoName", "= MTP1m", "=", ":3: potential_name: found nothing, expected a name"},
        Malformed{"ControlCharacterInTag", "potential_tag = ", "potential_tag = a\x01z",
                  ":6: potential_tag: found a control character"},
        Malformed{"UnknownKey", "min_dist", "min_distance",
                  ":8: key: found \"min_distance\", expected one of version, "},
        Malformed{"BinaryKey", "min_dist", "\xff\xfe\x01", ":8: key: found \"\\xff\\xfe\\x01\", expected one of"},
        Malformed{"DuplicateKey", "species_count = 2", "species_count = 2\nspecies_count = 2",
                  ":6: species_count: found it again (first on line 5), expected it once"},
        Malformed{"DuplicateAlias", "\tmax_dist", "\tmin_val = 1\n\tmax_dist",
                  ":9: min_dist: found it again (first on line 8), expected it once"},
        Malformed{"ThirdScaling", "\tmax_dist", "\tscaling = 1\n\tscaling = 1\n\tmax_dist",
                  ":10: scaling of the radial block: found it again (first on line 9)"},
        Malformed{"NoEqualsSign", "species_count = 2", "species_count 2",
                  ":5: species_count: found \"2\", expected \"=\""},
        Malformed{"EqualsSignAfterCoeffs", "radial_coeffs",
                  "radial_coeffs =", ":12: radial_coeffs: found \"=\", expected a pair of species"},
        Malformed{"RadialBasis", "RBChebyshev", "RBBessel",
                  ":7: radial_basis_type: found \"RBBessel\", expected one of RBChebyshev, RBChebyshev_repuls, "
                  "BChebyshev, BChebyshev_repuls, RBShapeev, RBTaylor"},
        Malformed{"RadialBasisShapeevFromZero", "RBChebyshev\n\tmin_dist = 1.9", "RBShapeev\n\tmin_dist = 0.0",
                  ":8: min_dist: found "},
        Malformed{"Magnetic", "\tradial_funcs_count", "\tmagnetic_basis_type = BChebyshev\n\tradial_funcs_count",
                  ":11: magnetic_basis_type: found \"BChebyshev\", expected a potential without magnetism"},
        Malformed{"ScalingNan", "5.0e-01", "nan", ":4: scaling: found \"nan\", expected a finite number"},
        Malformed{"ScalingInfinite", "5.0e-01", "-inf", ":4: scaling: found \"-inf\", expected a finite number"},
        Malformed{"ScalingOverflow", "5.0e-01", "1e999", ":4: scaling: found \"1e999\", expected a finite number"},
        Malformed{"ScalingHex", "5.0e-01", "0x1p-1", ":4: scaling: found \"0x1p-1\", expected a finite number"},
        Malformed{"ScalingComma", "5.0e-01", "0,5", ":4: key: found \",\""},
        Malformed{"ScalingTrailing", "5.0e-01", "0.5A", ":4: scaling: found \"0.5A\", expected a finite number"},
        Malformed{"ScalingTwoSigns", "5.0e-01", "+-0.5", ":4: scaling: found \"+-0.5\", expected a finite number"},
        Malformed{"ScalingFortran", "5.0e-01", "5.0d-01", ":4: scaling: found \"5.0d-01\", expected a finite number"},
        Malformed{"ScalingZero", "5.0e-01", "0", ":4: scaling: found 0, expected a finite number other than 0"},
        Malformed{"SpeciesNone", "species_count = 2", "species_count = 0",
                  ":5: species_count: found \"0\", expected an integer from 1 to 118"},
        Malformed{"SpeciesNegative", "species_count = 2", "species_count = -2", ":5: species_count: found \"-2\""},
        Malformed{"SpeciesMany", "species_count = 2", "species_count = 2000000000",
                  ":5: species_count: found \"2000000000\""},
        Malformed{"SpeciesFraction", "species_count = 2", "species_count = 2.0", ":5: species_count: found \"2.0\""},
        Malformed{"SpeciesTagCount", "potential_tag = ", "potential_tag = species Si",
                  ":6: potential_tag: found 1 named species, expected 2 (species_count)"},
        Malformed{"SpeciesTagTwice", "potential_tag = ", "potential_tag = species Si Si",
                  ":6: species: found atomic number 14 twice"},
        Malformed{"MinDistNegative", "min_dist = 1.9", "min_dist = -1.9", ":8: min_dist: found -1.89"},
        Malformed{"MaxBelowMin", "max_dist = 5", "max_dist = 1",
                  ":9: max_dist: found 1, expected a finite number above"},
        Malformed{"BasisSizeZero", "basis_size = 3", "basis_size = 0", ":10: radial_basis_size: found \"0\""},
        Malformed{"BasisSizeSmall", "basis_size = 3", "basis_size = 2",
                  ":14: radial_coeffs: found more entries, expected 2 entries"},
        Malformed{"BasisSizeLarge", "basis_size = 3", "basis_size = 4",
                  ":14: radial_coeffs: found 3 entries, expected 4 entries"},
        Malformed{"BasisSizeHuge", "basis_size = 3", "basis_size = 2147483647",
                  ":12: radial_coeffs: found a count of 17179869176 entries, expected at most"},
        Malformed{"BasisSizeOverflow", "basis_size = 3", "basis_size = 2147483648", ":10: radial_basis_size: found"},
        Malformed{"FuncsCountSmall", "funcs_count = 2", "funcs_count = 1",
                  ":15: radial_coeffs: found \"{\", expected a pair of species such as 0-0"},
        Malformed{"FuncsCountLarge", "funcs_count = 2", "funcs_count = 3",
                  ":16: radial_coeffs: found \"0-1\", expected \"{\""},
        Malformed{"FuncsCountHuge", "funcs_count = 2", "funcs_count = 2000000000",
                  ":12: radial_coeffs: found a count of"},
        Malformed{"FuncsCountMissing", "\tradial_funcs_count = 2\n", "",
                  ":11: radial_coeffs: found it before radial_funcs_count, expected it after"},
        Malformed{"CoefficientNan", "1.1,", "NaN,", ":14: radial_coeffs: found \"NaN\", expected a finite number"},
        Malformed{"CoefficientMissing", "1.1, ", ", ", ":14: radial_coeffs: found \",\", expected a finite number"},
        Malformed{"CoefficientsWithoutComma", "1.0, 1.1", "1.0 1.1",
                  ":14: radial_coeffs: found \"1.1\", expected \",\" or"},
        Malformed{"RowUnclosed", "1.2}", "1.2", ":15: radial_coeffs: found \"{\", expected \"}\""},
        Malformed{"PairTwice", "\t1-0", "\t0-1", ":19: radial_coeffs: found pair 0-1 twice"},
        Malformed{"PairUnknown", "\t1-0", "\t2-0",
                  ":19: radial_coeffs: found pair 2-0 with another species, expected 2"},
        Malformed{"PairMixed", "0-1\n", "0-14\n", "radial_coeffs: found pair 1-0 with another species"},
        Malformed{"PairNegative", "0-0\n", "0--1\n", ":13: radial_coeffs: found \"0--1\", expected a pair of species"},
        Malformed{"PairHalf", "0-0\n", "0-\n", ":13: radial_coeffs: found \"0-\", expected a pair of species"},
        Malformed{"PairOverflow", "0-0\n", "0-99999999999\n", ":13: radial_coeffs: found \"0-99999999999\""},
        Malformed{"MomentsFew", "moments_count = 8", "moments_count = 7",
                  ":29: alpha_index_times: found {0, 5, 1, 7} as entry 5, expected moments from 0 to"},
        Malformed{"MomentsNone", "moments_count = 8", "moments_count = 4", ":26: alpha_index_basic_count: found 5"},
        Malformed{"MomentsHuge", "moments_count = 8", "moments_count = 2147483647",
                  ":25: alpha_moments_count: found 2147483647, expected a number from 1 to 10000000"},
        Malformed{"BasicsHuge", "basic_count = 5", "basic_count = 2147483647",
                  ":27: alpha_index_basic: found a count of 8589934588 entries, expected at most"},
        Malformed{"BasicsNone", "basic_count = 5", "basic_count = 0", ":26: alpha_index_basic_count: found \"0\""},
        Malformed{"BasicsMore", "basic_count = 5", "basic_count = 6",
                  ":27: alpha_index_basic: found 5 entries, expected 6 entries"},
        Malformed{"BasicsFewer", "basic_count = 5", "basic_count = 4",
                  ":27: alpha_index_basic: found more entries, expected 4 entries"},
        Malformed{"BasicsCountMissing", "alpha_index_basic_count = 5\n", "",
                  ":26: alpha_index_basic: found it before alpha_index_basic_count"},
        Malformed{"BasicOfThree", "{0, 1, 0, 0}", "{0, 1, 0}", ":27: alpha_index_basic: found 3 entries, expected 4"},
        Malformed{"BasicOfFive", "{0, 1, 0, 0}", "{0, 1, 0, 0, 0}", ":27: alpha_index_basic: found more entries"},
        Malformed{"BasicFraction", "{0, 1, 0, 0}", "{0, 1.5, 0, 0}", ":27: alpha_index_basic: found \"1.5\""},
        Malformed{"BasicMu", "{1, 0, 0, 0}", "{2, 0, 0, 0}",
                  ":27: alpha_index_basic: found {2, 0, 0, 0} as entry 5, expected mu from 0"},
        Malformed{"BasicPower", "{0, 1, 0, 0}", "{0, -1, 0, 0}",
                  ":27: alpha_index_basic: found {0, -1, 0, 0} as entry 2"},
        Malformed{"BasicPowersHuge", "{0, 1, 0, 0}", "{0, 2147483647, 2147483647, 2}",
                  ":27: alpha_index_basic: found {0, 2147483647, 2147483647, 2} as entry 2"},
        Malformed{"ProductFactor", "{0, 5, 1, 7}", "{0, 99, 1, 7}",
                  ":29: alpha_index_times: found {0, 99, 1, 7} as entry 5, expected moments from 0"},
        Malformed{"ProductNegative", "{0, 5, 1, 7}", "{-1, 5, 1, 7}", ":29: alpha_index_times: found {-1, 5, 1, 7}"},
        Malformed{"ProductOfUndefined", "{0, 0, 1, 5}", "{0, 6, 1, 5}", "which uses the undefined moment 6"},
        Malformed{"ProductOfItself", "{0, 5, 1, 7}", "{0, 7, 1, 7}", "which uses the undefined moment 7"},
        Malformed{"ProductIntoBasic", "{0, 5, 1, 7}", "{0, 5, 1, 3}", "which adds to moment 3"},
        Malformed{"ProductIntoUsed", "{0, 5, 1, 7}}", "{0, 5, 1, 5}}", "which uses the undefined moment 5"},
        Malformed{"ProductAfterUse", "{0, 5, 1, 7}}", "{6, 5, 1, 7}, {0, 0, 1, 6}}",
                  ":29: alpha_index_times: found more"},
        Malformed{"TimesHuge", "times_count = 5", "times_count = 2147483647",
                  ":29: alpha_index_times: found a count of"},
        Malformed{"TimesNegative", "times_count = 5", "times_count = -1", ":28: alpha_index_times_count: found \"-1\""},
        Malformed{"TimesNone", "times_count = 5", "times_count = 0",
                  ":29: alpha_index_times: found \"{\", expected \"}\""},
        Malformed{"MappingRange", "{0, 4, 5, 6, 7}", "{0, 4, 5, 6, 8}",
                  ":31: alpha_moment_mapping: found 8 as entry 5, expected a moment that is basic"},
        Malformed{"MappingMore", "{0, 4, 5, 6, 7}", "{0, 4, 5, 6, 7, 7}",
                  ":31: alpha_moment_mapping: found more entries"},
        Malformed{"ScalarsHuge", "scalar_moments = 5", "scalar_moments = 2000000000",
                  ":31: alpha_moment_mapping: found a count of 2000000000 entries"},
        Malformed{"SpeciesCoeffsFew", "{-1.5, -2.5}", "{-1.5}",
                  ":32: species_coeffs: found 1 entry, expected 2 entries"},
        Malformed{"SpeciesCoeffsMissing", "species_coeffs = {-1.5, -2.5}\n", "",
                  "species_coeffs: found none, expected them, as there are moment_coeffs"},
        Malformed{"MomentCoeffsFew", ", .5}", "}", ":33: moment_coeffs: found 4 entries, expected 5 entries"},
        Malformed{"MomentCoeffsUnclosed", ", .5}", ", .5", "moment_coeffs: found end of text, expected \"}\""},
        Malformed{"MappingMissing", "alpha_moment_mapping = {0, 4, 5, 6, 7}\n", "",
                  "alpha_moment_mapping: found end of text, expected this key before it"},
        Malformed{"TextBehind", ", .5}\n", ", .5}\nthe end\n", ":34: key: found \"the\", expected one of"}),
    [](auto const& input) { return std::string(input.param.name); });

TEST(DamagedMtp, ProductChangesAMomentAfterUse) {
  auto text = replaced(small_file, "times_count = 5", "times_count = 6");
  text = replaced(text, "{0, 5, 1, 7}}", "{6, 5, 1, 7}, {0, 0, 1, 6}}");
  EXPECT_EQ(
      messageOf(text),
      "pot.mtp:29: alpha_index_times: found {0, 0, 1, 6} as entry 6, which adds to moment 6, expected a result that is "
      "neither basic nor already used by an earlier product");
}

TEST(DamagedMtp, LongAndBinaryTokensStayShort) {
  EXPECT_LT(messageOf("MTP " + std::string(5'000'000, 'x')).size(), 1000U);
  EXPECT_LT(messageOf("MTP " + std::string(5'000'000, '\0')).size(), 1000U);
  EXPECT_LT(messageOf(std::string(5'000'000, '{')).size(), 1000U);
}

/// Rejected with an InputError that names the file and is one line, or a model that passes its checks.
void expectHandled(std::string const& text) {
  try {
    checkMtpModel(parseMtp(text, "pot.mtp"), "accepted");
  } catch (InputError const& error) {
    std::string const message = error.what();
    EXPECT_EQ(message.find("pot.mtp:"), 0U) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(DamagedMtp, TruncatedAtEveryByte) {
  for (auto const& text :
       {small_file, formatMtp(trainedModel(10, {14, 8})), formatMtp(makeMtpTemplate({.level = 12, .species = {14}}))})
    for (std::size_t length = 0; length <= text.size(); ++length) expectHandled(text.substr(0, length));
}

// Only where the linear coefficients or all coefficients are left out is a part of the file a file.
TEST(DamagedMtp, TruncatedIsRarelyAccepted) {
  for (std::size_t length = 0; length < small_file.size(); ++length) {
    bool const cut_before_linear_part = small_file.substr(0, length).ends_with("{0, 4, 5, 6, 7}") ||
                                        small_file.substr(0, length).ends_with("{0, 4, 5, 6, 7}\n");
    bool const only_newline_is_missing = length == small_file.size() - 1;
    EXPECT_EQ(messageOf(small_file.substr(0, length)) == "accepted", cut_before_linear_part || only_newline_is_missing)
        << length;
  }
}

TEST(DamagedMtp, DamagedAnywhere) {
  std::mt19937_64 generator(54321);
  std::string const signs = "{},=-+.0123456789eE \n\t#xnN\xff";
  auto const other = formatMtp(trainedModel(8, {14, 8}));
  for (auto const& text : {small_file, other})
    for (int trial = 0; trial < 20000; ++trial) {
      std::string damaged = text;
      for (std::uint64_t count = 1 + generator() % 3; count > 0; --count) {
        std::size_t const position = generator() % damaged.size();
        switch (generator() % 4) {
          case 0:
            damaged[position] = signs[generator() % signs.size()];
            break;
          case 1:
            damaged[position] = static_cast<char>(generator() % 256);
            break;
          case 2:
            damaged.erase(position, 1 + generator() % 40);
            break;
          default:
            damaged.insert(position, damaged.substr(generator() % damaged.size(), 1 + generator() % 40));
        }
        if (damaged.empty()) break;
      }
      expectHandled(damaged);
    }
}

// --- shared data -----------------------------------------------------------------------------------------------------

TEST(ReadMtp, AllSharedPotentials) {
  if (!fs::is_directory(SINTER_SHARED_DATA)) GTEST_SKIP() << "no shared data in " << SINTER_SHARED_DATA;
  int trained = 0, untrained = 0;
  for (auto const& entry : fs::recursive_directory_iterator(SINTER_SHARED_DATA)) {
    if (entry.path().extension() != ".mtp" && entry.path().extension() != ".almtp") continue;
    SCOPED_TRACE(entry.path());
    MtpModel model;
    ASSERT_NO_THROW(model = readMtp(entry.path().string()));
    expectSame(parseMtp(formatMtp(model), "pot.mtp"), model);
    ++(model.trained() ? trained : untrained);
  }
  RecordProperty("trained", trained);
  RecordProperty("untrained", untrained);
  EXPECT_GE(trained, 60);
  EXPECT_GE(untrained, 10);
}

}  // namespace
