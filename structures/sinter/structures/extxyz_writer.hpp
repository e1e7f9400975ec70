/// \file
/// Writing extended XYZ.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Writes frames one after another, numbers with 17 significant digits, to a temporary name beside `file` that is
/// renamed by `close`; a writer destroyed without `close` leaves nothing behind.
class ExtxyzWriter {
 public:
  /// \throws SystemError when the file cannot be written.
  explicit ExtxyzWriter(std::string const& file);
  ~ExtxyzWriter();
  ExtxyzWriter(ExtxyzWriter&&) noexcept;
  ExtxyzWriter& operator=(ExtxyzWriter&&) noexcept;

  /// A further column of one number per atom.
  struct AtomColumn {
    std::string_view name;
    std::span<double const> values;  ///< one per atom
  };

  /// Writes `structure` with its labels as `energy`, `forces`, `virial` (nine numbers, row-major), `config_type`;
  /// the labels of `reference`, where given, as `ref_energy`, `ref_forces`, `ref_virial`.
  /// \throws SystemError when the disk is full.
  void write(Structure const& structure, std::span<AtomColumn const> columns = {},
             Structure const* reference = nullptr);

  /// Finishes the file and gives it its name.
  void close();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> _implementation;
};

}  // namespace sinter
