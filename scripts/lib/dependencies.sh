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
LAMMPS_POOL=pool/main/l/lammps/lammps_20260704+dfsg.orig.tar.gz

# Debian packages. `git` is wanted for provenance only; the clang tools only by developers.
APT_PACKAGES=(
  g++ cmake ninja-build ccache make xz-utils ca-certificates
  libopenmpi-dev openmpi-bin libopenblas-dev liblapack-dev libssl-dev
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev
  liblzma-dev zlib1g-dev libgtest-dev libgmock-dev libbenchmark-dev
  clang-format-14
)
