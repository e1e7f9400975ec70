/// \file
/// Structures and potentials that the tests make for themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter::reference {

/// Small repeatable random numbers: uniform in [-1, 1).
class Random {
 public:
  explicit Random(std::uint64_t seed) : _state(seed * 2862933555777941757ULL + 3037000493ULL) {}
  double operator()() {
    _state ^= _state << 13;
    _state ^= _state >> 7;
    _state ^= _state << 17;
    return static_cast<double>(_state >> 11) / 4503599627370496.0 - 1.0;
  }

 private:
  std::uint64_t _state;
};

/// Diamond cubic cells n x n x n of lattice constant `a`, each atom moved by up to `rattle` along each axis; elements
/// alternate through `species`.
Structure diamond(int n, double a, double rattle, std::vector<int> const& species = {14}, std::uint64_t seed = 1);

/// `atoms` atoms at random places at least `min_distance` apart in the given cell.
Structure randomStructure(int atoms, Matrix3 const& cell, std::array<bool, 3> const& periodic, double min_distance,
                          std::vector<int> const& species = {14}, std::uint64_t seed = 1);

/// A potential of a level with exponential radial functions and random linear coefficients; radial coefficients differ
/// between ordered pairs of species. Types other than RBChebyshev have random radial functions, and those that treat
/// distances below min_dist differently have a min_dist that some of `testStructures` go below.
MtpModel testModel(int level, std::vector<std::int32_t> const& species = {14}, double max_dist = 5.0,
                   std::uint64_t seed = 1, RadialBasisType type = RadialBasisType::RBChebyshev);

/// A solid like silicon in the manner of Stillinger and Weber, with a minimum near the diamond lattice:
///   E_i = sum_jk A f_j f_k (cos(theta_jk) + 1/3)^2 - 2 (16/9) A sum_j f_j,
/// with f(r) = 1 at the bond length and ranks nu <= 2; the terms j = k are the repulsion 16/9 A f^2.
MtpModel solidModel();

/// Potentials of several levels, numbers of species and all radial bases.
std::vector<MtpModel> modelsOfAllKinds();

/// Types 0, 1, ... of a structure whose species are those of `model`.
std::vector<int> typesOf(MtpModel const& model, Structure const& structure);

/// Gives a structure the energy, forces and (with a volume) virial of `truth`, energy and forces with noise in
/// [-noise, noise).
void label(Structure& structure, MtpModel const& truth, Random& random, double noise = 0);

/// The structures that every kernel is tested on: bulk, triclinic, cells smaller than the cutoff, a slab, a wire, a
/// molecule, a single atom in a box, a single atom without a cell, atoms outside the cell.
std::vector<Structure> testStructures(std::vector<int> const& species = {14});

}  // namespace sinter::reference
