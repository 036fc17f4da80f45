"""The review of a policy of 1,000 tables of 20 columns, beside PyYAML reading such a file."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.measure import Taken, alternately, median, program

TABLES = 1000
COLUMNS = tuple(f"column_{number}" for number in range(20))
YAML = "PyYAML"
_READ = "import sys, yaml; yaml.load(open(sys.argv[1]), yaml.CSafeLoader)"


def thousand_tables(folder: Path, *, by_name: bool) -> tuple[Path, Path]:
    """Writes a policy of 20,000 columns, by their 20 names or a line each, and its schema."""
    body = ", ".join(f"{name} text" for name in COLUMNS)
    schema = folder / "review.sql"
    schema.write_text("\n".join(f"CREATE TABLE t{n} ({body});" for n in range(TABLES)))
    if by_name:
        said = "columns:\n" + "\n".join(f'  "*.{name}": lorem' for name in COLUMNS)
    else:
        rules = "\n".join(f"      {name}: lorem" for name in COLUMNS)
        lines = (f"  t{n}:\n    columns:\n{rules}" for n in range(TABLES))
        said = "tables:\n" + "\n".join(lines)
    policy = folder / f"review-{'names' if by_name else 'lines'}.yaml"
    policy.write_text(f"version: 1\n{said}\n")
    return policy, schema


def measured(folder: Path, times: int, who: str) -> dict[str, dict[str, Taken]]:
    """What ``maskr check`` takes (called ``who``) beside PyYAML on the long policy, by policy."""
    maskr = str(Path(sys.executable).parent / "maskr")
    long, _ = thousand_tables(folder, by_name=False)
    found: dict[str, dict[str, Taken]] = {}
    for by_name in (True, False):
        policy, schema = thousand_tables(folder, by_name=by_name)
        check = [maskr, "check", str(policy), "--schema", str(schema)]
        passes: dict[str, Callable[[], tuple[float, float]]] = {
            YAML: partial(program, [sys.executable, "-c", _READ, str(long)], {}),
            who: partial(program, check, {}),
        }
        taken = alternately(passes, times, ())
        found[policy.stem] = {name: median(each) for name, each in taken.items()}
    return found
