"""What is read from /proc."""

from __future__ import annotations

import os

import pytest

from benchmarks.observer import LIBRDKAFKA, PYTHON_CODE, WORKER, Observer, part_of
from benchmarks.process_tree import cpu_seconds, pss_kilobytes, pss_megabytes, thread_time, thread_times

_TICKS = os.sysconf("SC_CLK_TCK")


def test_the_proportional_set_size_is_in_the_rollup() -> None:
    rollup = "00400000-7fff r--p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:  432 kB\nPss_Dirty: 12 kB\n"
    assert pss_kilobytes(rollup) == 432
    assert pss_kilobytes("") == 0


def test_a_threads_name_may_contain_anything() -> None:
    stat = f"12 (rdk:b) (x) S 1 12 12 0 -1 64 1 0 0 0 {_TICKS} {2 * _TICKS} 0 0 20 0 5 0 99"
    assert thread_time(stat) == ("rdk:b) (x", 3.0)


def test_this_process_has_threads_memory_and_time() -> None:
    pid = os.getpid()
    assert (pid, pid) in thread_times(pid)
    assert pss_megabytes(pid) > 1
    assert cpu_seconds(pid) > 0


@pytest.mark.parametrize(
    ("pid", "thread", "part"),
    [(1, "python", WORKER), (1, "rdk:main", WORKER), (2, "rdk:broker1", LIBRDKAFKA), (2, "python", PYTHON_CODE)],
)
def test_time_belongs_to_the_worker_or_to_a_part_of_its_tasks(pid: int, thread: str, part: str) -> None:
    assert part_of(1, pid, thread) == part


def test_an_observer_sees_memory_and_whose_time_it_was() -> None:
    with Observer(os.getpid(), {"me": os.getpid()}) as observer:
        total = sum(number * number for number in range(300_000))
    assert total
    assert observer.peak_megabytes > 1
    assert observer.cpu.keys() >= {WORKER, "me"}
    assert observer.cpu["me"] >= 0
