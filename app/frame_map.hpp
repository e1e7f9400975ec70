/// \file
/// A map of the frames of a trajectory by their SOAP vectors, as that of `sinter soap --map`: section `map` of
/// report.json.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sinter::app {

/// Two coordinates of each frame. Keeps a vector per frame (the inner average, 8 bytes per component).
class FrameMap {
 public:
  /// \param kind kpca or paper, as in `sinter soap --map` \param zeta of the kernel
  FrameMap(std::string kind, double zeta) : _kind(std::move(kind)), _zeta(zeta) {}

  /// \param vector of the next frame, or empty where it has none
  void add(std::vector<double> const& vector);

  /// `kind`, `zeta`, `explained_fraction`, `soap_map_1` and `soap_map_2` (lists, a number per frame), `reason` why
  /// there is no map, or null.
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  std::string _kind;
  double _zeta;
  std::size_t _dimension = 0;
  std::vector<bool> _has_vector;  // of frames
  std::vector<double> _vectors;
};

}  // namespace sinter::app
