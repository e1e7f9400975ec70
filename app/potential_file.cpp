#include "potential_file.hpp"

#include <string_view>

#include "output_path.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_io.hpp"

namespace sinter::app {

bool isPotential(std::string const& file) {
  std::string const kind = lowerExtension(file);
  return kind == ".mtp" || kind == ".almtp";
}

MtpModel readPotential(std::string const& file) {
  if (!isPotential(file))
    throw InputError(file, 0,
                     "found a potential of unknown kind ('" + lowerExtension(file) +
                         "'), expected .mtp or .almtp (what this version evaluates)");
  return readMtp(file);
}

MtpModel readTrainedPotential(std::string const& file) {
  MtpModel model = readPotential(file);
  if (!model.trained())
    throw InputError(file, 0, "found no coefficients (an untrained template), expected a trained potential");
  return model;
}

std::vector<std::int32_t> atomicNumbersOf(std::string const& symbols) {
  std::vector<std::int32_t> numbers;
  std::string_view rest = symbols;
  for (bool more = !rest.empty(); more;) {
    std::size_t const comma = rest.find(',');
    std::string_view const symbol = rest.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
    numbers.push_back(atomicNumber(symbol));
    if (numbers.back() == 0)
      throw InputError("--species " + symbols + ": found '" + std::string(symbol) +
                       "', expected chemical symbols with commas between, as in Si,O");
  }
  return numbers;
}

void nameSpecies(MtpModel& model, std::vector<std::int32_t> const& names, std::string const& where) {
  if (names.empty() || !model.species.empty()) return;
  auto const types = static_cast<std::size_t>(model.species_count);
  if (types == 1 && names.size() > 1) return;
  if (names.size() != types)
    throw InputError("--species: found " + std::to_string(names.size()) + " names, expected " + std::to_string(types) +
                     ", one for each species of " + where + ", which names none");
  model.species = names;
  checkMtpModel(model, where + " with --species");
}

}  // namespace sinter::app
