/// \file
/// What `sinter fit` is asked to do: the TOML file of the command line's contract.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sinter/mtp/mtp_radial_basis.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {

/// How weights depend on the number of atoms N of a structure (MLIP's three weightings).
enum class WeightMode {
  vibrations,  ///< energy w_e / N,   forces w_f,     virial w_s / N
  molecules,   ///< energy w_e,       forces w_f,     virial w_s
  structures   ///< energy w_e / N^2, forces w_f / N, virial w_s / N^2
};

/// Weights of one kind of configuration.
struct LabelWeights {
  double energy = 1, force = 0.1, virial = 0.001;
};

/// How radial coefficients are found.
enum class FitMethod {
  linear,  ///< not at all: they stay as they are
  varpro,  ///< variable projection, Levenberg-Marquardt steps (L-BFGS where `methodOf` says so)
  lbfgs,   ///< variable projection, L-BFGS steps
  bfgs     ///< all coefficients at once by BFGS: the usual way, as a baseline
};

/// Where the ridge of the final linear solution comes from.
enum class RidgeChoice { given, cross_validation, evidence };

/// Cutoff and size of the radial basis of a generated template, where the settings do not say.
inline constexpr double default_max_dist = 5;  // (A)
inline constexpr int default_radial_size = 8;

struct FitSettings {
  // [model]
  std::vector<int> levels;  ///< of the templates to generate, ascending, each a start of the next; the last
                            ///< is what is fitted; empty when `template_file` is given.
                            ///< level = 12 is levels = [8, 10, 12]; levels = [12] is no ladder, and level = 18 neither
  std::string template_file;          ///< `.mtp` whose tables (and radial coefficients, if any) are kept
  std::vector<std::int32_t> species;  ///< atomic numbers of types 0, 1, ...
  bool min_dist_from_data = false;    ///< "auto": the smallest distance in the training data
  // What is not given comes from the template file; a generated template has min_dist from the data, 5 A, and 8
  // functions.
  std::optional<double> min_dist, max_dist;  ///< (A)
  std::optional<int> radial_size;
  std::optional<RadialBasisType> radial_type;  ///< of a generated template: RBChebyshev

  // [data]
  std::vector<std::string> train, test;
  LabelKeys keys;
  std::map<std::int32_t, double> e0;  ///< fixed energy of each species (eV); empty: fitted

  // [weights]
  LabelWeights weights;
  std::map<std::string, LabelWeights> config_type_weights;
  WeightMode weight_mode = WeightMode::vibrations;
  double scale_by_force = 0;  ///< s > 0: the weight of a force F is multiplied by s / (F^2 + s)

  // [solver]
  FitMethod method = FitMethod::varpro;
  RidgeChoice ridge_choice = RidgeChoice::cross_validation;  ///< of the final linear solution
  double ridge = 0;                                          ///< relative to columns of norm 1, where it is given
  int folds = 5;                                             ///< of cross-validation
  int seeds = 4;            ///< starts of the radial functions, tried on a part of the data
  int seed = 1;             ///< of the random numbers
  double tolerance = 1e-4;  ///< relative change of the loss at which a fit stops
  int max_iterations = 50;
  std::size_t max_memory = std::size_t{4} << 30;  ///< (bytes) of the whole program

  // [output]
  std::string output_dir = "out";
};

/// Reads a TOML file, with `key=value` overrides as `--set` takes them ("output.dir=elsewhere").
/// \throws InputError "file:line: ..." for wrong types, values out of range, keys that are unknown (with the nearest
///         known one) or have no meaning for the method.
[[nodiscard]] FitSettings readFitSettings(std::string const& file, std::vector<std::string> const& overrides = {});

}  // namespace sinter
