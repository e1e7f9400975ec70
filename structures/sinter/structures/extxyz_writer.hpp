/// \file
/// Writing extended XYZ.
#pragma once

#include <span>
#include <string>

#include "sinter/structures/frame_text.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter {

/// Writes frames one after another: labels as `energy`, `forces`, `virial` (nine numbers, row-major), `config_type`,
/// those of a reference as `ref_energy`, `ref_forces`, `ref_virial`, further columns under their names, and
/// `Structure::features` as keys (but for names that have a meaning of their own).
class ExtxyzWriter final : public StructureWriter {
 public:
  /// \throws SystemError when the file cannot be created.
  explicit ExtxyzWriter(std::string const& file);

  void close() override;

 private:
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;
  void checkColumns(std::span<AtomColumn const> columns) const;

  detail::FrameText _text;
};

}  // namespace sinter
