// The table of docs/bad-input.md: what is wrong with an input, and the message that the program gives. The table is
// what this program finds; SINTER_UPDATE_DOCS=1 writes it anew.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "command_test.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/structures/database_writer.hpp"
#include "structures/hdf5_edit.hpp"

namespace sinter {
namespace {

using test::contentOf;
using test::Outcome;

std::string const good_mtp = R"(MTP
version = 1.1.0
potential_name = two
scaling = 1
species_count = 2
potential_tag = species Si O
radial_basis_type = RBChebyshev
min_dist = 1.5
max_dist = 5
radial_basis_size = 2
radial_funcs_count = 1
radial_coeffs
0-0
{1, -0.2}
0-1
{1, 2}
1-0
{1, 2}
1-1
{1, 2}
alpha_moments_count = 5
alpha_index_basic_count = 4
alpha_index_basic = {{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}
alpha_index_times_count = 3
alpha_index_times = {{1, 1, 1, 4}, {2, 2, 1, 4}, {3, 3, 1, 4}}
alpha_scalar_moments = 2
alpha_moment_mapping = {0, 4}
species_coeffs = {-1, 0.25}
moment_coeffs = {0.1, 0.01}
)";
std::string const good_xyz = R"(2
Lattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1 virial="1 0 0 0 1 0 0 0 1"
Si 0 0 0 0.1 0 0
O 2 0 0 -0.1 0 0
)";
std::string const good_cfg = R"(BEGIN_CFG
Size
2
Supercell
5 0 0
0 5 0
0 0 5
AtomData: id type cartes_x cartes_y cartes_z fx fy fz
1 0 0 0 0 0.1 0 0
2 1 2 0 0 -0.1 0 0
Energy
-1
PlusStress: xx yy zz yz xz xy
1 1 1 0 0 0
END_CFG
)";
std::string const good_toml = R"([model]
template = "good.mtp"
species = ["Si", "O"]
[data]
train = ["good.xyz"]
[output]
dir = "."
)";

// A number as short as it can be.
std::string fmt(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  auto const position = text.find(from);
  if (position == std::string::npos) throw std::logic_error("no " + std::string(from) + " in the good file");
  return text.replace(position, from.size(), to);
}

/// One row of the table.
struct Case {
  std::string what;       ///< is wrong
  std::string name;       ///< of the file with `content`; none when empty
  std::string content;    ///< written before the command runs
  std::string arguments;  ///< of sinter
  int code = 2;
};

struct Section {
  std::string title;
  std::vector<Case> cases;
};

Section potentials() {
  Section section{"Potentials (`sinter eval bad.mtp good.xyz`)", {}};
  auto const add = [&](std::string const& what, std::string const& content, std::string const& name = "bad.mtp") {
    section.cases.push_back({what, name, content, "eval " + name + " good.xyz"});
  };
  auto const change = [&](std::string const& from, std::string const& to, std::string const& what = "") {
    add(what.empty() ? "`" + from + "` became `" + to + "`" : what, replaced(good_mtp, from, to));
  };
  section.cases.push_back({"no such file", "", "", "eval none.mtp good.xyz"});
  section.cases.push_back({"a folder", "", "", "eval folder.mtp good.xyz"});
  add("a file of another kind by its name", good_mtp, "bad.xml");
  add("empty", "");
  add("zeros", std::string(4096, '\0'));
  add("text of another kind", "LAMMPS data file\n");
  add("cut in the middle", good_mtp.substr(0, good_mtp.size() / 2));
  add("the last line is missing", good_mtp.substr(0, good_mtp.find("moment_coeffs")));
  change("version = 1.1.0", "version = 2.0");
  change("scaling = 1", "scaling = 0");
  change("scaling = 1", "scaling = inf");
  change("species_count = 2", "species_count = two");
  change("species_count = 2", "species_count = 0");
  change("species_count = 2", "species_count = 2000000000");
  change("species_count = 2", "species_count = 3");
  change("species_count = 2", "species_count 2");
  change("species Si O", "species Si Si");
  change("species Si O", "species Si");
  change("RBChebyshev", "RBLaguerre");
  change("min_dist = 1.5", "min_dist = nan");
  change("min_dist = 1.5", "min_dist = 6");
  change("max_dist = 5", "max_dist = 1e999");
  change("radial_basis_size = 2", "radial_basis_size = 2147483647");
  change("radial_basis_size = 2", "radial_basis_size = -2");
  change("radial_funcs_count = 1\n", "", "`radial_funcs_count` is missing");
  change("radial_funcs_count = 1\n", "radial_funcs_count = 1\nradial_funcs_count = 1\n", "a key twice");
  change("radial_funcs_count", "radial_func_count", "a key is misspelt");
  change("radial_funcs_count", "magnetic_basis_type = BChebyshev\nradial_funcs_count", "a magnetic potential");
  change("1-1\n", "0-1\n", "a pair of species twice");
  change("1-1\n", "1+1\n");
  change("{1, -0.2}", "{1, -0.2, 3}", "a coefficient too many");
  change("{1, -0.2}", "{1}", "a coefficient too few");
  change("{1, -0.2}", "{1, x}");
  change("{1, -0.2}", "{1, -0.2", "a bracket is missing");
  change("alpha_moments_count = 5", "alpha_moments_count = 2000000000");
  change("alpha_moments_count = 5", "alpha_moments_count = 4");
  change("alpha_index_basic_count = 4", "alpha_index_basic_count = 2147483647");
  change("{0, 0, 0, 1}}", "{0, 0, 0, -1}}");
  change("{0, 0, 0, 1}}", "{7, 0, 0, 1}}");
  change("{3, 3, 1, 4}}", "{3, 9, 1, 4}}");
  change("{3, 3, 1, 4}}", "{3, 3, 1, 3}}");
  change("{1, 1, 1, 4}", "{4, 1, 1, 4}");
  change("mapping = {0, 4}", "mapping = {0, 5}");
  change("alpha_scalar_moments = 2", "alpha_scalar_moments = 999999999");
  change("{-1, 0.25}", "{-1}");
  change("{0.1, 0.01}", "{0.1, nan}");
  add("no coefficients: an untrained template", good_mtp.substr(0, good_mtp.find("species_coeffs")));
  return section;
}

Section extendedXyz() {
  Section section{"Extended XYZ (`sinter eval good.mtp bad.xyz`)", {}};
  auto const add = [&](std::string const& what, std::string const& content, std::string const& name = "bad.xyz") {
    section.cases.push_back({what, name, content, "eval good.mtp " + name + " -o out.xyz --json out.json"});
  };
  auto const change = [&](std::string const& from, std::string const& to, std::string const& what = "") {
    add(what.empty() ? "`" + from + "` became `" + to + "`" : what, replaced(good_xyz, from, to));
  };
  section.cases.push_back({"no such file", "", "", "eval good.mtp none.xyz"});
  section.cases.push_back({"a folder", "", "", "eval good.mtp folder.xyz"});
  add("a file of unknown kind", good_xyz, "bad.poscar");
  add("empty", "");
  add("zeros", std::string(4096, '\0'));
  add("one line of 65 MiB", std::string(std::size_t{65} << 20, 'x'));
  add("a number of atoms that is none", "two\n\nSi 0 0 0\n");
  add("no atoms", "0\n\n");
  add("a negative number of atoms", "-2\n\n");
  add("more atoms than fit into 32 bits", "2147483648\n\nSi 0 0 0\n");
  add("two thousand million atoms announced, one there", "2000000000\n\nSi 0 0 0\n");
  add("the file ends after the number of atoms", "2\n");
  add("an atom is missing", good_xyz.substr(0, good_xyz.find("O 2")));
  add("the next frame is cut off", good_xyz + good_xyz.substr(0, good_xyz.size() - 8));
  change("5 0 0 0 5", "5 0 0 5", "eight numbers in `Lattice`");
  change("5 0 0 0 5 0 0 0 5", "5 0 0 0 5 0 0 0 nan");
  change("5 0 0 0 5 0 0 0 5", "5 0 0 0 5 0 0 0 0");
  change("5 0 0 0 5 0 0 0 5", "5 0 0 0 5 0 5 5 0");
  change("5 0 0 0 5 0 0 0 5\"", "5 0 0 0 5 0 0 0 5", "a quotation mark is missing");
  change("pos:R:3", "pos:R:2");
  change("pos:R:3", "pos:R:x");
  change("pos:R:3", "pos:R:9999999999");
  change("pos:R:3", "pos:Q:3");
  change("pos:R:3", "place:R:3");
  change("species:S:1", "name:S:1");
  change("forces:R:3", "pos:R:3", "positions twice");
  change("energy=-1", "energy=");
  change("energy=-1", "energy=low");
  change("energy=-1", "energy=-1 energy=-2");
  change("virial=\"1 0 0 0 1 0 0 0 1\"", "virial=\"1 2 3\"");
  change("energy=-1", "energy=-1 pbc=\"T T\"");
  change("energy=-1", "energy=-1 pbc=\"T T maybe\"");
  change("Si 0 0 0", "Qq 0 0 0");
  change("Si 0 0 0", "Ge 0 0 0", "a species that the potential does not know");
  change("Si 0 0 0", "Si 0 0", "a column is missing");
  change("Si 0 0 0", "Si 0 0 0 0", "a column too many");
  change("Si 0 0 0", "Si 0 0 zero");
  change("Si 0 0 0", "Si 0 0 1e999");
  change("Si 0 0 0 0.1", "Si 0 0 0 inf");
  change("O 2 0 0", "O 0 0 0", "two atoms in one place");
  change("O 2 0 0", "O 5 0 0", "an atom in the place of the other's image");
  add("compressed by its name only", good_xyz, "bad.xyz.xz");
  add("compressed by its name only (gzip)", good_xyz, "bad.xyz.gz");
  add("a gzip stream that is cut off", std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x33", 11), "bad.xyz.gz");
  return section;
}

Section configurations() {
  Section section{"MLIP configurations (`sinter eval good.mtp bad.cfg`)", {}};
  auto const add = [&](std::string const& what, std::string const& content) {
    section.cases.push_back({what, "bad.cfg", content, "eval good.mtp bad.cfg -o out.xyz --json out.json"});
  };
  auto const change = [&](std::string const& from, std::string const& to, std::string const& what = "") {
    add(what.empty() ? "`" + from + "` became `" + to + "`" : what, replaced(good_cfg, from, to));
  };
  add("empty", "");
  add("text before the first configuration", "# made by hand\n" + good_cfg);
  add("cut in the middle", good_cfg.substr(0, good_cfg.size() / 2));
  change("END_CFG\n", "", "the end is missing");
  change("Size\n2", "Size\n0");
  change("Size\n2", "Size\n2147483648");
  change("Size\n2", "Size\n2000000000", "two thousand million atoms announced, two there");
  change("Size\n2", "Size\n3", "an atom is missing");
  change("Size\n2", "Size\n1", "an atom too many");
  change("Size\n2\n", "", "`Size` is missing");
  change("0 0 5\n", "0 0 5\n1 1 1\n", "four lattice vectors");
  change("0 0 5\n", "0 0\n", "a lattice vector of two numbers");
  change("0 5 0\n", "5 0 0\n", "two equal lattice vectors");
  change("id type", "id kind");
  change("cartes_z", "cartes_y", "a column twice");
  change("cartes_x cartes_y cartes_z", "x y z");
  change("2 1 2 0 0", "1 1 2 0 0", "an id twice");
  change("2 1 2 0 0", "3 1 2 0 0", "an id above `Size`");
  change("2 1 2 0 0", "2 -1 2 0 0", "a negative type");
  change("2 1 2 0 0", "2 7 2 0 0", "a type that the potential does not have");
  change("2 1 2 0 0", "2 1 nan 0 0");
  change("Energy\n-1", "Energy\nnone");
  change("Energy\n-1", "Energy\n-1\nEnergy\n-2", "a keyword twice");
  change("PlusStress:", "Stress:");
  change("xx yy zz yz", "xx yy zz zy");
  change("1 1 1 0 0 0", "1 1 1 0 0", "five numbers of a virial");
  change("Energy", "Enthalpy");
  return section;
}

/// A database with one frame that has been changed, as the bytes of its file.
std::string databaseWith(std::function<void(test::Hdf5Edit const&)> const& change = {}) {
  test::TemporaryFolder const folder;
  std::string const file = folder / "a.h5";
  Structure s;
  s.cell = {{{5, 0, 0}, {0, 5, 0}, {0, 0, 5}}};
  s.periodic.fill(true);
  s.positions = {{0, 0, 0}, {2, 0, 0}};
  s.species = {14, 8};
  s.energy = -1;
  s.forces = {{0.1, 0, 0}, {-0.1, 0, 0}};
  s.virial = Voigt{1, 1, 1, 0, 0, 0};
  DatabaseWriter writer(file);
  FrameRecord record;
  record.labels["dft"].energy = -2;
  writer.write(s, record);
  writer.close();
  if (change) change(test::Hdf5Edit(file));
  return contentOf(file);
}

Section databases() {
  Section section{"Databases (`sinter eval good.mtp bad.h5`)", {}};
  auto const add = [&](std::string const& what, std::string const& content, std::string const& options = "") {
    section.cases.push_back({what, "bad.h5", content, "eval good.mtp bad.h5 -o out.xyz --json out.json" + options});
  };
  auto const change = [&](std::string const& what, auto const& how) { add(what, databaseWith(how)); };
  auto const without = [&](std::string const& path) {
    change("no `" + path + "`", [&](auto const& f) { f.remove(path); });
  };
  auto const set = [&](std::string const& path, std::size_t index, double value) {
    change("number " + std::to_string(index) + " of `" + path + "` is " + fmt(value),
           [&](auto const& f) { f.setNumber(path, index, value); });
  };
  std::string const good = databaseWith();
  section.cases.push_back({"no such file", "", "", "eval good.mtp none.h5"});
  section.cases.push_back({"a folder", "", "", "eval good.mtp folder.h5"});
  add("empty", "");
  add("text", good_xyz);
  add("cut in the middle", good.substr(0, good.size() / 2));
  add("the last byte is missing", good.substr(0, good.size() - 1));
  {
    test::TemporaryFolder const folder;
    test::makeEmptyHdf5(folder / "a.h5");
    add("an HDF5 file of another program", contentOf(folder / "a.h5"));
  }
  change("another version of the schema", [](auto const& f) { f.setAttribute("/meta", "schema_version", 2); });
  for (auto const* const path :
       {"/meta", "/frames", "/atoms", "/frames/offset", "/frames/energy", "/frames/config_type", "/atoms/Z",
        "/atoms/position", "/atoms/force", "/labels/dft/virial", "/features/text"})
    without(path);
  change("positions of two numbers", [](auto const& f) { f.replace("/atoms/position", H5T_IEEE_F64LE, {2, 2}); });
  change("a position is missing", [](auto const& f) { f.resize("/atoms/position", 1); });
  change("two energies for one frame", [](auto const& f) { f.resize("/frames/energy", 2); });
  change("energies that are integers", [](auto const& f) { f.replace("/frames/energy", H5T_STD_I32LE, {1}); });
  change("no offsets", [](auto const& f) { f.resize("/frames/offset", 0); });
  set("/frames/offset", 0, 1);
  set("/frames/offset", 1, 0);
  set("/frames/offset", 1, 3);
  set("/frames/offset", 1, -1);
  change("two thousand million atoms announced, two there", [](auto const& f) {
    f.setNumber("/frames/offset", 1, 2e9);
    for (auto const* const path : {"/atoms/Z", "/atoms/position", "/atoms/force", "/labels/dft/force"})
      f.resize(path, 2'000'000'000);
  });
  set("/atoms/Z", 1, 0);
  set("/atoms/Z", 1, 119);
  set("/atoms/Z", 1, 32);
  set("/atoms/position", 3, NAN);
  set("/atoms/position", 3, INFINITY);
  set("/atoms/position", 3, 5);
  set("/atoms/force", 0, NAN);
  set("/frames/pbc", 0, 2);
  set("/frames/cell", 0, 0);
  set("/frames/energy", 0, INFINITY);
  set("/frames/virial", 5, NAN);
  add("labels that are not there", good, " --energy-key pbe/energy");
  section.cases.push_back({"compressed", "bad.h5.gz", good, "eval good.mtp bad.h5.gz"});
  section.cases.push_back({"a file that is only written", "bad.h5md", good, "eval good.mtp bad.h5md"});
  section.cases.push_back({"appended to what is no database", "bad.h5", good_xyz, "convert good.xyz bad.h5 --append"});
  return section;
}

Section settings() {
  Section section{"Settings (`sinter fit bad.toml`)", {}};
  auto const add = [&](std::string const& what, std::string const& content) {
    section.cases.push_back({what, "bad.toml", content, "fit bad.toml"});
  };
  auto const change = [&](std::string const& from, std::string const& to, std::string const& what = "") {
    add(what.empty() ? "`" + from + "` became `" + to + "`" : what, replaced(good_toml, from, to));
  };
  section.cases.push_back({"no such file", "", "", "fit none.toml"});
  section.cases.push_back({"a folder", "", "", "fit folder.mtp"});
  add("empty", "");
  change("[model]", "[model");
  change("[model]", "[modle]");
  change("template =", "templat =");
  change("train =", "trian =");
  change("template = \"good.mtp\"", "template = 8");
  change("template = \"good.mtp\"", "template = \"none.mtp\"");
  change("template = \"good.mtp\"", "template = \"good.xyz\"");
  change("template = \"good.mtp\"", "level = 9");
  change("template = \"good.mtp\"", "level = 800");
  change("template = \"good.mtp\"", "level = \"8\"");
  change("[\"Si\", \"O\"]", "[\"Si\", \"Qq\"]");
  change("[\"Si\", \"O\"]", "[\"Si\", \"Si\"]");
  change("[\"Si\", \"O\"]", "[\"Si\"]");
  change("[\"Si\", \"O\"]", "\"Si\"");
  change("[data]", "min_dist = 9\n[data]");
  change("[data]", "max_dist = -1\n[data]");
  change("[\"good.xyz\"]", "[]");
  change("[\"good.xyz\"]", "[\"none.xyz\"]");
  change("[\"good.xyz\"]", "[\"good.mtp\"]");
  change("[output]", "energy_key = \"enrgy\"\n[output]");
  change("[output]", "e0 = { Si = -1 }\n[output]");
  change("[output]", "[weights]\nenergy = -1\n[output]");
  change("[output]", "[weights]\nenergy = nan\n[output]");
  change("[output]", "[weights]\nmode = \"atoms\"\n[output]");
  change("[output]", "[weights]\nenergy = 0\nforce = 0\nvirial = 0\n[output]");
  change("[output]", "[solver]\nridge = \"much\"\n[output]");
  change("[output]", "[solver]\nmax_memory = \"4 apples\"\n[output]");
  change("dir = \".\"", "dir = \"good.xyz\"");
  change("dir = \".\"", "dir = \"\"");
  return section;
}

Section soap() {
  Section section{"SOAP", {}};
  for (char const* arguments : {"soap good.xyz",
                                "soap good.xyz -o out.xyz",
                                "soap good.xyz -o out.h5 --n-max 0",
                                "soap good.xyz -o out.h5 --l-max 40",
                                "soap good.xyz -o out.h5 --sigma=-0.5",
                                "soap good.xyz -o out.h5 --cutoff 3 --cutoff-width 4",
                                "soap good.xyz -o out.h5 --convention other",
                                "soap good.xyz -o out.h5 --radial gto",
                                "soap good.xyz -o out.h5 --convention dscribe --cutoff 1",
                                "soap good.xyz -o out.h5 --zeta 2",
                                "soap good.xyz -o out.h5 --map kpca",
                                "soap good.xyz -o out.h5 --map umap",
                                "soap good.xyz -o out.h5 --map kpca --max-memory '4 apples'",
                                "soap good.xyz -o out.npy --map kpca",
                                "soap good.xyz -o out.h5 --map kpca --landmarks 2",
                                "soap good.xyz -o out.h5 --select fps",
                                "soap good.xyz -o out.h5 --select fps --count 0",
                                "soap good.xyz -o out.h5 --select fps --count 5",
                                "soap none.xyz -o out.h5",
                                "soap good.cfg -o out.h5",
                                "soap good.xyz --similarity none.xyz -o out.xyz"})
    section.cases.push_back({"", "", "", arguments});
  auto const add = [&](std::string const& name, std::string const& content) {
    section.cases.push_back({"", name, content, "soap good.xyz --similarity " + name + " -o out.xyz"});
  };
  std::string const silicon = "1\nProperties=species:S:1:pos:R:3 name=Si\nSi 0 0 0\n";
  add("empty.xyz", "");
  add("silicon.xyz", silicon);
  add("without_names.xyz", replaced(silicon, " name=Si", ""));
  add("twice.xyz", silicon + silicon);
  return section;
}

Section analyses() {
  Section section{"Analyses of trajectories", {}};
  for (char const* arguments :
       {"analyze good.xyz", "analyze none.xyz -o out", "analyze good.xyz -o good.xyz",
        "analyze good.xyz -o out --bond-cutoff 0", "analyze good.xyz -o out --r-max=-1",
        "analyze good.xyz -o out --r-bin 20", "analyze good.xyz -o out --q-bin nan",
        "analyze good.xyz -o out --vectors 0", "analyze good.xyz -o out --peak-from 3",
        "analyze good.xyz -o out --threshold 0.8", "analyze good.xyz -o out --similarity none.xyz",
        "analyze good.xyz -o out --similarity good.xyz"})
    section.cases.push_back({"", "", "", arguments});
  std::string const named = replaced(good_xyz, "energy=-1", "name=dia energy=-1");
  for (char const* more :
       {"--threshold 1", "--classes dia,sh", "--least-grain 0", "--misorientation 100", "--preset 2022", "--map pca"})
    section.cases.push_back(
        {"", "dia.xyz", named, "analyze good.xyz -o out --similarity dia.xyz " + std::string(more)});
  section.cases.push_back(
      {"", "dia.xyz", named, "analyze good.xyz -o out --similarity dia.xyz --similarity-pressure-key pressure"});
  return section;
}

Section validations() {
  Section section{"Validations (`sinter validate bad.toml`)", {}};
  std::string const good =
      "[potentials]\na = \"good.mtp\"\n[errors.sets]\nb = \"good.xyz\"\n[static]\nelement = \"Si\"\n"
      "crystals = [\"dia\"]\n[checks.c]\nvalue = \"/errors\"\nlow = 0\nsource = \"d\"\n";
  section.cases.push_back({"no such file", "", "", "validate none.toml"});
  auto const change = [&](std::string const& from, std::string const& to) {
    section.cases.push_back(
        {"`" + from + "` became `" + to + "`", "bad.toml", replaced(good, from, to), "validate bad.toml"});
  };
  change("[potentials]", "[potential]");
  change("[errors.sets]", "[errors.set]");
  change("\"good.xyz\"", "8");
  change("\"Si\"", "\"Qq\"");
  change("[\"dia\"]", "[\"diamant\"]");
  change("crystals", "crystal");
  change("[checks.c]", "pressures = [0]\nvolumes = [1, 2]\n[checks.c]");
  change("[checks.c]", "defects = [\"hole\"]\n[checks.c]");
  change("[checks.c]", "supercell = 0\n[checks.c]");
  change("[checks.c]", "phonons = [\"X\", \"X\"]\n[checks.c]");
  change("\"/errors\"", "\"errors\"");
  change("low = 0\n", "");
  change("[checks.c]", "[output]\ndir = \"good.xyz\"\n[checks.c]");
  change("[checks.c]", "[trajectories]\nframes = \":\"\n[checks.c]");
  change("[checks.c]", "[map]\nfiles = { m = \"good.xyz\" }\nkind = \"umap\"\n[checks.c]");
  return section;
}

Section relaxations() {
  Section section{"Relaxations", {}};
  for (char const* arguments :
       {"relax good.mtp", "relax good.mtp good.xyz", "relax none.mtp good.xyz -o out.xyz",
        "relax good.mtp none.xyz -o out.xyz", "relax good.mtp good.xyz -o out.data",
        "relax good.mtp good.xyz -o good.xyz", "relax good.mtp good.xyz -o none/out.xyz",
        "relax good.mtp good.xyz -o out.xyz --json out.xyz", "relax good.mtp good.xyz -o out.xyz --frames 7:",
        "relax good.mtp good.xyz -o out.xyz --cell cubic", "relax good.mtp good.xyz -o out.xyz --pressure nan",
        "relax good.mtp good.xyz -o out.xyz --pressure 1 --pressure-key pressure",
        "relax good.mtp good.xyz -o out.xyz --pressure-key pressure",
        "relax good.mtp good.xyz -o out.xyz --force-tolerance=-1e-9",
        "relax good.mtp good.xyz -o out.xyz --pressure-tolerance 0",
        "relax good.mtp good.xyz -o out.xyz --max-steps=-1", "relax good.mtp good.xyz -o out.xyz --min-distance=-1"})
    section.cases.push_back({"", "", "", arguments});
  auto const add = [&](std::string const& name, std::string const& content, std::string const& files) {
    section.cases.push_back({"", name, content, "relax " + files + " -o out.xyz --json out.json"});
  };
  add("untrained.mtp", good_mtp.substr(0, good_mtp.find("species_coeffs")), "untrained.mtp good.xyz");
  add("empty.xyz", "", "good.mtp empty.xyz");
  add("cut.xyz", good_xyz + good_xyz.substr(0, good_xyz.size() - 8), "good.mtp cut.xyz");
  add("germanium.xyz", replaced(good_xyz, "Si 0", "Ge 0"), "good.mtp germanium.xyz");
  add("in_words.xyz", replaced(good_xyz, "energy", "pressure=high energy"),
      "good.mtp in_words.xyz --pressure-key pressure");
  return section;
}

Section usage() {
  Section section{"Usage", {}};
  for (char const* arguments : {"", "evaluate", "eval", "eval good.mtp", "eval good.mtp good.xyz --unknown",
                                "eval good.mtp good.xyz --precision half", "eval good.mtp good.xyz --frames 1:2:3:4",
                                "eval good.mtp good.xyz --frames=::-1", "eval good.mtp good.xyz --frames 7:",
                                "eval good.mtp good.xyz --species Si,Qq", "eval good.mtp good.xyz --energy-key enrgy",
                                "eval good.mtp good.xyz -o none/out.xyz", "eval good.mtp good.xyz -o out.poscar",
                                "eval good.mtp good.xyz -o good.xyz", "eval good.mtp good.xyz --json /dev/full",
                                "fit good.toml --set output.dir", "fit good.toml --set model.levle=3"})
    section.cases.push_back({"", "", "", arguments});
  return section;
}

class BadInput : public test::CommandTest {
 protected:
  void SetUp() override {
    (void)folder.write("good.mtp", good_mtp);
    (void)folder.write("good.xyz", good_xyz);
    (void)folder.write("good.cfg", good_cfg);
    (void)folder.write("good.toml", good_toml);
    std::filesystem::create_directory(folder / "folder.mtp");
    std::filesystem::create_directory(folder / "folder.xyz");
    std::filesystem::create_directory(folder / "folder.h5");
  }

  // A count in a damaged file must not become an allocation. Sanitizers and CUDA reserve address space by the terabyte.
  Outcome runInFolder(std::string const& arguments) const {
    std::string const limit = SINTER_LIMIT_ADDRESS_SPACE ? "ulimit -v 4000000 &&" : "";
    return run(arguments, "cd " + quoted(folder / ".") + " && " + limit);
  }

  /// Runs a case and gives its message, without "sinter: error: ".
  std::string messageOf(Case const& c) const {
    if (!c.name.empty()) (void)folder.write(c.name, c.content);
    auto const files = folder.count();
    auto const begin = std::chrono::steady_clock::now();
    Outcome const outcome = runInFolder(c.arguments);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60)) << c.what;
    EXPECT_EQ(folder.count(), files) << c.what << ": a file was left behind";
    if (!c.name.empty()) std::filesystem::remove(folder / c.name);
    constexpr std::string_view head = "sinter: error: ";
    EXPECT_EQ(outcome.code, c.code) << c.what << "\n" << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with(head)) << c.what << "\n" << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << c.what << "\n" << outcome.err;
    EXPECT_LT(outcome.err.size(), 700U) << outcome.err;
    if (!outcome.err.starts_with(head)) return outcome.err;
    std::string message = outcome.err.substr(head.size(), outcome.err.size() - head.size() - 1);
    // What depends on the day or on a library's version.
    std::string const path = folder / "";
    for (auto at = message.find(path); at != std::string::npos; at = message.find(path)) message.erase(at, path.size());
    constexpr std::string_view from_library = "not valid TOML: ";
    if (auto const at = message.find(from_library); at != std::string::npos)
      message.replace(at + from_library.size(), std::string::npos, "...");
    constexpr std::string_view from_hdf5 = "(HDF5: ";
    if (auto const at = message.find(from_hdf5); at != std::string::npos)
      message.replace(at + from_hdf5.size(), message.find(')', at) - at - from_hdf5.size(), "...");
    return message;
  }

  // Text in a cell of a Markdown table.
  static std::string cell(std::string_view text) {
    std::string result;
    for (char const c : text) {
      if (c == '|') result += '\\';
      if (c == '\n')
        result += "\\n";
      else
        result += c;
    }
    return result;
  }
};

TEST_F(BadInput, TheGoodFilesAreGood) {
  for (char const* arguments : {"eval good.mtp good.xyz", "eval good.mtp good.cfg", "fit good.toml --dry-run"})
    EXPECT_EQ(runInFolder(arguments).code, 0) << arguments << "\n" << runInFolder(arguments).err;
}

TEST_F(BadInput, MessagesAreThoseOfTheTable) {
  std::size_t count = 0;
  std::string table;
  for (Section const& section : {potentials(), extendedXyz(), configurations(), databases(), settings(), soap(),
                                 relaxations(), validations(), analyses(), usage()}) {
    bool const commands = section.cases.front().what.empty();
    table +=
        "\n## " + section.title + "\n\n| " + (commands ? "command" : "what is wrong") + " | message |\n|---|---|\n";
    for (Case const& c : section.cases) {
      std::string const first = commands ? "`sinter" + (c.arguments.empty() ? "" : " " + c.arguments) + "`" : c.what;
      table += "| " + cell(first) + " | " + cell(messageOf(c)) + " |\n";
      ++count;
    }
  }
  EXPECT_GE(count, 60U);
  std::string const text =
      "# Bad input\n\nWhat the program says to " + std::to_string(count) +
      " malformed inputs: always one line on standard error after `sinter: error: `, exit code 2,\n"
      "and no file written. `tests/app/bad_input_test.cpp` makes the inputs, runs the program and "
      "compares with this\ntable; `SINTER_UPDATE_DOCS=1 ctest -R bad_input_test` writes it anew.\n" +
      table;
  if (std::getenv("SINTER_UPDATE_DOCS") != nullptr) std::ofstream(SINTER_BAD_INPUT_TABLE, std::ios::binary) << text;
  // Line by line, so that a difference can be read.
  std::string const kept = contentOf(SINTER_BAD_INPUT_TABLE);
  auto const lines = [](std::string const& whole) {
    std::vector<std::string> result(1);
    for (char const c : whole)
      if (c == '\n')
        result.emplace_back();
      else
        result.back() += c;
    return result;
  };
  auto const now = lines(text), before = lines(kept);
  EXPECT_EQ(now.size(), before.size()) << "docs/bad-input.md is of another program; see its first lines";
  for (std::size_t i = 0; i < std::min(now.size(), before.size()); ++i) EXPECT_EQ(now[i], before[i]);
}

}  // namespace
}  // namespace sinter
