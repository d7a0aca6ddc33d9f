"""``python -m benchmarks [CASE ...]``: run cases, print tables, write RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import converters, transforms
from benchmarks.cases import PLUGIN_CASES as OWN_PLUGIN_CASES
from benchmarks.cases import RECORD_CASES, WORKER_PROPERTIES, Figures, Setting, idle, startup
from benchmarks.mysql import MYSQL_CASES
from benchmarks.rebalance import rebalance
from benchmarks.report import singles_table, table, write_section
from benchmarks.subjects import JAVA, PYTHON, Subject
from tests.services import KafkaBroker, MariaDB

_IDLE_COUNTS = {"idle-10": 10, "idle-100": 100}
PLUGIN_CASES = OWN_PLUGIN_CASES | MYSQL_CASES
_SINGLES = ("transformations", "converters")
CASES = ["startup", *_IDLE_COUNTS, "rebalance", *RECORD_CASES, *PLUGIN_CASES, *_SINGLES]


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each worker")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="one pair of 200,000 records; nothing is written")
    parser.add_argument(
        "--java-plugins",
        type=Path,
        metavar="FOLDER",
        help=f"for Java's side of {', '.join(PLUGIN_CASES)}; else ours alone",
    )
    arguments = parser.parse_args()
    unknown = set(arguments.cases) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    cases = arguments.cases or CASES
    for case in _SINGLES:
        if case in cases:
            _measure_singles(case, write=not arguments.quick)
    if not set(cases) - set(_SINGLES):
        return 0
    pairs, records = (1, 200_000) if arguments.quick else (arguments.pairs, arguments.records)
    with ExitStack() as stack:
        folder, broker = stack.enter_context(tempfile.TemporaryDirectory()), stack.enter_context(KafkaBroker())
        mariadb = stack.enter_context(MariaDB()) if MYSQL_CASES.keys() & set(cases) else None
        setting = Setting(broker, records, Path(folder), arguments.java_plugins, mariadb)
        for case in (case for case in cases if case not in _SINGLES):
            results = _run(case, setting, pairs)
            body = table(results)
            sys.stdout.write(f"\n{case}\n{body}\n")
            if not arguments.quick:
                command = f"python -m benchmarks {case} --pairs {pairs} --records {records}"
                write_section(case, command, f"{_about(case)}\n\n{body}")
    return 0


def _measure_singles(case: str, *, write: bool) -> None:
    """Classes by themselves, in this process and in a JVM, on batches of 1,000 records; both on one processor."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    seconds = 0.15
    measured = (
        list(transforms.measure_all(("",), 1000, seconds, with_java=True))
        if case == "transformations"
        else converters.measure_all(1000, seconds, with_java=True)
    )
    body = singles_table(measured)
    sys.stdout.write(f"\n{case}\n{body}\n")
    if write:
        about = f"{(_measure_singles.__doc__ or '').strip()} Microseconds per record, the best of many runs."
        write_section(case, f"python -m benchmarks {case}", f"{about}\n\n{body}")


def _about(case: str) -> str:
    if case == "rebalance":
        return (rebalance.__doc__ or "").strip()
    function = startup if case == "startup" else idle if case in _IDLE_COUNTS else (RECORD_CASES | PLUGIN_CASES)[case]
    return (function.__doc__ or "").strip()


def _run(case: str, setting: Setting, pairs: int) -> list[tuple[Figures, Figures | None]]:
    if case in RECORD_CASES or case in PLUGIN_CASES:
        return _run_record_case(case, setting, pairs)
    results: list[tuple[Figures, Figures | None]] = []
    if case == "rebalance":
        for number in range(1, pairs + 1):
            both = [rebalance(kind, setting) for kind in (PYTHON, JAVA)]
            results.append((both[0], both[1]))
            _progress(case, number, both)
        return results
    for number in range(pairs + 1):
        figures = []
        for kind in (PYTHON, JAVA):
            with Subject(kind, setting.broker) as subject:
                count = _IDLE_COUNTS.get(case)
                figures.append(startup(subject) if count is None else idle(subject, setting.folder, count))
        if number:  # the first pair warms the disk's cache
            results.append((figures[0], figures[1]))
            _progress(case, number, figures)
    return results


def _run_record_case(case: str, setting: Setting, pairs: int) -> list[tuple[Figures, Figures | None]]:
    run = (RECORD_CASES | PLUGIN_CASES)[case]
    plugins = [] if setting.java_plugins is None else [setting.java_plugins]
    kinds = (PYTHON, JAVA) if case in RECORD_CASES or plugins else (PYTHON,)
    results: list[tuple[Figures, Figures | None]] = []
    with ExitStack() as stack:
        properties = WORKER_PROPERTIES.get(case)
        subjects = [stack.enter_context(Subject(kind, setting.broker, properties, plugins)) for kind in kinds]
        for subject in subjects:
            run(subject, setting)
        for number in range(1, pairs + 1):
            figures = [run(subject, setting) for subject in subjects]
            results.append((figures[0], figures[1] if len(figures) > 1 else None))
            _progress(case, number, figures)
    return results


def _progress(case: str, number: int, figures: list[Figures]) -> None:
    shown = [", ".join(f"{name} {value:,.2f}" for name, value in each.items()) for each in figures]
    sides = " | ".join(f"{kind} {text}" for kind, text in zip((PYTHON, JAVA), shown, strict=False))
    sys.stdout.write(f"{case} {number}: {sides}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
