# The dependencies that bootstrap builds: versions, archives, checksums, where they may come from.
# shellcheck shell=bash disable=SC2034

KOKKOS_VERSION=5.0.2
KOKKOS_MINIMUM=5.0
KOKKOS_ARCHIVE=kokkos_5.0.2.orig.tar.gz
KOKKOS_SHA256=188817bb452ca805ee8701f1c5adbbb4fb83dc8d1c50624566a18a719ba0fa5e
KOKKOS_POOL=pool/main/k/kokkos/kokkos_5.0.2.orig.tar.gz
KOKKOS_UPSTREAM=https://github.com/kokkos/kokkos/archive/refs/tags/5.0.2.tar.gz

# The distribution's header package: everything that is not instantiated in advance compiles header-only.
KOKKOS_KERNELS_VERSION=5.0.2
KOKKOS_KERNELS_ARCHIVE=kokkos-kernels-headers_5.0.2.deb
KOKKOS_KERNELS_SHA256=11a645e2b3468aafc62e021dd5e06559841f2a6ef6725265dbfa6bb1fd7fbb9b
KOKKOS_KERNELS_POOL=pool/main/t/trilinos/libtrilinos-kokkos-kernels-dev_17.0.0+dfsg-5_amd64.deb

LAMMPS_VERSION=20260704
# Two archives hold the same files as far as Sinter needs them: a trimmed one (local caches) and the distribution's.
LAMMPS_TRIMMED_ARCHIVE=lammps-20260704-trimmed.tar.xz
LAMMPS_TRIMMED_SHA256=1b44a4b15f6424cf729e1b7456ca3320c4d4844415ec7518604ffcbfa6a68118
LAMMPS_ARCHIVE=lammps_20260704+dfsg.orig.tar.gz
LAMMPS_SHA256=cddbc45a047416bd48a4a0b87f24a5b61b3446982b74d18cafe619c22b17eb62
LAMMPS_OWN_ARCHIVE=lammps-20260704-bundle.tar.xz # the same, made by bootstrap --bundle from the distribution's
# What is left out of a whole archive: the distribution's, or one as upstream packs it (a top folder, Kokkos in it).
LAMMPS_PARTS=(--exclude={bench,doc,examples,fortran,unittest,.github,tools/*,lib/kokkos})
LAMMPS_POOL=pool/main/l/lammps/lammps_20260704+dfsg.orig.tar.gz

# Only where no package has them: a kernels-only build on a bare machine.
GTEST_VERSION=1.12.1
GTEST_ARCHIVE=googletest_1.12.1.orig.tar.gz
GTEST_SHA256=81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2
GTEST_POOL=pool/main/g/googletest/googletest_1.12.1.orig.tar.gz
GTEST_UPSTREAM=https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
BENCHMARK_VERSION=1.7.1
BENCHMARK_ARCHIVE=benchmark_1.7.1.orig.tar.gz
BENCHMARK_SHA256=6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7
BENCHMARK_POOL=pool/main/b/benchmark/benchmark_1.7.1.orig.tar.gz
BENCHMARK_UPSTREAM=https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz

# A bundle must not be larger.
BUNDLE_MIB=48

# Debian packages. `git` is wanted for provenance only; the clang tools only by developers.
APT_PACKAGES=(
  g++ cmake ninja-build ccache make xz-utils ca-certificates
  libopenmpi-dev openmpi-bin libopenblas-dev liblapack-dev libssl-dev
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev
  libhdf5-dev liblzma-dev zlib1g-dev libgtest-dev libgmock-dev libbenchmark-dev python3
  libjs-chart.js
  clang-format-14
)
