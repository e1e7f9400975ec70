"""What follows from the rates: fractions of the FMA probe and ratios, and the table of both with the goals."""

from benchmark_results import parameters
from benchmark_runs import ALL_LEVELS, BOX_ATOMS, REPLICAS, SNAP, SW, mtp_level, neighbor_runs, soap_benchmark

FMA = "fma/mtp_benchmark/threads:1"  # the probe beside the kernels
TRIAD = "triad/mtp_benchmark/threads:1"
GOAL_OF_LEVEL = {8: ">= 30%", 12: ">= 30%", 16: ">= 30%", 20: ">= 22%", 24: ">= 15%"}
# Beginnings of names in the order of the table; the first that fits counts.
RATIO_GOALS = (
    ("ratio/probe_two_threads_over_one", ""),
    ("ratio/two_threads_over_one", ">= 1.9"),
    ("ratio/pair_style/two_threads_over_one", ">= 1.9"),
    ("ratio/mixed_over_double/level:16", ">= 1.6"),
    ("ratio/mixed_over_double", ""),
    ("ratio/mtp_over_snap/level:16", ">= 90"),
    ("ratio/mtp_over_sw/level:8", ">= 3.5"),
    ("ratio/alloy_over_one_species", ">= 0.8"),
    ("ratio/foreign_over_template", ">= 0.5"),
    ("ratio/pair_style/cost_over_8000_atoms", "<= 1.15"),
    ("ratio/cost_over_8000_atoms", ""),
    ("ratio/neighbor_list_over_lammps", ">= 1"),
    ("ratio/soap_forces_cost_over_vectors", "<= 3"),
    ("ratio/soap_", ""),
)


def ratio_names():
    """Name of each ratio -> the names of the results that are divided."""
    ratios = {}
    large = REPLICAS[0] ** 3 * BOX_ATOMS
    for level in ALL_LEVELS:
        one = mtp_level(level)
        ratios |= {
            f"two_threads_over_one/level:{level}": (one.but(threads=2), one),
            f"two_threads_over_one/level:{level}/atoms:{large}": (one.but(atoms=large, threads=2), one.but(atoms=large)),
            f"mixed_over_double/level:{level}": (one.but(precision="mixed"), one),
            f"mtp_over_snap/level:{level}": (one, SNAP),
            f"mtp_over_sw/level:{level}": (one, SW),
            f"foreign_over_template/level:{level}": (one.but(table="foreign"), one),
        }
        for species in (3, 5):
            ratios[f"alloy_over_one_species/species:{species}/level:{level}"] = (one.but(species=species), one)
        for atoms in (n**3 * BOX_ATOMS for n in REPLICAS):
            ratios[f"cost_over_{BOX_ATOMS}_atoms/level:{level}/atoms:{atoms}"] = (one, one.but(atoms=atoms))
    names = {name: (above.name, below.name) for name, (above, below) in ratios.items()}
    for name, (above, below) in ratios.items():
        if name.startswith(("two_threads", "cost")):  # the pair style alone, and with all that LAMMPS does in a step
            names[f"pair_style/{name}"] = (f"pair/{above.name}", f"pair/{below.name}")
    for run in neighbor_runs(long=True):
        style = "kk" if run.kokkos else "plain"
        names[f"neighbor_list_over_lammps/style:{style}/atoms:{run.atoms}"] = (run.ours, run.name)
    # What two cores of this machine can do more than one.
    names["probe_two_threads_over_one/fma"] = tuple(f"fma/soap_benchmark/threads:{threads}" for threads in (2, 1))
    for precision in ("double", "mixed"):
        vectors, forces = (f"kernel/{soap_benchmark(forces, precision)}/threads:" for forces in ("no", "yes"))
        names[f"soap_forces_cost_over_vectors/precision:{precision}"] = (f"{vectors}1", f"{forces}1")
        names[f"soap_two_threads_over_one/precision:{precision}/forces:no"] = (f"{vectors}2", f"{vectors}1")
        names[f"soap_two_threads_over_one/precision:{precision}/forces:yes"] = (f"{forces}2", f"{forces}1")
    return {f"ratio/{name}": pair for name, pair in names.items()}


def derived(results, probes):
    """Fractions and ratios as results, each value from values of one repeat."""

    def quotient(above, below, factor, unit, higher_is_better):
        values = [factor * a / b for a, b in zip(above["values"], below["values"])]
        return {"unit": unit, "higher_is_better": higher_is_better, "values": values}

    made = {}
    for name, result in results.items():
        if "flops" in result and name.endswith("/threads:1") and FMA in probes:
            made[f"fraction/{name}"] = quotient(result, probes[FMA], result["flops"], "of FMA probe", True)
    measured = results | probes
    for name, (above, below) in ratio_names().items():
        if above in measured and below in measured:
            made[name] = quotient(measured[above], measured[below], 1, "1", None)
    return made


def print_table(contents):
    results = {result["name"]: result for result in contents["results"] + contents["probes"]}

    def median(name, form):
        return form.format(results[name]["median"]) if name in results else ""

    repeats = max(len(result["values"]) for result in contents["results"])
    print(
        f"\nLAMMPS, {BOX_ATOMS} atoms of diamond silicon, 28 neighbours, double, one core; medians of {repeats} repeats"
    )
    print(f"FMA probe {median(FMA, '{:.4g}')} flops/s, STREAM triad {median(TRIAD, '{:.4g}')} B/s")
    columns = "{:18} {:>13} {:>7} {:>13} {:>7} {:>10} {:>8}"
    print(columns.format("pair style", "atom-steps/s", "spread", "of FMA probe", "goal", "/ snap/kk", "/ sw/kk"))
    rows = [(f"mtp/kk level {level}", mtp_level(level).name, level) for level in ALL_LEVELS]
    for title, name, level in [*rows, ("snap/kk (2J = 8)", SNAP.name, None), ("sw/kk", SW.name, None)]:
        if name in results:
            row = [
                median(name, "{:,.0f}"),
                f"{results[name]['spread']:.1%}",
                median(f"fraction/{name}", "{:.1%}"),
                GOAL_OF_LEVEL.get(level, ""),
                median(f"ratio/mtp_over_snap/level:{level}", "{:.2f}"),
                median(f"ratio/mtp_over_sw/level:{level}", "{:.3f}"),
            ]
            print(columns.format(title, *row).rstrip())

    columns = "{:46} {:>8} {:>7} {:>8}"
    print("\n" + columns.format("in LAMMPS too", "ratio", "spread", "goal"))
    shown = set()
    for start, goal in RATIO_GOALS:
        for name in [name for name in results if name.startswith(start) and name not in shown]:
            shown.add(name)
            row = (median(name, "{:.3f}"), f"{results[name]['spread']:.1%}", goal)
            print(columns.format(name.removeprefix("ratio/"), *row).rstrip())
    soap = f"kernel/{soap_benchmark('no')}/threads:1"
    if soap in results:
        print(f"SOAP vectors, n 12, l 6: {median(soap, '{:,.0f}')} atoms/s, {median(f'fraction/{soap}', '{:.1%}')} of FMA probe")
    for name in [name for name in results if name.startswith("memory/")]:
        given = parameters(name)
        total = f"{results[name]['median'] * given['atoms'] / 2**30:.2f} GiB"
        print(
            f"level {given['level']}, {given['atoms']} atoms: {median(name, '{:.0f}')} bytes per atom, {total} in all"
        )
