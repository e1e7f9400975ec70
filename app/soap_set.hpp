/// \file
/// `sinter soap --map` and `--select`: what is made of the vectors of all frames of a file together.
#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chosen_frames.hpp"
#include "sinter/soap/soap_map.hpp"
#include "sinter/soap/soap_selection.hpp"
#include "sinter/structures/descriptor_writer.hpp"

namespace sinter::app {

/// What the user says about maps and selections.
struct SoapSetOptions {
  std::optional<std::string> map, select;
  std::optional<std::int64_t> count, landmarks;
  std::string max_memory = "4 GiB";

  [[nodiscard]] bool given() const { return map || select; }
};

/// Declares --map, --landmarks, --select, --count, --max-memory.
void addSoapSetOptions(CLI::App& command, SoapSetOptions& options);

/// The vectors of a file, and a map of them or a selection from them. The file is read three times: to count, for the
/// vectors, and for a result that has structures.
class SoapSet {
 public:
  /// Counts the frames. \param options, frames outlive this; \param of_atoms whether each atom has a vector, or each
  /// frame; \param zeta of the kernel
  /// \throws InputError when there are too few of them, or a number of `options` is out of its range.
  SoapSet(SoapSetOptions const& options, FrameOptions const& frames, std::vector<std::int32_t> species, bool of_atoms,
          double zeta);

  /// \throws InputError when it would take more than max_memory.
  void begin(int dimension);

  /// The vectors of a frame, in their order, or a part of them.
  void append(std::span<double const> vectors);

  /// To be called behind the last. \throws InputError as SoapMap and SoapSelector; Interrupted.
  template <class ExecutionSpace>
  void compute();

  /// Writes the result by the extension of `output`. \param attributes of the vectors
  void write(std::string const& output, DescriptorWriter::Attributes attributes) const;

  /// Adds "map" or "selection".
  void addTo(nlohmann::ordered_json& report) const;

 private:
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(_offsets.back()); }
  [[nodiscard]] std::string counted() const;
  [[nodiscard]] bool isKernelPca() const { return _options.map == "kpca"; }
  void requireUnchanged(bool same) const;
  [[nodiscard]] std::vector<std::int64_t> chosenFrames() const;
  [[nodiscard]] std::vector<std::int64_t> chosenAtoms() const;

  template <class Use>
  void forEachFrame(Use const& use) const;
  void writeMappedFrames(std::string const& output) const;
  void writeSelectedFrames(std::string const& output) const;
  [[nodiscard]] std::string table() const;

  SoapSetOptions const& _options;
  FrameOptions const& _structures;
  std::vector<std::int32_t> _species;
  bool _of_atoms;
  double _zeta;
  std::size_t _max_memory = 0;
  std::vector<std::int64_t> _frames;      // where they stand in the file
  std::vector<std::int64_t> _offsets{0};  // of their rows
  int _dimension = 0;
  std::vector<double> _vectors;
  std::vector<double> _coordinates, _eigenvalues, _explained;  // of a map
  SoapSelection _selection;
};

}  // namespace sinter::app
