"""Measures this worker and Java Kafka Connect side by side; writes benchmarks/RESULTS.md and its plots."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, report, smoke
from benchmarks.broker import broker
from benchmarks.case import Case, Side, Table
from benchmarks.catalogue import CASES
from benchmarks.figures import Figures
from benchmarks.runner import Options, run
from benchmarks.store import FOLDER, Result, Store

_QUICK_SHARE = 0.1
_TABLE_SECONDS, _QUICK_TABLE_SECONDS = 0.15, 0.03


def main() -> int:
    """Run what the command line asks for."""
    arguments = _parser().parse_args()
    if arguments.list:
        sys.stdout.write(listing())
        return 0
    unknown = set(arguments.cases) - CASES.keys()
    if unknown:
        sys.stderr.write(f"no such case: {', '.join(sorted(unknown))}; --list shows all\n")
        return 2
    if arguments.smoke:
        return _smoke(arguments)
    names = arguments.cases or list(CASES)
    options = Options(
        pairs=1 if arguments.quick else arguments.pairs,
        records=arguments.records,
        share=_QUICK_SHARE if arguments.quick else 1.0,
        java=not arguments.ours_alone,
        java_plugins=arguments.java_plugins,
        profiles=FOLDER if arguments.profile else None,
    )
    failed = []
    for name, result, seconds in _results(names, options, arguments.only, quick=arguments.quick):
        if result is None:
            failed.append(name)
            continue
        result.seconds = seconds
        if not arguments.quick and not arguments.only:
            _keep(name, result)
        sys.stdout.write(f"{report.console(CASES[name], result)}\n{name}: {seconds:.0f} s\n")
        sys.stdout.flush()
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


def _keep(name: str, result: Result) -> None:
    """Record it beside what was recorded of other cases; another run may have added to that."""
    store = Store.load()
    store.cases[name] = result
    store.save()
    report.write(store, list(CASES.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("cases", nargs="*", metavar="CASE", help="of those that --list shows; all by default")
    add("--list", action="store_true", help="explain each case")
    add("--pairs", type=int, default=5, help="runs of each worker (5)")
    add("--records", type=int, help="instead of the number that each case has")
    add("--quick", action="store_true", help="one pair with a tenth of the records; nothing is recorded")
    add("--profile", action="store_true", help="one more run of ours under py-spy, with a flame graph")
    add("--ours-alone", action="store_true", help="leave Java out")
    add("--java-plugins", type=Path, action="append", default=[], metavar="DIR", help="connectors for Java's side")
    add("--only", default="", metavar="BEGINNING", help="of a table: the lines that begin so; nothing is written")
    add("--smoke", action="store_true", help="a few small cases of ours: print what moved since it was recorded")
    add("--record", action="store_true", help="with --smoke: record")
    return parser


def listing() -> str:
    """Name and meaning of all cases, and when Java takes part."""
    lines = []
    for case in CASES.values():
        note = ""
        if isinstance(case, Case):
            note = {Side.ALWAYS: "", Side.NEVER: " Ours alone."}.get(
                case.side, f" Beside Java with {case.needs.rpartition('.')[2]} in --java-plugins."
            )
        lines.append(f"{case.name}\n    {' '.join(case.about.split())}{note}\n")
    return "".join(lines)


def _results(
    names: Sequence[str], options: Options, only: str, *, quick: bool
) -> Iterator[tuple[str, Result | None, float]]:
    """Name, result and duration of each case; None where it failed, which is told, and doesn't end the others."""
    with tempfile.TemporaryDirectory() as folder, broker() as kafka:
        for name in names:
            began = time.monotonic()
            case = CASES[name]
            try:
                if isinstance(case, Table):
                    result = _measured(case, only, _QUICK_TABLE_SECONDS if quick else _TABLE_SECONDS, options.java)
                else:
                    result = run(case, kafka, Path(folder), options)
            except Exception as error:  # noqa: BLE001 (an hour of other results is worth more than the trace alone)
                sys.stdout.write(f"{name} failed: {''.join(traceback.format_exception(error))}\n")
                yield name, None, time.monotonic() - began
                continue
            yield name, result, time.monotonic() - began


def _measured(table: Table, only: str, seconds: float, java: bool) -> Result:
    load = machine.load()
    lines = table.measure(only, seconds, java)
    return Result(f"{datetime.now(UTC):%Y-%m-%d}", machine.described(), 0, 0, load=load, lines=lines)


def _smoke(arguments: argparse.Namespace) -> int:
    """Never fails because of figures: they are for people to judge."""
    unit = smoke.yardstick()
    found: dict[str, Figures] = {}
    options = Options(pairs=smoke.PAIRS, records=arguments.records, share=smoke.SHARE, java=False, control=False)
    names = smoke.names(arguments.cases)
    for name, result, _ in _results(names, options, "", quick=True):
        if result is not None:
            found[name] = smoke.compared_figures(result, unit)
    store = Store.load()
    smoke.compare(store, found)
    if arguments.record:
        store.smoke |= found
        store.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
