/// \file
/// Writes what a LAMMPS run of the benchmarks needs: potential, data file, and the plain reference's answer for one
/// atom.
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "mtp_cases.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/structures/lammps_data_writer.hpp"

int main(int argc, char** argv) {
  using namespace sinter;
  if (argc != 5) {
    std::cerr << "usage: lammps_case LEVEL SPECIES template|foreign PREFIX\n"
                 "Writes PREFIX.mtp, PREFIX.data (8000 atoms) and PREFIX.json.\n";
    return 2;
  }
  try {
    perf::MtpCase const mtp{
        .level = std::stoi(argv[1]), .species = std::stoi(argv[2]), .foreign = std::string(argv[3]) == "foreign"};
    std::string const prefix = argv[4];
    constexpr int cells = 10;
    auto const model = perf::makeModel(mtp);
    auto const crystal = perf::crystalOf(mtp, cells);
    writeMtp(model, prefix + ".mtp");
    LammpsDataWriter data(prefix + ".data", model.species);
    data.write(crystal);
    data.close();
    auto const check = perf::spotCheck(model, crystal, perf::middleAtom(cells));
    nlohmann::ordered_json json = {{"flops", perf::standardFlops(mtp)},
                                   {"atoms", crystal.size()},
                                   {"elements", nlohmann::json::array()},
                                   {"check",
                                    {{"atom", check.atom},
                                     {"centres", check.centres},
                                     {"energy", check.energy},
                                     {"force", check.force},
                                     {"scale", check.scale}}}};
    for (int const z : model.species) json["elements"].push_back(chemicalSymbol(z));
    writeFile(prefix + ".json", json.dump());
  } catch (std::exception const& error) {
    std::cerr << "lammps_case: " << error.what() << '\n';
    return 1;
  }
}
