"""Names and the smoke run's comparison."""

from __future__ import annotations

import pytest

from benchmarks import __main__ as command
from benchmarks import smoke
from benchmarks.case import Measured
from benchmarks.catalogue import CASES
from benchmarks.figures import CPU, PSS, RATE
from benchmarks.store import Result, Store


def test_the_list_explains_each_case() -> None:
    lines = command.listing().splitlines()
    assert lines[::2] == list(CASES)
    assert all(len(line) > 20 for line in lines[1::2])


def test_the_cases_of_a_smoke_run_exist() -> None:
    assert set(smoke.CASES) <= CASES.keys()


def test_cpu_time_is_compared_with_that_of_the_client_alone() -> None:
    result = Result("d", "m", 2, 10, ours=[{CPU: 2.0, PSS: 50.0}, {CPU: 4.0, PSS: 60.0}])
    result.limits = {"bare producer": {RATE: 9.0, CPU: 1.5}}
    assert smoke.compared_figures(result, 0.5) == {f"{CPU} / bare": 2.0, PSS: 55.0}


def test_without_a_client_the_yardstick_says_how_fast_the_machine_is() -> None:
    lines = [Measured("JSON", "encode", 0.4, None)]
    assert smoke.compared_figures(Result("d", "m", 0, 0, lines=lines), 0.1) == {"JSON encode / bare": 4.0}


def test_what_moved_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(smoke={"a": {"x": 1.0, "y": 1.0}})
    smoke.compare(store, {"a": {"x": 1.3, "y": 1.1}, "b": {"x": 1.0}})
    assert capsys.readouterr().out == ("\na: x moved by +30%, from 1 to 1.3\nnot recorded yet (--record): b\n")
    smoke.compare(store, {"a": {"x": 1.0}})
    assert "nothing moved by more than 15 %" in capsys.readouterr().out
