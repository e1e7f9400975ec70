"""What is measured: runs of LAMMPS and of the Google Benchmark programs, and the names of their results."""

import dataclasses
import os

BOX_ATOMS = 8000  # of the data files that lammps_case writes; larger boxes are replicas
REPLICAS = (2, 3, 4, 5)  # along each axis, in the long set: up to 1 000 000 atoms
LEVELS = (8, 12, 16, 20)  # of the short set
ALL_LEVELS = range(8, 30, 2)
CORES = len(os.sched_getaffinity(0))


@dataclasses.dataclass(frozen=True)
class LammpsRun:
    """One run of lammps/in.rate."""

    style: str = "mtp"  # or snap, sw: linear SNAP of Zuo et al. (2020) and Stillinger-Weber, as LAMMPS ships them
    level: int = 16
    species: int = 1
    table: str = "template"  # or foreign: evaluated through the run-time plan
    precision: str = "double"
    atoms: int = BOX_ATOMS
    threads: int = 1

    @property
    def name(self):
        potential = ""
        if self.style == "mtp":
            potential = f"/level:{self.level}/species:{self.species}/table:{self.table}/precision:{self.precision}"
        return f"lammps/{self.style}{potential}/atoms:{self.atoms}/threads:{self.threads}"

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


@dataclasses.dataclass(frozen=True)
class NeighborRun:
    """One run of lammps/in.neighbors: LAMMPS's own list, beside ours of neighbor_benchmark."""

    kokkos: bool = True
    atoms: int = BOX_ATOMS
    threads: int = 1

    @property
    def name(self):
        return f"lammps/neighbor_list{'/kk' if self.kokkos else ''}/atoms:{self.atoms}/threads:{self.threads}"

    @property
    def ours(self):
        return f"kernel/neighbor_list/structures:1/atoms:{self.atoms}/threads:{self.threads}"


@dataclasses.dataclass(frozen=True)
class ProgramRun:
    """One run of a Google Benchmark program; its results are kernel/<name of the benchmark>/threads:<threads>."""

    program: str
    benchmarks: str  # regular expression of names
    threads: int = 1

    def result_name(self, benchmark):
        return f"kernel/{benchmark}/threads:{self.threads}"


MTP = LammpsRun()
SNAP = LammpsRun(style="snap")
SW = LammpsRun(style="sw")


def mtp_level(level):
    return MTP.but(level=level)


def thread_counts():
    """1, 2, 4, ... and all."""
    return sorted({2**k for k in range(CORES.bit_length()) if 2**k <= CORES} | {CORES})


def lammps_runs(long):
    runs = [SNAP, SW]
    for run in map(mtp_level, LEVELS):
        runs += [run, run.but(precision="mixed"), run.but(table="foreign")]
        if CORES > 1:
            runs.append(run.but(threads=2))
    runs += [mtp_level(level).but(species=species) for level in (8, 16) for species in (3, 5)]
    if long:
        for run in (mtp_level(level) for level in ALL_LEVELS if level not in LEVELS):
            runs += [run, run.but(precision="mixed")]
        for run in map(mtp_level, (8, 16)):
            runs += [run.but(atoms=n**3 * BOX_ATOMS) for n in REPLICAS]
            runs += [run.but(threads=threads) for threads in thread_counts() if threads > 2]
        if CORES > 1:  # where what a step does once matters less
            large = [mtp_level(level).but(atoms=REPLICAS[0] ** 3 * BOX_ATOMS) for level in LEVELS]
            runs += [run for run in large if run not in runs] + [run.but(threads=2) for run in large]
    return runs


def neighbor_runs(long):
    sizes = (BOX_ATOMS, 64000, 1000000) if long else (BOX_ATOMS,)
    return [NeighborRun(kokkos, atoms) for atoms in sizes for kokkos in (False, True)]


def soap_benchmark(forces, precision="double"):
    return f"soap/n:12/l:6/cutoff:5/species:1/forces:{forces}/precision:{precision}/atoms:{BOX_ATOMS}"


def program_runs(long):
    soap = soap_benchmark("(yes|no)", "(double|mixed)")
    template = "mtp/level:(8|12|16|20)/species:1/neighbors:28/table:template/precision:double/atoms:8000$"
    if not long:
        return [
            ProgramRun("mtp_benchmark", f"{template}|mtp_plain_reference"),
            ProgramRun("neighbor_benchmark", "structures:1/atoms:8000$"),
            *(ProgramRun("soap_benchmark", soap, threads) for threads in thread_counts()[:2]),
        ]
    runs = [ProgramRun(program, "") for program in ("mtp_benchmark", "neighbor_benchmark", "soap_benchmark")]
    for threads in thread_counts()[1:]:
        runs += [ProgramRun("mtp_benchmark", template, threads), ProgramRun("neighbor_benchmark", "", threads)]
        runs.append(ProgramRun("soap_benchmark", soap, threads))
    return runs
