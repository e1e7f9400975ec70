"""Runs of `sinter` for perf/fit_mlearn and perf/fit_sets: fits with their CPU time, evaluations, provenance."""

import datetime
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sinter(program, *arguments):
    """Runs `sinter` quietly in the repository's root, where the paths of settings count from; ends with its error."""
    done = subprocess.run([program, *map(str, arguments), "--quiet"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sinter {' '.join(map(str, arguments))}: {done.stderr.strip()}")


def fit(program, settings_file, settings, output):
    """The report of a fit, with the settings that differ from the file and the CPU time of the whole command."""
    overrides = [part for key, value in {**settings, "output.dir": str(output)}.items()
                 for part in ("--set", f"{key}={json.dumps(value)}")]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    sinter(program, "fit", settings_file, *overrides)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads((pathlib.Path(output) / "report.json").read_text())
    return {"settings": settings, "train": report["train"], "test": report["test"],
            **{key: report[key] for key in ("loss", "rank", "iterations", "seeds", "ridge", "peak_memory_bytes")},
            "basis_functions": report["potential"]["basis_functions"],
            "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "wall_s": time.time() - begin, "git": report["sinter"]["git"], "source": provenance()}


def evaluate(program, potential, structures, folder, species=None):
    """Errors of a potential on a file of structures, "all" and by config_type."""
    report = pathlib.Path(folder) / "errors.json"
    sinter(program, "eval", potential, structures, "--json", report, *(["--species", species] if species else []))
    return json.loads(report.read_text())["errors"]


def provenance():
    """Command, machine and date."""
    model = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"command": " ".join([os.path.relpath(sys.argv[0], ROOT), *sys.argv[1:]]),
            "machine": f"{model[0] if model else platform.processor()}, {os.cpu_count()} cores",
            "threads": os.environ.get("OMP_NUM_THREADS", str(os.cpu_count())),
            "date": datetime.date.today().isoformat()}


def footer(fits):
    """Where the numbers of a table are from: a line per command and commit."""
    lines = {f"`{f['source']['command']}`: commit {f['git']}, {f['source']['machine']}, "
             f"{f['source']['threads']} thread(s), {f['source']['date']}.": None for f in fits}
    return "\n".join(lines)


def kept(file):
    """Results of an earlier run, or none."""
    return json.loads(file.read_text()) if file.exists() else {"levels": {}}


def keep(results, name, contents, text):
    """NAME.json with everything, NAME.md with the table."""
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.json").write_text(json.dumps(contents, indent=1) + "\n")
    (results / f"{name}.md").write_text(text)
