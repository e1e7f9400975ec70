"""Runs the benchmarks in interleaved repeats, checks the answers, writes results.json and prints the table.

Called by scripts/bench, which builds and sets the environment (scripts/env).
"""

import argparse
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
from benchmark_runs import BOX_ATOMS, CORES, lammps_runs, neighbor_runs, program_runs
from benchmark_table import derived, print_table

INPUTS = pathlib.Path(__file__).resolve().parent / "lammps"
COEFFICIENTS = {"snap": "Si_Zuo_JPCA2020.snapcoeff Si_Zuo_JPCA2020.snapparam Si", "sw": "Si.sw Si"}
TOLERANCE = {"double": 1e-12, "mixed": 1e-5}  # of the size of what is summed, as lammps_case states it
BUILD_CONTEXT = ("sinter", "commit", "compiler", "flags", "kokkos", "backend", "vector_width_bits")
PROBES = (("fma", "fma_probe_flops_per_s", "flops/s"), ("triad", "triad_probe_bytes_per_s", "B/s"))


class BenchmarkError(Exception):
    """A program failed, or its answer is wrong."""


def find(pattern, text):
    """The last match, of a line that a program must have printed."""
    matches = re.findall(pattern, text, re.MULTILINE)
    if not matches:
        raise BenchmarkError(f"found no line '{pattern}' in the output of a program")
    return matches[-1]


class Bench:
    """The programs of a build, where they write, and what they measured."""

    def __init__(self, build, output, seconds, clock):
        self.programs, self.output, self.seconds, self.clock = build / "perf", output, seconds, clock
        self.lammps = shutil.which("lmp")
        if not self.lammps:
            raise BenchmarkError("no lmp in PATH; first: source scripts/env")
        self.provenance = machine() | {"clock": clock, "least_cpu_share": 1.0}
        self.probes, self.results = {}, {}  # name -> what benchmark_results.entry takes
        shutil.rmtree(output / "cases", ignore_errors=True)  # those of another build
        for folder in ("logs", "cases"):
            (output / folder).mkdir(parents=True, exist_ok=True)

    def execute(self, name, command, threads=1):
        """Runs a command with its output in a log: (the output, largest resident memory in bytes)."""
        log = self.output / "logs" / (re.sub(r"[^A-Za-z0-9.]+", "-", name) + ".log")
        with open(log, "w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=os.environ | {"OMP_NUM_THREADS": str(threads)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        text = log.read_text(encoding="utf-8", errors="replace")
        if process.returncode != 0:
            tail = "\n".join(text.splitlines()[-10:])
            raise BenchmarkError(f"{name}: exit code {process.returncode}; log {log} ends with\n{tail}")
        return text, usage.ru_maxrss * 1024

    def case(self, run):
        """Potential, data file and expected answer of a run, made at first use: (prefix, what lammps_case says)."""
        prefix = self.output / "cases" / f"level{run.level}-species{run.species}-{run.table}"
        description = prefix.with_suffix(".json")
        if not description.exists():
            command = [self.programs / "lammps_case", run.level, run.species, run.table, prefix]
            self.execute(prefix.name, command)
        return prefix, json.loads(description.read_text(encoding="utf-8"))

    def run_lammps(self, run):
        """Measures atom-steps per second in LAMMPS, and memory when there are many atoms."""
        prefix, case = self.case(run)
        is_mtp = run.style == "mtp"
        variables = {
            "data": f"{prefix}.data",
            "replicas": round((run.atoms / BOX_ATOMS) ** (1 / 3)),
            "style": f"mtp {prefix}.mtp precision {run.precision}" if is_mtp else run.style,
            "coeff": " ".join(case["elements"]) if is_mtp else COEFFICIENTS[run.style],
            "atom": case["check"]["atom"] + 1,
            "centres": " ".join(str(i + 1) for i in case["check"]["centres"]),
            "seconds": self.seconds,
        }
        package = "-pk kokkos newton off" if is_mtp else ""  # as docs of the style advise; sw and snap need newton
        command = [self.lammps, *f"-k on t {run.threads} -sf kk {package} -log none -in".split(), INPUTS / "in.rate"]
        for name, value in variables.items():
            command += ["-var", name, value]
        text, memory = self.execute(run.name, command, run.threads)

        if is_mtp:  # the answer first
            check = case["check"]
            found = [float(word) for word in find(r"^check (.*)$", text).split()]
            errors = [abs(a - b) for a, b in zip(found, [check["energy"], *check["force"]], strict=True)]
            deviation, tolerance = sum(errors) / check["scale"], TOLERANCE[run.precision]
            if not deviation <= tolerance:
                raise BenchmarkError(
                    f"{run.name}: deviates by {deviation:.2g} from the plain reference, expected at most {tolerance}"
                )
        seconds, steps, atoms = find(r"^Loop time of (\S+) on .* for (\d+) steps with (\d+) atoms", text)
        share = float(find(r"^([\d.]+)% CPU use", text)) / 100 / run.threads
        rate = self.rate(int(steps) * int(atoms) / float(seconds), share)
        self.add(run.name, "atom-steps/s", rate, **({"flops": case["flops"]} if is_mtp and case["flops"] else {}))
        pair_seconds = find(r"^Pair +\| *\S+ *\| *(\S+)", text)
        self.add(f"pair/{run.name}", "atom-steps/s", self.rate(int(steps) * int(atoms) / float(pair_seconds), share))
        if run.atoms > BOX_ATOMS:
            self.add(f"memory/{run.name}", "B/atom", memory / run.atoms, higher_is_better=False)
        self.provenance["lammps"] = find(r"^LAMMPS \((.*?)\)", text)

    def run_neighbors(self, run):
        """Measures for how many atoms per second LAMMPS builds a list."""
        command = [self.lammps, *(f"-k on t {run.threads} -sf kk".split() if run.kokkos else [])]
        command += ["-log", "none", "-in", INPUTS / "in.neighbors", "-var", "cells", round((run.atoms / 8) ** (1 / 3))]
        command += ["-var", "steps", math.ceil(self.seconds * 5e5 / run.atoms)]
        text, _ = self.execute(run.name, command, run.threads)
        seconds = float(find(r"^Neigh +\| *\S+ *\| *(\S+)", text))
        builds = int(find(r"^Neighbor list builds = (\d+)", text))
        share = float(find(r"^([\d.]+)% CPU use", text)) / 100 / run.threads
        self.add(run.name, "atoms/s", self.rate(run.atoms * builds / seconds, share))

    def benchmarks(self, run, only):
        """The benchmarks that a run of a program measures."""
        text, _ = self.execute(f"{run.program}/list", [self.programs / run.program, "--benchmark_list_tests"])
        names = [line.removesuffix("/real_time") for line in text.splitlines() if line.endswith("/real_time")]
        names = [name for name in names if re.search(run.benchmarks, name)]
        return [name for name in names if re.search(only, run.result_name(name))]

    def run_program(self, run, benchmarks):
        """Measures items per second of some benchmarks of a program, after its probes of the machine."""
        report = self.output / f"{run.program}.json"
        command = [
            self.programs / run.program,
            f"--benchmark_filter=^({'|'.join(benchmarks)})/real_time$",
            "--benchmark_min_time=0.3",
            f"--benchmark_out={report}",
            "--benchmark_out_format=json",
        ]
        self.execute(f"{run.program}/threads:{run.threads}", command, run.threads)
        contents = json.loads(report.read_text(encoding="utf-8"))
        context = contents["context"]
        self.provenance |= {key: context[key] for key in BUILD_CONTEXT}
        for probe, key, unit in PROBES:
            name = f"{probe}/{run.program}/threads:{run.threads}"
            self.add(name, unit, float(context[key]), results=self.probes)
        for benchmark in contents["benchmarks"]:
            name = benchmark["name"].removesuffix("/real_time")
            if benchmark.get("error_occurred"):
                raise BenchmarkError(f"{name}: {benchmark['error_message']}")
            unit = "atom-steps/s" if name.startswith("mtp") else "atoms/s"
            more = {key: benchmark[key] for key in ("flops", "bytes") if key in benchmark}
            rate = self.rate(benchmark["items_per_second"], benchmark["cpu_time"] / benchmark["real_time"])
            self.add(run.result_name(name), unit, rate, **more)

    def rate(self, per_second, share):
        """A rate by the clock chosen; `share` is the part of the time that a thread had a core."""
        self.provenance["least_cpu_share"] = min(share, self.provenance["least_cpu_share"])
        return per_second / min(share, 1) if self.clock == "cpu" else per_second

    def add(self, name, unit, value, higher_is_better=True, results=None, **more):
        results = self.results if results is None else results
        result = results.setdefault(name, {"unit": unit, "higher_is_better": higher_is_better, "values": [], **more})
        result["values"].append(value)

    def save(self):
        def entries(results):
            return [benchmark_results.entry(name, **result) for name, result in results.items()]

        contents = {
            "provenance": self.provenance,
            "probes": entries(self.probes),
            "results": entries(self.results | derived(self.results, self.probes)),
        }
        benchmark_results.save(self.output / "results.json", contents)
        return contents


def machine():
    """Where and when this runs; the programs say the rest."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = re.findall(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    return {
        "cpu": models[0] if models else "unknown",
        "cores": CORES,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "load_average": os.getloadavg(),
        "arguments": sys.argv[1:],
    }


def arguments_of_command():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder that CMake built in")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="where results.json, logs and inputs go")
    parser.add_argument("--repeats", type=int, default=5, help="interleaved repeats (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="duration of a timed LAMMPS run (default: 1)")
    parser.add_argument("--long", action="store_true", help="also more levels, system sizes, neighbours and threads")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: for busy machines (default: wall)"
    )
    parser.add_argument("--only", metavar="REGEX", default="", help="only results whose names match")
    arguments = parser.parse_args()
    if arguments.repeats < 1 or not 0 < arguments.seconds < math.inf:
        parser.error("--repeats and --seconds must be positive")
    try:
        re.compile(arguments.only)
    except re.error as error:
        parser.error(f"--only is '{arguments.only}', expected a regular expression: {error}")
    return arguments


def main():
    arguments = arguments_of_command()
    try:
        bench = Bench(arguments.build, arguments.output.resolve(), arguments.seconds, arguments.clock)
        work = []  # (function, its arguments)
        for run in program_runs(arguments.long):
            # The first program always runs: it brings the probes, and what is known of the build.
            chosen = bench.benchmarks(run, arguments.only) or (bench.benchmarks(run, "")[:1] if not work else [])
            if chosen:
                work.append((bench.run_program, (run, chosen)))
        for run in lammps_runs(arguments.long):
            if re.search(arguments.only, run.name):
                work.append((bench.run_lammps, (run,)))
        for run in neighbor_runs(arguments.long):
            if re.search(arguments.only, run.name):
                work.append((bench.run_neighbors, (run,)))
        for repeat in range(arguments.repeats):
            start = time.monotonic()
            # Every second repeat runs backwards: a machine that slowly drifts does so alike for all.
            for function, parameters in reversed(work) if repeat % 2 else work:
                function(*parameters)
            contents = bench.save()
            print(f"  repeat {repeat + 1} of {arguments.repeats}: {time.monotonic() - start:.0f} s", flush=True)
    except (BenchmarkError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print_table(contents)
    share = contents["provenance"]["least_cpu_share"]
    if share < 0.95:
        advice = (
            "Rates are per CPU time." if arguments.clock == "cpu" else "Repeat when it is free, or use --clock cpu."
        )
        print(f"\nThe machine was busy: a run had its cores for {share:.0%} of the time. {advice}")
    print(f"\nresults: {bench.output / 'results.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
