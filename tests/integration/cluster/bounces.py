"""Rolling restarts of a group while numbered records flow, as Kafka's own system tests play them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import requests

from tests.integration.cluster.group_of_workers import AnyWorker, Lines, WorkerGroup, create, places, worker_id
from tests.waiting import wait_until

SINK_CLASS = "org.apache.kafka.connect.file.FileStreamSinkConnector"
BATCH, PAUSE_SECONDS = 5, 0.05


@contextmanager
def flowing(sources: Sequence[Lines]) -> Iterator[None]:
    """Numbers are appended to all files until the block ends."""
    stop = Event()

    def write() -> None:
        while not stop.wait(PAUSE_SECONDS):
            for lines in sources:
                lines.write(BATCH)

    writer = Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def roll(group: WorkerGroup, names: Sequence[str], *, clean: bool) -> None:
    """Restart every worker in turn, each time until all is shared again."""
    for worker in group.workers:
        if clean:
            worker.stop()
        else:
            worker.kill()
        rest = group.running
        expect_shared(rest, names)
        worker.start()
        expect_shared(group.workers, names)


def expect_shared(workers: Sequence[AnyWorker], names: Sequence[str]) -> None:
    """Wait until everything runs, on all of these workers and on no other."""
    everybody = {worker_id(worker) for worker in workers}

    def shared() -> bool:
        try:
            return set(places(workers[0], list(names))) == everybody
        except requests.ConnectionError:
            return False

    wait_until(shared, timeout=90, what=f"work on all of {everybody}")


def bounce(group: WorkerGroup, *, rounds: int, clean: bool, exactly: bool | None = None) -> None:
    """Sources and a sink on three workers; no number may be lost, and with clean restarts none may come twice.

    ``exactly`` says so for unclean ones.
    """
    for _ in range(3):
        group.add()
    names = ["s0", "s1", "s2"]
    sources = [group.source(name) for name in names]
    out = group.folder / "out.txt"
    topics = ",".join(lines.topic for lines in sources)
    sink = {"connector.class": SINK_CLASS, "file": str(out), "topics": topics, "tasks.max": "1"}
    create(group.workers[0], "sink", sink)
    everything = [*names, "sink"]
    with flowing(sources):
        expect_shared(group.workers, everything)
        for _ in range(rounds):
            roll(group, everything, clean=clean)
    for lines in sources:
        expect_numbers(group.numbers, lines, exactly=clean if exactly is None else exactly)

    total = sum((lines.once for lines in sources), Counter[int]())
    wait_until(lambda: total <= Counter(map(int, out.read_text().split())), timeout=60, what="all in the sink's file")


def expect_numbers(read: object, lines: Lines, *, exactly: bool) -> None:
    """Wait until all numbers are there; ``exactly``: each once."""
    assert callable(read)
    wait_until(lambda: not lines.once - read(lines), timeout=60, what=f"all numbers of {lines.topic}")
    repeated = read(lines) - lines.once
    assert not exactly or not repeated, f"repeated: {repeated}"
