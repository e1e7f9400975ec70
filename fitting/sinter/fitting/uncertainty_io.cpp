#include "sinter/fitting/uncertainty_io.hpp"

#include <cmath>
#include <filesystem>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/hdf5_columns.hpp"
#include "sinter/structures/hdf5_file.hpp"

namespace sinter {

namespace {

using detail::ColumnReader;
using detail::ColumnWriter;
using detail::Hdf5Input;
using detail::Hdf5Output;
using detail::RowShape;

constexpr std::int32_t uncertainty_version = 1;

RowShape rowsOf(int unknowns) { return {{static_cast<hsize_t>(unknowns)}, 64}; }
RowShape const number = {{}, 1};

double readNumber(Hdf5Input const& input, std::string const& path) {
  ColumnReader<double> column(input, path, number);
  column.requireRows(1, "one number");
  double const value = column.at(0);
  if (!(value >= 0) || !std::isfinite(value)) input.fail(path, std::to_string(value), "a number >= 0");
  return value;
}

void writeNumber(Hdf5Output const& output, std::string const& path, double value) {
  ColumnWriter<double> column(output, path, number);
  column.append(value);
  column.close();
}

void writeSpread(Hdf5Output const& output, std::string const& group, CoefficientSpread const& spread, int unknowns) {
  ColumnWriter<double> directions(output, group + "/directions", rowsOf(unknowns));
  directions.append(spread.directions);
  directions.close();
  writeNumber(output, group + "/scale", spread.scale);
}

CoefficientSpread readSpread(Hdf5Input const& input, std::string const& group, int unknowns) {
  CoefficientSpread spread;
  ColumnReader<double> directions(input, group + "/directions", rowsOf(unknowns));
  spread.directions.resize(directions.rows() * static_cast<std::size_t>(unknowns));
  directions.read(0, directions.rows(), spread.directions.data());
  for (double const d : spread.directions)
    if (!std::isfinite(d)) input.fail(group + "/directions", "numbers that are not finite", "finite ones");
  spread.scale = readNumber(input, group + "/scale");
  return spread;
}

}  // namespace

std::string uncertaintyFileOf(std::string const& potential) {
  return std::filesystem::path(potential).replace_extension(".uncertainty.h5").string();
}

void writeUncertainty(std::string const& file, FitUncertainty const& uncertainty, std::string const& potential_sha256) {
  Hdf5Output output(file, Hdf5Output::Start::empty);
  {
    auto const meta = output.group(output.id(), "/meta");
    output.setAttribute(meta.get(), "version", std::vector<std::int32_t>{uncertainty_version});
    output.setAttribute(meta.get(), "unknowns", std::vector<std::int32_t>{uncertainty.unknowns});
    output.setAttribute(meta.get(), "units", std::string("eV"));
    output.setAttribute(meta.get(), "potential_sha256", potential_sha256);
  }
  writeNumber(output, "/noise_variance", uncertainty.noise_variance);
  writeSpread(output, "/covariance", uncertainty.covariance, uncertainty.unknowns);
  writeSpread(output, "/committee", uncertainty.committee, uncertainty.unknowns);
  output.close();
}

FitUncertainty readUncertainty(std::string const& file, std::string const& potential,
                               std::string const& potential_sha256) {
  if (!std::filesystem::exists(file))
    throw InputError(file, 0,
                     "found no such file, expected the uncertainty of " + potential + ", which sinter fit writes");
  Hdf5Input const input(file);
  if (!input.has("/meta") || !input.has("/covariance") || !input.has("/committee"))
    throw InputError(file, 0, "found another HDF5 file, expected the uncertainty of a potential");
  auto const version = input.integerAttribute("/meta", "version");
  if (version != uncertainty_version)
    input.fail("/meta version", std::to_string(version), std::to_string(uncertainty_version));
  auto const found = input.textAttribute("/meta", "potential_sha256");
  if (found != potential_sha256)
    throw InputError(file, 0,
                     "found the uncertainty of another potential (SHA-256 " + found + "), expected that of " +
                         potential + " (" + potential_sha256 + ")");
  FitUncertainty result;
  auto const unknowns = input.integerAttribute("/meta", "unknowns");
  constexpr std::int64_t most = 1 << 20;
  if (unknowns < 1 || unknowns > most)
    input.fail("/meta unknowns", std::to_string(unknowns), "a number from 1 to " + std::to_string(most));
  result.unknowns = static_cast<int>(unknowns);
  result.noise_variance = readNumber(input, "/noise_variance");
  result.covariance = readSpread(input, "/covariance", result.unknowns);
  result.committee = readSpread(input, "/committee", result.unknowns);
  return result;
}

}  // namespace sinter
