"""The runtime itself: start-up, idle connectors, creation of connectors, many connectors, answers of the REST API."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import rest
from benchmarks.case import Case, Life, Setting
from benchmarks.cases.copying import fresh_name
from benchmarks.cases.names import STRING
from benchmarks.data import LINE_BYTES
from benchmarks.figures import PSS, Figures
from benchmarks.subjects import Subject

_SETTLE_SECONDS, _WATCH_SECONDS = 2.0, 5.0
_LOAD_PER_SECOND = 100_000
_TICK_SECONDS = 0.05
_RUNNING_TIMEOUT = 300.0


def startup(subject: Subject, setting: Setting) -> Figures:
    """A worker from the start of its process: GET /connectors answers, then a first connector and its task RUNNING."""
    ready = {
        "REST ready, s": subject.startup_seconds,
        "REST ready, CPU s": subject.cpu_seconds(),
        PSS: subject.pss_megabytes(),
    }
    began = time.perf_counter()
    _create_idle(subject, setting.folder, 1)
    return {**ready, "first RUNNING, s": subject.startup_seconds + time.perf_counter() - began}


def _create_idle(subject: Subject, folder: Path, count: int) -> tuple[float, float]:
    """File sources with nothing to do; seconds until all are accepted, and until all run."""
    began = time.perf_counter()
    names = [fresh_name() for _ in range(count)]
    for name in names:
        empty = folder / f"{name}.txt"
        empty.touch()
        config = {"connector.class": "FileStreamSource", "file": str(empty), "topic": name, "tasks.max": "1"}
        subject.create(name, config)
    accepted = time.perf_counter() - began
    for name in names:
        subject.wait_until_running(name, _RUNNING_TIMEOUT)
    return accepted, time.perf_counter() - began


def _watched(subject: Subject) -> Figures:
    """CPU and memory of a worker that has nothing to do."""
    time.sleep(_SETTLE_SECONDS)
    cpu, began = subject.cpu_seconds(), time.perf_counter()
    time.sleep(_WATCH_SECONDS)
    used = (subject.cpu_seconds() - cpu) / (time.perf_counter() - began)
    return {"CPU % of a core": used * 100, PSS: subject.pss_megabytes()}


def idle(count: int) -> Callable[[Subject, Setting], Figures]:
    """The case of so many connectors."""

    def measure(subject: Subject, setting: Setting) -> Figures:
        running = _create_idle(subject, setting.folder, count)[1]
        return {**({"all RUNNING, s": running} if count else {}), **_watched(subject)}

    measure.__doc__ = f"{count or 'No'} connectors on empty files: what a worker holds and uses that has nothing to do."
    return measure


def creation(subject: Subject, setting: Setting) -> Figures:
    """30 connectors created one after the other: how many a second are accepted, and how many a second run."""
    count = 30
    before = set(subject.connectors())
    accepted, running = _create_idle(subject, setting.folder, count)
    for name in set(subject.connectors()) - before:
        subject.delete(name)
    return {"accepted/s": count / accepted, "RUNNING/s": count / running}


_SIZES = (10, 100, 1000)
_OF_SIZE = "{} connectors: {}"
"""How figures of a size are called; the report draws them."""


def scaling(subject: Subject, setting: Setting) -> Figures:
    """10, 100 and 1,000 idle connectors in one worker: CPU and memory, and what each further one adds."""
    figures: Figures = {}
    seen: dict[int, Figures] = {}
    for size in (size for size in _SIZES if size <= max(setting.records, _SIZES[0])):
        began = time.perf_counter()
        _create_idle(subject, setting.folder, size - max(seen, default=0))
        seen[size] = {"until RUNNING, s": time.perf_counter() - began, **_watched(subject)}
        figures |= {_OF_SIZE.format(size, name): value for name, value in seen[size].items()}
    fewest, most = min(seen), max(seen)
    for name in ("CPU % of a core", PSS):
        figures[f"each further connector: {name}"] = (seen[most][name] - seen[fewest][name]) / (most - fewest)
    return figures


def rest_status(subject: Subject, setting: Setting) -> Figures:
    """GET /connectors/NAME/status over 32 connections at a time, as fast as the answers come; nothing else runs."""
    name = fresh_name()
    lines = setting.folder / "rest.txt"
    lines.write_text("one line\n")
    subject.create(name, {"connector.class": "FileStreamSource", "file": str(lines), "topic": name, "tasks.max": "1"})
    subject.wait_until_running(name)
    figures = rest.status_figures(subject.server.url, name)
    subject.delete(name)
    return figures


def rest_under_load(subject: Subject, setting: Setting) -> Figures:
    """GET /connectors/NAME/status 100 times a second over 4 connections, while 100,000 lines a second are copied."""
    name = fresh_name()
    lines = setting.folder / f"{name}.txt"
    lines.touch()
    config = {"connector.class": "FileStreamSource", "file": str(lines), "topic": name, "tasks.max": "1"}
    subject.create(name, {**config, "key.converter": STRING, "value.converter": STRING})
    subject.wait_until_running(name)
    with _growing(lines):
        figures = rest.paced_figures(subject.server.url, name)
    subject.delete(name)
    lines.unlink()
    return figures


@contextmanager
def _growing(path: Path) -> Iterator[None]:
    """The same load for both workers: lines are appended at a constant rate."""
    text = ("x" * (LINE_BYTES - 1) + "\n") * int(_LOAD_PER_SECOND * _TICK_SECONDS)
    over = threading.Event()

    def append() -> None:
        with path.open("a") as file:
            while not over.wait(_TICK_SECONDS):
                file.write(text)
                file.flush()

    thread = threading.Thread(target=append, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


CASES = (
    Case(
        "startup",
        startup,
        life=Life.FRESH,
        warm_disk=True,
        bound="Imports, the group's first rebalance and the internal topics.",
    ),
    Case("idle-0", idle(0), life=Life.FRESH, most_pairs=2),
    Case("idle-10", idle(10), life=Life.FRESH, most_pairs=2),
    Case("idle-100", idle(100), life=Life.FRESH, most_pairs=2),
    Case("connector-creation", creation, bound="A rebalance, records of the config topic, and a process per task."),
    Case(
        "scaling",
        scaling,
        1000,
        life=Life.FRESH,
        most_pairs=1,
        control=False,
        bound="A process per task here, three threads per connector there; each task has a Kafka client of its own.",
    ),
    Case("rest-status", rest_status),
    Case("rest-under-load", rest_under_load),
)
