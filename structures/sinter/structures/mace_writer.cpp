#include "sinter/structures/mace_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "sinter/structures/frame_record.hpp"
#include "sinter/structures/hdf5_file.hpp"

namespace sinter {

namespace {

using detail::flat;
using detail::Hdf5Id;
using detail::Hdf5Output;

// A tensor of Voigt form as a matrix, times `factor`.
std::array<double, 9> matrixOf(Voigt const& tensor, double factor) {
  auto const& [xx, yy, zz, yz, xz, xy] = tensor;
  std::array<double, 9> matrix = {xx, xy, xz, xy, yy, yz, xz, yz, zz};
  for (double& x : matrix) x *= factor;
  return matrix;
}

}  // namespace

MaceWriter::MaceWriter(std::string const& file)
    : StructureWriter("MaceWriter"), _output(std::make_unique<Hdf5Output>(file, Hdf5Output::Start::empty)) {}
MaceWriter::~MaceWriter() = default;

void MaceWriter::writeFrame(Structure const& structure, std::span<AtomColumn const>, Structure const*) {
  if (std::any_of(structure.species.begin(), structure.species.end(), [](std::int32_t s) { return s < 0; }))
    fail("found a type without a name, expected elements (--species)");
  Hdf5Id const batch = _output->group(_output->id(), "config_batch_0"),
               group = _output->group(batch.get(), "config_" + std::to_string(_frames++));
  hid_t const id = group.get();
  hsize_t const atoms = structure.size();
  std::vector<std::int32_t> const periodic(structure.periodic.begin(), structure.periodic.end());
  _output->writeArray(id, "atomic_numbers", {atoms}, structure.species);
  _output->writeArray(id, "positions", {atoms, 3}, flat(structure.positions));
  _output->writeArray(id, "cell", {3, 3}, flat(structure.cell));
  _output->writeArray(id, "pbc", {3}, periodic);
  double const weight = makeFrameRecord(structure, "", 0).weight.value_or(1);
  _output->writeArray(id, "weight", {}, {&weight, 1});
  _output->writeText(id, "config_type", structure.config_type.empty() ? "Default" : structure.config_type);
  writeLabels(group, structure);
}

void MaceWriter::writeLabels(Hdf5Id const& group, Structure const& structure) const {
  Hdf5Id const properties = _output->group(group.get(), "properties"),
               weights = _output->group(group.get(), "property_weights");
  auto const write = [&](std::string const& name, bool there, std::vector<hsize_t> const& dimensions,
                         std::span<double const> values) {
    double const weight = there ? 1 : 0;
    _output->writeArray(weights.get(), name, {}, {&weight, 1});
    if (there)
      _output->writeArray(properties.get(), name, dimensions, values);
    else
      _output->writeText(properties.get(), name, "None");
  };
  double const energy = structure.energy.value_or(0);
  auto const cell_volume = volume(structure);
  Voigt const virial = structure.virial.value_or(Voigt{});
  auto const virials = matrixOf(virial, 1), stress = matrixOf(virial, -1 / cell_volume.value_or(1));
  write("energy", structure.energy.has_value(), {}, {&energy, 1});
  write("forces", !structure.forces.empty(), {structure.size(), 3}, flat(structure.forces));
  write("virials", structure.virial.has_value(), {3, 3}, virials);
  write("stress", structure.virial && cell_volume, {3, 3}, stress);
}

void MaceWriter::close() { _output->close(); }

}  // namespace sinter
