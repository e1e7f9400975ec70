"""Files of benchmark results, shared by bench.py, compare and figures.

A file is {"provenance": {...}, "probes": [entry, ...], "results": [entry, ...]} with entries {"name", "unit",
"values" (one per repeat), "median", "spread", "higher_is_better" (null: neither), ...}. Names are parts joined by "/",
some of them "key:value".
"""

import json
import os
import statistics


class ResultsError(Exception):
    """What was found in a file and what was expected, in one line."""


def spread(values):
    """Distance between the quartiles over the median: one disturbed repeat of five does not widen it."""
    if len(values) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / middle


def entry(name, unit, values, higher_is_better, **more):
    return {
        "name": name,
        "unit": unit,
        "values": values,
        "median": statistics.median(values),
        "spread": spread(values),
        "higher_is_better": higher_is_better,
        **more,
    }


def parameters(name):
    """{"level": 16, "precision": "double", ...} of ".../level:16/precision:double"."""
    pairs = (part.split(":", 1) for part in name.split("/") if ":" in part)
    return {key: int(value) if value.isdigit() else value for key, value in pairs}


def save(path, contents):
    """Writes to a temporary name and renames."""
    temporary = f"{path}.part{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(contents, file, indent=1)
        file.write("\n")
    os.replace(temporary, path)


def load(path):
    """The contents of a results file, checked. Raises ResultsError."""
    try:
        with open(path, encoding="utf-8") as file:
            contents = json.load(file)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ResultsError(f"{path}: found bytes that are no text, expected JSON") from None
    except json.JSONDecodeError as error:
        raise ResultsError(f"{path}:{error.lineno}: found no JSON ({error.msg}), expected a results file") from None
    for key, kind in (("provenance", dict), ("probes", list), ("results", list)):
        if not isinstance(contents, dict) or not isinstance(contents.get(key), kind):
            raise ResultsError(f'{path}: found no {kind.__name__} "{key}", expected a file that scripts/bench wrote')
    names = set()
    for index, result in enumerate(contents["results"]):
        where = f"{path}: results[{index}]"
        if not isinstance(result, dict) or not isinstance(result.get("name"), str):
            raise ResultsError(f"{where}: found no name, expected a text")
        values = result.get("values")
        if not isinstance(values, list) or not values:
            raise ResultsError(f"{where} ({result['name']}): found no values, expected one per repeat")
        for value in values:
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
                raise ResultsError(f"{where} ({result['name']}): found the value {value!r}, expected a positive number")
        if result.get("higher_is_better", 0) not in (True, False, None):
            raise ResultsError(f"{where} ({result['name']}): found no higher_is_better, expected true, false or null")
        if result["name"] in names:
            raise ResultsError(f"{where}: found {result['name']} a second time, expected each name once")
        names.add(result["name"])
    return contents
