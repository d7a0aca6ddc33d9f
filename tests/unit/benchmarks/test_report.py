"""The report is written from what is recorded, so that some cases can be measured again alone."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import report, svg
from benchmarks.case import Case, Measured, Setting, Table
from benchmarks.figures import CPU, PEAK, PSS, RATE, Figures, Spread
from benchmarks.observer import LIBRDKAFKA, PYTHON_CODE
from benchmarks.store import Profile, Result, Store
from benchmarks.subjects import Subject


def _measure(subject: Subject, setting: Setting) -> Figures:
    """Copies things."""
    raise NotImplementedError


def _lines(only: str, seconds: float, java: bool) -> list[Measured]:
    """Single classes."""
    raise NotImplementedError


CASES = [Case("copy", _measure, 1000, bound="Known to be slow."), Case("other", _measure), Table("single", _lines)]


def _result() -> Result:
    return Result(
        "2026-01-01",
        "a machine",
        2,
        1000,
        ours=[{RATE: 300.0, PEAK: 10.0}, {RATE: 500.0, PEAK: 10.0}],
        java=[{RATE: 100.0, PEAK: 100.0}, {RATE: 100.0, PEAK: 100.0}],
        control=[{RATE: 300.0}, {RATE: 400.0}],
        memory={"ours": [(0.0, 5.0), (1.0, 10.0)]},
        cpu={PYTHON_CODE: 2400.0, LIBRDKAFKA: 200.0},
        observed={RATE: 400.0},
        limits={"bare producer": {RATE: 800.0, CPU: 1.0}},
        profile=Profile("flames-copy.svg", [("read (file.py:1)", 0.5)]),
    )


def test_a_table_shows_medians_ratios_and_the_control() -> None:
    shown = report.table(_result()).splitlines()
    assert shown[2] == "| records/s | 400 (300 .. 500) | 100 | 4 (3 .. 5) | 1.12 (1 .. 1.25) |"


def test_java_and_the_control_may_be_missing() -> None:
    assert report.table(Result("d", "m", 1, 0, ours=[{PSS: 5.0}])).splitlines()[2] == "| PSS MB | 5 | - | - | - |"


def test_what_bounds_a_case_is_said_with_the_clients_own_rate() -> None:
    said = report.what_bounds(CASES[0], _result())
    assert "a million records took 2500.00 s" in said
    assert "busy 96% of the time: it is the limit" in said
    assert said.endswith("Known to be slow. Bare producer: 800 records/s, ours reaches 50% of that rate.")


@pytest.mark.parametrize(
    ("cpu", "said"),
    [
        ({PYTHON_CODE: 0.9}, "it is the limit"),
        ({PYTHON_CODE: 0.5, "Elasticsearch": 1.4}, "most of it Elasticsearch: the machine is the limit"),
        ({PYTHON_CODE: 0.3, LIBRDKAFKA: 0.2}, "tasks' Python 30% and librdkafka 20%"),
    ],
)
def test_the_verdict_follows_from_whose_time_it_was(cpu: Figures, said: str) -> None:
    assert said in report.verdict(cpu, 1.0, 2)


def test_running_some_cases_keeps_the_others(tmp_path: Path) -> None:
    Store(cases={"copy": _result(), "single": Result("d", "m", 0, 0, lines=[Measured("Cast", "map", 1.0, 2.0)])}).save(
        tmp_path
    )
    store = Store.load(tmp_path)
    store.cases["other"] = Result("d", "m", 1, 0, ours=[{PSS: 5.0}])
    store.save(tmp_path)
    report.write(Store.load(tmp_path), CASES, tmp_path / "RESULTS.md", tmp_path)
    text = (tmp_path / "RESULTS.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Python / Java at a glance",
        "## copy",
        "## other",
        "## single",
    ]
    assert "| Cast | map | 1.000 | 2.000 | 0.50 |" in text
    assert "| [copy](#copy) | 4 (3 .. 5) | - | 0.1 | - | 1.12 (1 .. 1.25) |" in text
    for picture in ("memory-copy", "ratios-rates", "ratios-memory"):
        ElementTree.parse(tmp_path / f"{picture}.svg")


def test_ticks_are_round() -> None:
    assert svg.ticks(1.08) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert svg.ticks(540) == [0, 100, 200, 300, 400, 500]


def test_a_ratio_without_a_range_can_be_drawn() -> None:
    ElementTree.fromstring(svg.ratios("a & b", [("x", Spread(1.0, 1.0, 1.0), None)], 2.5))
