// Makes a potential, evaluates a dimer, and checks that the two forces cancel.
#include <Kokkos_Core.hpp>
#include <cmath>
#include <cstdio>
#include <sinter/mtp/mtp_evaluator.hpp>
#include <sinter/mtp/mtp_template.hpp>
#include <vector>

int main(int argc, char** argv) {
  Kokkos::ScopeGuard const kokkos(argc, argv);
  sinter::MtpTemplateOptions options;
  options.level = 8;
  options.species = {14};
  sinter::MtpModel model = sinter::makeMtpTemplate(options);
  sinter::setExponentialStart(model, 2.35);
  model.species_coeffs = {-1.0};
  model.moment_coeffs.assign(model.alpha_moment_mapping.size(), 0.01);

  sinter::Structure dimer;  // no cell: a molecule
  dimer.positions = {{0, 0, 0}, {0, 0, 2.35}};
  dimer.species = {14, 14};
  std::vector<sinter::Structure> const structures{dimer};
  auto const result = sinter::MtpEvaluator<Kokkos::DefaultExecutionSpace>(model).evaluate(structures)[0];
  std::printf("energy %.9f eV, force %.9f eV/A\n", result.energy, result.forces[1][2]);
  return result.forces[1][2] != 0 && std::abs(result.forces[0][2] + result.forces[1][2]) < 1e-12 ? 0 : 1;
}
