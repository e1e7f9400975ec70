#include "sinter/structures/cfg_writer.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "sinter/core/chemical_elements.hpp"

namespace sinter {

CfgWriter::CfgWriter(std::string const& file, std::vector<std::int32_t> species)
    : StructureWriter("CfgWriter"), _text(file), _types(std::move(species)) {}

void CfgWriter::writeFrame(Structure const& structure, std::span<AtomColumn const> columns,
                           Structure const* reference) {
  if (columns.size() > 1 || (columns.size() == 1 && columns[0].name != "site_energy"))
    fail("found a column named '" + std::string(columns.back().name) + "', expected site_energy only");
  auto const without = _types.firstWithout(structure);
  if (without || (_types.open() && _types.elements().size() > 1))
    fail("found " + (without ? chemicalSymbol(*without) : std::to_string(_types.elements().size()) + " elements") +
         ", expected an order of species that has all elements (--species), as .cfg numbers its types");

  _text << "BEGIN_CFG\n Size\n " << structure.size() << "\n";
  if (std::find(structure.periodic.begin(), structure.periodic.end(), true) != structure.periodic.end()) {
    _text << " Supercell\n";
    for (std::size_t d = 0; d < 3; ++d)
      if (structure.periodic[d]) _text << " " << structure.cell[d] << "\n";
  }
  bool const forces = !structure.forces.empty();
  _text << " AtomData:  id type cartes_x cartes_y cartes_z" << (forces ? " fx fy fz" : "")
        << (columns.empty() ? "" : " site_en") << "\n";
  for (std::size_t i = 0; i < structure.size(); ++i) {
    _text << " " << i + 1 << " " << _types[structure.species[i]] << " " << structure.positions[i];
    if (forces) _text << " " << structure.forces[i];
    if (!columns.empty()) _text << " " << columns[0].values[i];
    _text << "\n";
  }
  if (structure.energy) _text << " Energy\n " << *structure.energy << "\n";
  if (structure.virial) _text << " PlusStress:  xx yy zz yz xz xy\n " << *structure.virial << "\n";
  for (auto const& [name, value] : structure.features) writeFeature(name, value);
  if (!structure.config_type.empty()) writeFeature("config_type", structure.config_type);
  if (reference != nullptr) {
    if (reference->energy) _text << " Feature   ref_energy\t" << *reference->energy << "\n";
    if (reference->virial) _text << " Feature   ref_virial\t" << *reference->virial << "\n";
    for (Vector3 const& force : reference->forces) _text << " Feature   ref_forces\t" << force << "\n";
  }
  _text << "END_CFG\n\n";
}

void CfgWriter::writeFeature(std::string_view name, std::string_view value) {
  std::string key(name);
  std::replace_if(
      key.begin(), key.end(), [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }, '_');
  if (key.empty()) return;
  for (bool more = true; more;) {
    std::size_t const end = value.find('\n');
    _text << " Feature   " << key << "\t" << value.substr(0, end) << "\n";
    more = end != std::string_view::npos;
    if (more) value.remove_prefix(end + 1);
  }
}

void CfgWriter::close() { _text.close(); }

}  // namespace sinter
