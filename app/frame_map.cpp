#include "frame_map.hpp"

#include "sinter/core/error.hpp"
#include "sinter/soap/soap_map.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

void FrameMap::add(std::vector<double> const& vector) {
  _has_vector.push_back(!vector.empty());
  if (!vector.empty()) _dimension = vector.size();
  _vectors.insert(_vectors.end(), vector.begin(), vector.end());
}

Json FrameMap::json() const {
  SoapMapSettings settings;
  settings.kind = _kind == "kpca" ? SoapMapKind::kernel_pca : SoapMapKind::distance_pca;
  settings.zeta = _zeta;
  settings.components = 2;
  settings.max_memory = std::size_t{4} << 30;
  Json result = {{"kind", _kind},
                 {"zeta", _zeta},
                 {"explained_fraction", Json::array()},
                 {"soap_map_1", Json::array()},
                 {"soap_map_2", Json::array()},
                 {"reason", nullptr}};
  std::vector<double> coordinates;
  try {
    SoapMap const map(_vectors, static_cast<int>(_dimension), settings);
    coordinates = map.coordinates();
    result["explained_fraction"] = map.explained();
  } catch (InputError const& error) {  // too few frames, too many, all alike
    result["reason"] = error.what();
  }
  std::size_t row = 0;
  for (bool const has_vector : _has_vector) {
    bool const is_on_map = has_vector && !coordinates.empty();
    result["soap_map_1"].push_back(is_on_map ? Json(coordinates[row]) : Json(nullptr));
    result["soap_map_2"].push_back(is_on_map ? Json(coordinates[row + 1]) : Json(nullptr));
    if (is_on_map) row += 2;
  }
  return result;
}

}  // namespace sinter::app
