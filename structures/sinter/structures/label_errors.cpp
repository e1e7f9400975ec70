#include "sinter/structures/label_errors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "sinter/core/error.hpp"
#include "sinter/core/evaluation.hpp"

namespace sinter {

void ErrorStatistics::add(double difference, std::size_t times) {
  double const size = std::abs(difference), weight = static_cast<double>(times);
  _count += times;
  _sum += weight * size;
  _sum_of_squares += weight * size * size;
  if (!(size <= _largest)) _largest = std::isnan(_largest) ? _largest : size;
}

std::optional<double> ErrorStatistics::mae() const {
  if (_count == 0) return std::nullopt;
  return _sum / static_cast<double>(_count);
}

std::optional<double> ErrorStatistics::rmse() const {
  if (_count == 0) return std::nullopt;
  return std::sqrt(_sum_of_squares / static_cast<double>(_count));
}

std::optional<double> ErrorStatistics::largest() const {
  if (_count == 0) return std::nullopt;
  return _largest;
}

void LabelErrors::add(Structure const& labelled, Evaluation const& predicted) {
  auto const fail = [](std::string const& message) { throw InputError("LabelErrors::add: " + message); };
  std::size_t const size = labelled.size();
  bool const has_virial = labelled.virial && volume(labelled);
  if (!labelled.energy && labelled.forces.empty() && !has_virial) return;
  if (size == 0) fail("found a structure without atoms, expected at least one");
  if (!labelled.forces.empty() && (labelled.forces.size() != size || predicted.forces.size() != size))
    fail("found " + std::to_string(labelled.forces.size()) + " reference and " +
         std::to_string(predicted.forces.size()) + " predicted forces, expected " + std::to_string(size));

  auto const count = [&](ErrorGroup& group) {
    auto const atoms = static_cast<double>(size);
    group.frames += 1;
    group.atoms += size;
    if (labelled.energy) group.energy.add((predicted.energy - *labelled.energy) / atoms);
    for (std::size_t i = 0; i < labelled.forces.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x) group.force.add(predicted.forces[i][x] - labelled.forces[i][x]);
    if (has_virial)
      for (std::size_t v = 0; v < 6; ++v)
        group.virial.add((predicted.virial[v] - (*labelled.virial)[v]) / atoms, v < 3 ? 1 : 2);
  };
  count(_all);
  if (!labelled.config_type.empty()) count(_by_config_type[labelled.config_type]);
}

namespace {

constexpr std::size_t longest_name = 40;

// Names come from files: control characters would break the table (or the terminal).
std::string printable(std::string_view name) {
  std::string result(name.substr(0, longest_name));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return result;
}

std::string cell(std::optional<double> value, double scale, int decimals) {
  if (!value) return "-";
  std::array<char, 64> text{};
  double const x = *value * scale;
  std::snprintf(text.data(), text.size(), std::abs(x) < 1e6 ? "%.*f" : "%.*e", decimals, x);
  return text.data();
}

std::string line(std::string const& name, std::size_t name_width, std::array<std::string, 7> const& cells) {
  constexpr std::array<std::size_t, 7> widths = {8, 10, 12, 12, 12, 12, 12};
  std::string result = name + std::string(name_width - std::min(name_width, name.size()), ' ');
  for (std::size_t k = 0; k < cells.size(); ++k)
    result += " " + std::string(widths[k] - std::min(widths[k], cells[k].size()), ' ') + cells[k];
  return result + "\n";
}

}  // namespace

std::string formatErrorTable(LabelErrors const& errors) {
  constexpr std::string_view all = "all", heading = "config_type";
  constexpr double milli = 1e3;
  std::size_t width = heading.size();
  for (auto const& [name, group] : errors.byConfigType()) width = std::max(width, printable(name).size());

  std::string table = line("", width, {"", "", "energy MAE", "RMSE", "force MAE", "RMSE", "virial RMSE"});
  table += line(std::string(heading), width, {"frames", "atoms", "meV/atom", "meV/atom", "eV/A", "eV/A", "meV/atom"});
  auto const add = [&](std::string const& name, ErrorGroup const& group) {
    table += line(name, width,
                  {std::to_string(group.frames), std::to_string(group.atoms), cell(group.energy.mae(), milli, 3),
                   cell(group.energy.rmse(), milli, 3), cell(group.force.mae(), 1, 4), cell(group.force.rmse(), 1, 4),
                   cell(group.virial.rmse(), milli, 3)});
  };
  add(std::string(all), errors.all());
  for (auto const& [name, group] : errors.byConfigType()) add(printable(name), group);
  return table;
}

}  // namespace sinter
