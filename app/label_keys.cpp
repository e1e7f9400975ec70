#include "label_keys.hpp"

#include "sinter/core/error.hpp"

namespace sinter::app {

void LabelsPresent::add(Structure const& structure) {
  _energy = _energy || structure.energy;
  _forces = _forces || !structure.forces.empty();
  _virial = _virial || structure.virial;
}

void LabelsPresent::check(LabelKeys const& keys, std::array<std::string, 3> const& options,
                          std::string const& where) const {
  auto const check_one = [&](std::string const& option, std::string const& key, bool present) {
    if (!key.empty() && !present)
      throw InputError(where, 0, "found no frame with " + option + " " + key + ", expected one at least");
  };
  check_one(options[0], keys.energy, _energy);
  check_one(options[1], keys.force, _forces);
  check_one(options[2], keys.virial, _virial);
}

}  // namespace sinter::app
