"""How long the work of a killed worker is without one."""

from __future__ import annotations

import os
import signal
import tempfile
import time
import uuid
from pathlib import Path

from benchmarks.case import Case, Life, Setting
from benchmarks.figures import Figures
from benchmarks.subjects import PYTHON, Subject
from tests.integration.cluster.group_of_workers import WorkerGroup, create, places
from tests.waiting import wait_until

_CONNECTORS = 10
_SECONDS = 120
# The session is the default one: most of the time is the coordinator's wait for the heartbeats of the dead.
_PROPERTIES = {
    "scheduled.rebalance.max.delay.ms": "0",
    "session.timeout.ms": "10000",
    "heartbeat.interval.ms": "3000",
}


def rebalance(subject: Subject, setting: Setting) -> Figures:
    """Three workers share ten file sources; from kill -9 of one until all runs on the others.

    The session is 10 s, and no rebalance is delayed.
    """
    with (
        tempfile.TemporaryDirectory(dir=setting.folder) as folder,
        WorkerGroup(setting.broker.bootstrap_servers, Path(folder), _PROPERTIES) as group,
    ):
        workers = [group.add() if subject.kind == PYTHON else group.add_java() for _ in range(3)]
        names = [f"c{number}-{uuid.uuid4()}" for number in range(_CONNECTORS)]
        for name in names:
            lines = group.lines(name)
            lines.path.touch()
            create(workers[0], name, lines.source_config)
        wait_until(lambda: len(places(workers[0], names)) == 3, timeout=_SECONDS, what="a shared group")
        os.kill(workers[2].pid, signal.SIGKILL)
        began = time.monotonic()
        dead = workers[2].url.removeprefix("http://")
        wait_until(
            lambda: (found := places(workers[0], names)) and dead not in found, timeout=_SECONDS, what="all elsewhere"
        )
        return {"killed to all running elsewhere, s": time.monotonic() - began}


CASES = (
    Case(
        "rebalance",
        rebalance,
        life=Life.OWN,
        most_pairs=2,
        bound="Nearly all of it is the coordinator's wait for the dead worker's session, the same for both.",
    ),
)
