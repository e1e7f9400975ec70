#include "sinter/structures/h5md_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "sinter/core/version.hpp"
#include "sinter/structures/features.hpp"
#include "sinter/structures/hdf5_columns.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

namespace {

using detail::ColumnWriter;
using detail::flat;
using detail::Hdf5Id;
using detail::Hdf5Output;
using detail::RowShape;

constexpr char const* steps_path = "/particles/all/position/step";
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// An element that depends on time: a value per frame, with the steps that all elements share.
template <class T>
class Element {
 public:
  Element(Hdf5Output const& output, std::string const& path, RowShape const& shape, std::string const& unit)
      : _values(output, path + "/value", shape) {
    Hdf5Id const group = output.group(output.id(), path), value(H5Dopen2(group.get(), "value", H5P_DEFAULT), H5Dclose);
    if (!unit.empty()) output.setAttribute(value.get(), "unit", unit);
    if (H5Lexists(group.get(), "step", H5P_DEFAULT) <= 0 &&
        H5Lcreate_hard(output.id(), steps_path, group.get(), "step", H5P_DEFAULT, H5P_DEFAULT) < 0)
      output.fail();
  }

  void append(std::span<T const> values) { _values.append(values); }
  void append(T value) { _values.append(value); }
  void close() { _values.close(); }

 private:
  ColumnWriter<T> _values;
};

RowShape perAtom(std::size_t atoms, std::vector<hsize_t> dimensions) {
  constexpr hsize_t atoms_per_chunk = 16384;
  dimensions.insert(dimensions.begin(), atoms);
  return {std::move(dimensions), std::max<hsize_t>(1, atoms_per_chunk / atoms)};
}

/// What there is per frame, for a number of atoms.
struct Elements {
  Elements(Hdf5Output const& output, std::size_t atoms)
      : step(output, steps_path, {}),
        position(output, "/particles/all/position", perAtom(atoms, {3}), "Angstrom"),
        force(output, "/particles/all/force", perAtom(atoms, {3}), "eV Angstrom-1"),
        species(output, "/particles/all/species", perAtom(atoms, {}), ""),
        edges(output, "/particles/all/box/edges", {{3, 3}}, "Angstrom"),
        energy(output, "/observables/potential_energy", {}, "eV"),
        virial(output, "/observables/virial", {{6}}, "eV") {}

  void close() {
    step.close(), position.close(), force.close(), species.close(), edges.close(), energy.close(), virial.close();
  }

  ColumnWriter<std::int64_t> step;
  Element<double> position, force;
  Element<std::int32_t> species;
  Element<double> edges, energy, virial;
};

}  // namespace

class H5mdWriter::File {
 public:
  explicit File(std::string const& file) : _output(file, Hdf5Output::Start::empty) {
    Hdf5Id const root = _output.group(_output.id(), "h5md");
    _output.setAttribute(root.get(), "version", std::vector<std::int32_t>{1, 1});
    Hdf5Id const creator = _output.group(root.get(), "creator"), author = _output.group(root.get(), "author");
    _output.setAttribute(creator.get(), "name", "sinter");
    _output.setAttribute(creator.get(), "version", std::string(version()) + " (" + gitCommit() + ")");
    _output.setAttribute(author.get(), "name", "unknown");
    Hdf5Id const modules = _output.group(root.get(), "modules"), units = _output.group(modules.get(), "units");
    _output.setAttribute(units.get(), "version", std::vector<std::int32_t>{1, 0});
  }

  /// What is wrong with a frame, if anything: the first one decides on atoms and boundaries.
  [[nodiscard]] std::optional<std::string> flawOf(Structure const& structure) const {
    if (!_elements) return std::nullopt;
    if (structure.size() != _atoms)
      return "found " + std::to_string(structure.size()) + " atoms, expected " + std::to_string(_atoms) +
             " as in the first frame (H5MD holds trajectories of one number of atoms)";
    if (structure.periodic != _periodic)
      return "found other periodic directions than in the first frame, expected the same (H5MD has one boundary)";
    return std::nullopt;
  }

  void append(Structure const& structure) {
    if (!_elements) start(structure);
    ++_step;
    if (auto const* const text = findFeature(structure, "timestep"))
      if (auto const number = parseInteger(*text)) _step = std::max(_step, *number);
    _elements->step.append(_step);
    _elements->position.append(flat(structure.positions));
    Vector3 no_force;
    no_force.fill(missing);
    _elements->force.append(flat(structure.forces));
    for (std::size_t i = structure.forces.size(); i < _atoms; ++i) _elements->force.append(no_force);
    _elements->species.append(structure.species);
    _elements->edges.append(flat(structure.cell));
    _elements->energy.append(structure.energy.value_or(missing));
    Voigt none;
    none.fill(missing);
    _elements->virial.append(structure.virial.value_or(none));
  }

  void close() {
    if (_elements) _elements->close();
    _elements.reset();
    _output.close();
  }

 private:
  void start(Structure const& first) {
    _atoms = first.size();
    _periodic = first.periodic;
    _elements.emplace(_output, _atoms);
    Hdf5Id const particles = _output.group(_output.id(), "particles"), all = _output.group(particles.get(), "all"),
                 box = _output.group(all.get(), "box");
    std::vector<std::string> boundary;
    for (bool const periodic : _periodic) boundary.emplace_back(periodic ? "periodic" : "none");
    _output.setAttribute(box.get(), "dimension", std::vector<std::int32_t>{3});
    _output.setAttribute(box.get(), "boundary", boundary);
  }

  Hdf5Output _output;  // before what is in it, to be closed after it
  std::optional<Elements> _elements;
  std::size_t _atoms = 0;
  std::array<bool, 3> _periodic{};
  std::int64_t _step = -1;
};

H5mdWriter::H5mdWriter(std::string const& file) : StructureWriter("H5mdWriter"), _data(std::make_unique<File>(file)) {}
H5mdWriter::~H5mdWriter() = default;

void H5mdWriter::writeFrame(Structure const& structure, std::span<AtomColumn const>, Structure const*) {
  if (auto const flaw = _data->flawOf(structure)) fail(*flaw);
  _data->append(structure);
}

void H5mdWriter::close() { _data->close(); }

}  // namespace sinter
