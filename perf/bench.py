"""Runs the benchmarks in interleaved repeats, checks the answers, writes results.json and prints the table.

Called by scripts/bench, which builds and sets the environment (scripts/env).
"""

import argparse
import dataclasses
import datetime
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import benchmark_results
from benchmark_results import entry

HERE = pathlib.Path(__file__).resolve().parent
BOX_ATOMS = 8000  # of the data files that lammps_case writes; larger boxes are replicas
CORES = len(os.sched_getaffinity(0))


class BenchmarkError(Exception):
    """A program failed, or its answer is wrong."""


@dataclasses.dataclass(frozen=True)
class LammpsRun:
    """One run of perf/lammps/in.rate."""

    style: str = "mtp"  # or snap, sw: linear SNAP of Zuo et al. (2020) and Stillinger-Weber, as LAMMPS ships them
    level: int = 16
    species: int = 1
    table: str = "template"  # or foreign: evaluated through the run-time plan
    precision: str = "double"
    atoms: int = BOX_ATOMS
    threads: int = 1

    @property
    def name(self):
        potential = f"/level:{self.level}/species:{self.species}/table:{self.table}/precision:{self.precision}"
        return (
            f"lammps/{self.style}{potential if self.style == 'mtp' else ''}/atoms:{self.atoms}/threads:{self.threads}"
        )

    @property
    def case(self):
        return (self.level, self.species, self.table) if self.style == "mtp" else (8, 1, "template")

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


@dataclasses.dataclass(frozen=True)
class ProgramRun:
    """One run of a Google Benchmark program."""

    program: str
    benchmarks: str  # regular expression of names
    threads: int = 1


MTP = LammpsRun()
SNAP = LammpsRun(style="snap")
SW = LammpsRun(style="sw")
LEVELS = (8, 12, 16, 20)
FMA = "fma/mtp_benchmark/threads:1"  # the probe beside the kernels


def chosen_runs(long):
    """What is run in each repeat."""
    lammps = [SNAP, SW]
    for level in LEVELS:
        run = MTP.but(level=level)
        lammps += [run, run.but(precision="mixed"), run.but(table="foreign")]
        if CORES > 1:
            lammps.append(run.but(threads=2))
    lammps += [MTP.but(level=level, species=species) for level in (8, 16) for species in (3, 5)]
    template = "level:(8|12|16|20)/species:1/neighbors:28/table:template/precision:double/atoms:8000/"
    programs = [
        ProgramRun("mtp_benchmark", f"mtp/{template}|mtp_plain_reference"),
        ProgramRun("neighbor_benchmark", "atoms:8000/"),
    ]
    if long:
        lammps += [MTP.but(level=level) for level in range(10, 30, 2) if level not in LEVELS]
        for level in (8, 16):
            lammps += [MTP.but(level=level, atoms=n**3 * BOX_ATOMS) for n in (2, 3, 4, 5)]
            lammps += [MTP.but(level=level, threads=threads) for threads in thread_counts() if threads > 2]
        programs = [ProgramRun("mtp_benchmark", ".", 1), ProgramRun("neighbor_benchmark", ".", 1)]
        for threads in thread_counts()[1:]:
            programs += [
                ProgramRun("mtp_benchmark", f"mtp/{template}", threads),
                ProgramRun("neighbor_benchmark", ".", threads),
            ]
    return lammps, programs


def thread_counts():
    """1, 2, 4, ... and all."""
    return sorted({2**k for k in range(CORES.bit_length()) if 2**k <= CORES} | {CORES})


def check_answer(run, expected, text):
    """Throws unless LAMMPS printed the plain reference's energy of some atoms and force on one of them."""
    found = [float(word) for word in re.search(r"^check (.*)$", text, re.M)[1].split()]
    deviation = sum(abs(a - b) for a, b in zip(found, [expected["energy"], *expected["force"]])) / expected["scale"]
    tolerance = 1e-5 if run.precision == "mixed" else 1e-12
    if not deviation <= tolerance:
        raise BenchmarkError(
            f"{run.name}: deviates from the plain reference by {deviation:.2g}, at most {tolerance} is right"
        )


class Bench:
    """The programs of a build, their logs and what they measured."""

    def __init__(self, build, output, seconds):
        self.programs = build / "perf"
        self.output = output
        self.seconds = seconds
        self.lammps = shutil.which("lmp")
        if not self.lammps:
            raise BenchmarkError("no lmp in PATH; first: source scripts/env")
        for program in ("lammps_case", "mtp_benchmark", "neighbor_benchmark"):
            if not (self.programs / program).exists():
                raise BenchmarkError(f"no {self.programs / program}; first: scripts/build")
        self.provenance = {}
        self.probes = {}  # name -> entry
        self.results = {}
        shutil.rmtree(output / "cases", ignore_errors=True)  # those of another build
        for folder in ("logs", "cases"):
            (output / folder).mkdir(parents=True, exist_ok=True)

    # ---- running --------------------------------------------------------------------------------------------------

    def execute(self, log_name, command, threads=1):
        """Runs a command with its output in a log; (the output, largest resident memory in bytes)."""
        log = self.output / "logs" / (re.sub(r"[^A-Za-z0-9.]+", "-", log_name) + ".log")
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        with open(log, "w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        text = log.read_text(encoding="utf-8", errors="replace")
        if process.returncode != 0:
            tail = "\n".join(text.splitlines()[-10:])
            raise BenchmarkError(f"{log_name}: exit code {process.returncode}; log {log} ends with\n{tail}")
        return text, usage.ru_maxrss * 1024

    def case(self, level, species, table):
        """Potential, data file and expected answer of a LAMMPS run, made at its first use: (prefix, what lammps_case says)."""
        prefix = self.output / "cases" / f"level{level}-species{species}-{table}"
        if not prefix.with_suffix(".json").exists():
            self.execute(prefix.name, [self.programs / "lammps_case", level, species, table, prefix])
        return prefix, json.loads(prefix.with_suffix(".json").read_text(encoding="utf-8"))

    def run_lammps(self, run):
        """Atom-steps per second of one LAMMPS run whose answer is right."""
        prefix, case = self.case(*run.case)
        style, coefficients = {
            "mtp": (f"mtp {prefix}.mtp precision {run.precision}", " ".join(case["elements"])),
            "snap": ("snap", "Si_Zuo_JPCA2020.snapcoeff Si_Zuo_JPCA2020.snapparam Si"),
            "sw": ("sw", "Si.sw Si"),
        }[run.style]
        variables = {
            "data": f"{prefix}.data",
            "replicas": round((run.atoms / BOX_ATOMS) ** (1 / 3)),
            "style": style,
            "coeff": coefficients,
            "atom": case["check"]["atom"] + 1,
            "centres": " ".join(str(i + 1) for i in case["check"]["centres"]),
            "seconds": self.seconds,
        }
        command = [
            self.lammps,
            "-k",
            "on",
            "t",
            run.threads,
            "-sf",
            "kk",
            "-log",
            "none",
            "-in",
            HERE / "lammps/in.rate",
        ]
        for name, value in variables.items():
            command += ["-var", name, value]
        text, memory = self.execute(run.name, command, run.threads)
        if run.style == "mtp":
            check_answer(run, case["check"], text)
        self.provenance.setdefault("lammps", re.search(r"^LAMMPS \((.*?)\)", text, re.M)[1])
        duration, steps, atoms = re.findall(r"^Loop time of (\S+) on .* for (\d+) steps with (\d+) atoms", text, re.M)[
            -1
        ]
        rate = int(steps) * int(atoms) / float(duration)
        more = {"flops": case["flops"]} if run.style == "mtp" and case["flops"] and run.table == "template" else {}
        self.add(self.results, run.name, "atom-steps/s", rate, **more)
        if run.atoms > BOX_ATOMS:
            self.add(self.results, f"memory/{run.name}", "B/atom", memory / run.atoms, higher_is_better=False)

    def run_program(self, run):
        """Items per second of each benchmark of a program, and the probes that it measured."""
        report = self.output / f"{run.program}.json"
        self.execute(
            f"{run.program}/threads:{run.threads}",
            [
                self.programs / run.program,
                f"--benchmark_filter={run.benchmarks}",
                "--benchmark_min_time=0.3",
                f"--benchmark_out={report}",
                "--benchmark_out_format=json",
            ],
            run.threads,
        )
        contents = json.loads(report.read_text(encoding="utf-8"))
        context = contents["context"]
        self.provenance |= {
            key: context[key]
            for key in ("sinter", "commit", "compiler", "flags", "kokkos", "backend", "vector_width_bits")
        }
        for probe, key, unit in (
            ("fma", "fma_probe_flops_per_s", "flops/s"),
            ("triad", "triad_probe_bytes_per_s", "B/s"),
        ):
            self.add(self.probes, f"{probe}/{run.program}/threads:{run.threads}", unit, float(context[key]))
        for benchmark in contents["benchmarks"]:
            name = benchmark["name"].removesuffix("/real_time")
            if benchmark.get("error_occurred"):
                raise BenchmarkError(f"{name}: {benchmark['error_message']}")
            unit = "atoms/s" if name.startswith("neighbor") else "atom-steps/s"
            more = {key: benchmark[key] for key in ("flops", "bytes") if key in benchmark}
            self.add(self.results, f"kernel/{name}/threads:{run.threads}", unit, benchmark["items_per_second"], **more)

    def add(self, results, name, unit, value, higher_is_better=True, **more):
        result = results.setdefault(name, {"unit": unit, "higher_is_better": higher_is_better, "values": []} | more)
        result["values"].append(value)

    def save(self):
        def entries(results):
            return [entry(name, **result) for name, result in results.items()]

        contents = {
            "provenance": self.provenance,
            "probes": entries(self.probes),
            "results": entries(self.results | derived(self.results, self.probes)),
        }
        benchmark_results.save(self.output / "results.json", contents)
        return contents


# ---- what follows from the measurements -----------------------------------------------------------------------------


def ratio_names(level):
    """Ratios of a level: name -> the rates (above, below) it is made of."""
    one = MTP.but(level=level)
    names = {
        f"ratio/two_threads_over_one/level:{level}": (one.but(threads=2), one),
        f"ratio/mixed_over_double/level:{level}": (one.but(precision="mixed"), one),
        f"ratio/mtp_over_snap/level:{level}": (one, SNAP),
        f"ratio/mtp_over_sw/level:{level}": (one, SW),
        f"ratio/foreign_over_template/level:{level}": (one.but(table="foreign"), one),
    }
    for species in (3, 5):
        names[f"ratio/alloy_over_one_species/species:{species}/level:{level}"] = (one.but(species=species), one)
    for replicas in (2, 3, 4, 5):
        atoms = replicas**3 * BOX_ATOMS
        names[f"ratio/cost_over_{BOX_ATOMS}_atoms/level:{level}/atoms:{atoms}"] = (one, one.but(atoms=atoms))
    return {name: (above.name, below.name) for name, (above, below) in names.items()}


def derived(results, probes):
    """Fractions of the FMA probe and ratios, each from the values of one repeat."""
    made = {}

    def quotient(name, unit, above, below, factor=1.0, higher_is_better=None):
        made[name] = {
            "unit": unit,
            "higher_is_better": higher_is_better,
            "values": [factor * a / b for a, b in zip(above["values"], below["values"])],
        }

    for name, result in results.items():
        if "flops" in result and name.endswith("/threads:1") and FMA in probes:
            quotient(f"fraction/{name}", "of FMA probe", result, probes[FMA], result["flops"], higher_is_better=True)
    names = {key: pair for level in range(8, 30, 2) for key, pair in ratio_names(level).items()}
    for name, (above, below) in names.items():
        if above in results and below in results:
            quotient(name, "1", results[above], results[below])
    return made


def print_table(contents):
    """What issue and design ask for: fractions, then ratios, with the goals."""
    results = {result["name"]: result for result in contents["results"] + contents["probes"]}

    def show(name, form):
        return form.format(results[name]["median"]) if name in results else ""

    repeats = max(len(result["values"]) for result in contents["results"])
    print(
        f"\nLAMMPS, one core, {BOX_ATOMS} atoms of diamond silicon, 28 neighbours, double; medians of {repeats} repeats"
    )
    print(f"FMA probe {show(FMA, '{:.3g}')} flops/s, STREAM triad {show(FMA.replace('fma', 'triad'), '{:.3g}')} B/s")
    print(
        f"{'pair style':26} {'atom-steps/s':>13} {'spread':>7} {'of FMA probe':>13} {'goal':>7} {'/ snap/kk':>10} {'/ sw/kk':>8}"
    )
    goals = {8: ">= 30%", 12: ">= 30%", 16: ">= 30%", 20: ">= 22%", 24: ">= 15%"}
    rows = [(f"mtp/kk level {level}", MTP.but(level=level).name, level) for level in range(8, 30, 2)]
    for title, name, level in rows + [("snap/kk (2J = 8)", SNAP.name, None), ("sw/kk", SW.name, None)]:
        if name in results:
            print(
                f"{title:26} {show(name, '{:13,.0f}')} {results[name]['spread']:7.1%}"
                f" {show('fraction/' + name, '{:.1%}'):>13} {goals.get(level, ''):>7}"
                f" {show(f'ratio/mtp_over_snap/level:{level}', '{:.2f}'):>10}"
                f" {show(f'ratio/mtp_over_sw/level:{level}', '{:.3f}'):>8}"
            )

    print(f"\n{'ratio':44} {'median':>8} {'spread':>7} {'goal':>8}")
    goals = (
        ("two_threads_over_one", ">= 1.9"),
        ("mixed_over_double/level:16", ">= 1.6"),
        ("mixed_over_double", ""),
        ("mtp_over_snap/level:16", ">= 90"),
        ("mtp_over_sw/level:8", ">= 3.5"),
        ("alloy_over_one_species", ">= 0.8"),
        ("foreign_over_template", ">= 0.5"),
        ("cost_over", "<= 1.15"),
    )
    shown = set()
    for start, goal in goals:
        for name, result in results.items():
            if name.startswith(f"ratio/{start}") and name not in shown:
                shown.add(name)
                print(f"{name.removeprefix('ratio/'):44} {result['median']:8.3f} {result['spread']:7.1%} {goal:>8}")
    for name, result in results.items():
        if name.startswith("memory/"):
            atoms = benchmark_results.parameters(name)["atoms"]
            print(
                f"{name.split('/', 2)[2]}: {result['median']:.0f} B per atom, {result['median'] * atoms / 2**30:.2f} GiB"
            )


# ---- the command ----------------------------------------------------------------------------------------------------


def machine():
    """What the programs do not say of where they ran."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = re.findall(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    return {
        "cpu": models[0] if models else "unknown",
        "cores": CORES,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "load_average": os.getloadavg(),
        "command": " ".join(sys.argv[1:]),
    }


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder that CMake built in")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="where results.json, logs and inputs go")
    parser.add_argument("--repeats", type=int, default=5, help="interleaved repeats (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="duration of a timed LAMMPS run (default: 1)")
    parser.add_argument("--long", action="store_true", help="also more levels, system sizes and threads")
    parser.add_argument("--only", metavar="REGEX", default="", help="only runs whose names match")
    arguments = parser.parse_args()
    if arguments.repeats < 1 or not 0 < arguments.seconds < math.inf:
        parser.error("--repeats and --seconds must be positive")
    try:
        re.compile(arguments.only)
    except re.error as error:
        parser.error(f"--only is '{arguments.only}', expected a regular expression: {error}")

    try:
        bench = Bench(arguments.build, arguments.output.resolve(), arguments.seconds)
        bench.provenance |= machine()
        lammps, programs = chosen_runs(arguments.long)
        runs = [(bench.run_program, run, f"{run.program}/threads:{run.threads}") for run in programs]
        runs += [(bench.run_lammps, run, run.name) for run in lammps]
        # The first one always runs: it brings the probes and what is known of the build.
        runs = runs[:1] + [run for run in runs[1:] if re.search(arguments.only, run[2])]
        for repeat in range(arguments.repeats):
            start = time.monotonic()
            # Every second repeat runs backwards: a machine that slowly drifts does so alike for all.
            for execute, run, name in reversed(runs) if repeat % 2 else runs:
                execute(run)
            contents = bench.save()
            print(f"  repeat {repeat + 1} of {arguments.repeats}: {time.monotonic() - start:.0f} s", flush=True)
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print_table(contents)
    print(f"\nresults: {bench.output / 'results.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
