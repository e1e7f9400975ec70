#include "sinter/fitting/checkpoint.hpp"

#include <hdf5.h>

#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"

namespace sinter {

namespace {

// An identifier of HDF5 that is closed with its owner.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : _id(id), _close(close) {}
  ~Handle() {
    if (_id >= 0) _close(_id);
  }
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  operator hid_t() const { return _id; }
  [[nodiscard]] bool valid() const { return _id >= 0; }

 private:
  hid_t _id;
  herr_t (*_close)(hid_t);
};

// What of a state is not in vectors.
constexpr std::size_t numbers = 9;
std::array<double, numbers> numbersOf(FitStage const& stage) {
  auto const& s = stage.state;
  return {static_cast<double>(stage.start),
          static_cast<double>(stage.level),
          stage.all_data ? 1.0 : 0.0,
          s.damping,
          s.growth,
          static_cast<double>(s.iterations),
          s.loss,
          s.converged ? 1.0 : 0.0,
          static_cast<double>(stage.losses.size())};
}

void check(bool good, std::string const& file) {
  if (!good) throw SystemError("cannot make the checkpoint " + file);
}

void write(hid_t file, std::string const& name, std::vector<double> const& values, std::string const& where) {
  hsize_t const size = values.size();
  Handle const space(H5Screate_simple(1, &size, nullptr), H5Sclose), links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  check(H5Pset_create_intermediate_group(links, 1) >= 0, where);
  Handle const data(H5Dcreate2(file, name.c_str(), H5T_IEEE_F64LE, space, links, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  check(data.valid() && H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0, where);
}

std::vector<double> read(hid_t file, std::string const& name, std::string const& where) {
  Handle const data(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
  Handle const space(data.valid() ? H5Dget_space(data) : -1, H5Sclose);
  auto const size = space.valid() ? H5Sget_simple_extent_npoints(space) : -1;
  std::vector<double> values(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (size < 0 || H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    throw InputError(where + ": found no numbers " + name + ", expected the checkpoint of a fit");
  return values;
}

// Vectors of one length as one, and back.
std::vector<double> joined(std::vector<std::vector<double>> const& vectors) {
  std::vector<double> result;
  for (auto const& v : vectors) result.insert(result.end(), v.begin(), v.end());
  return result;
}
std::vector<std::vector<double>> split(std::vector<double> const& all, std::size_t length) {
  std::vector<std::vector<double>> result;
  for (std::size_t at = 0; length > 0 && at + length <= all.size(); at += length)
    result.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at),
                        all.begin() + static_cast<std::ptrdiff_t>(at + length));
  return result;
}

std::string stageName(std::size_t n) { return "/stages/" + std::to_string(n); }

}  // namespace

void writeCheckpoint(std::string const& file, FitState const& state) {
  Handle const access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  check(H5Pset_fapl_core(access, std::size_t{1} << 16, 0) >= 0, file);  // in memory
  std::string image;
  {
    Handle const h5(H5Fcreate("checkpoint", H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose);
    check(h5.valid(), file);
    std::vector<double> identity(state.identity.begin(), state.identity.end());  // digits, as characters
    write(h5, "/identity", identity, file);
    write(h5, "/size", {static_cast<double>(state.stages.size())}, file);
    for (std::size_t n = 0; n < state.stages.size(); ++n) {
      auto const& stage = state.stages[n];
      auto const values = numbersOf(stage);
      write(h5, stageName(n) + "/numbers", {values.begin(), values.end()}, file);
      write(h5, stageName(n) + "/radial", stage.state.radial, file);
      write(h5, stageName(n) + "/losses", stage.losses, file);
      write(h5, stageName(n) + "/gradient", stage.state.gradient, file);
      write(h5, stageName(n) + "/steps", joined(stage.state.pairs.steps), file);
      write(h5, stageName(n) + "/changes", joined(stage.state.pairs.changes), file);
      write(h5, stageName(n) + "/recent_losses", stage.state.recent_losses, file);
    }
    check(H5Fflush(h5, H5F_SCOPE_GLOBAL) >= 0, file);
    auto const size = H5Fget_file_image(h5, nullptr, 0);
    check(size > 0, file);
    image.resize(static_cast<std::size_t>(size));
    check(H5Fget_file_image(h5, image.data(), image.size()) == size, file);
  }
  writeFile(file, image);
}

FitState readCheckpoint(std::string const& file) {
  if (!std::filesystem::exists(file))
    throw InputError(file + ": found no such file, expected the checkpoint of an interrupted fit");
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are told below
  Handle const h5(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!h5.valid()) throw InputError(file + ": found no HDF5 file (or a damaged one), expected the checkpoint of a fit");
  FitState state;
  for (double const digit : read(h5, "/identity", file)) state.identity.push_back(static_cast<char>(digit));
  auto const size = read(h5, "/size", file);
  for (std::size_t n = 0; !size.empty() && n < static_cast<std::size_t>(size.front()); ++n) {
    auto const values = read(h5, stageName(n) + "/numbers", file);
    if (values.size() != numbers)
      throw InputError(file + ": found " + std::to_string(values.size()) + " numbers in stage " + std::to_string(n) +
                       ", expected " + std::to_string(numbers));
    FitStage stage;
    stage.start = static_cast<int>(values[0]);
    stage.level = static_cast<int>(values[1]);
    stage.all_data = values[2] != 0;
    stage.state.damping = values[3];
    stage.state.growth = values[4];
    stage.state.iterations = static_cast<int>(values[5]);
    stage.state.loss = values[6];
    stage.state.converged = values[7] != 0;
    stage.state.radial = read(h5, stageName(n) + "/radial", file);
    stage.losses = read(h5, stageName(n) + "/losses", file);
    stage.state.gradient = read(h5, stageName(n) + "/gradient", file);
    auto const length = stage.state.radial.size();
    auto const steps = read(h5, stageName(n) + "/steps", file), changes = read(h5, stageName(n) + "/changes", file);
    stage.state.pairs = {split(steps, length), split(changes, length)};
    stage.state.recent_losses = read(h5, stageName(n) + "/recent_losses", file);
    bool const fits = (stage.state.gradient.empty() || stage.state.gradient.size() == length) &&
                      steps.size() == changes.size() && steps.size() == stage.state.pairs.size() * length;
    if (!fits || static_cast<double>(stage.losses.size()) != values[8])
      throw InputError(file + ": found gradients in stage " + std::to_string(n) +
                       " that do not belong to its radial coefficients, expected the checkpoint of a fit");
    state.stages.push_back(std::move(stage));
  }
  return state;
}

}  // namespace sinter
