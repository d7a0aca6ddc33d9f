"""Nothing of QoS 1 and 2 is lost when the task is killed, the server restarts or the network pauses."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.mqtt_trouble import Trouble, kafka_away
from tests.services import ConnectWorker

_CONFIG = {"mqtt.receive.maximum": "2000", "records.per.second.max": "8000"}


def pause_server(trouble: Trouble) -> None:
    """Long enough for the task to give the connection up, which takes three seconds with this keep-alive interval."""
    os.kill(trouble.mosquitto.pid, signal.SIGSTOP)
    try:
        trouble.wait_for_log("The connection was lost")
    finally:
        os.kill(trouble.mosquitto.pid, signal.SIGCONT)
    trouble.wait_for_log("the server remembers the session")


def restart_server(trouble: Trouble) -> None:
    trouble.mosquitto.restart()
    trouble.wait_for_log("the server remembers the session")


@pytest.mark.parametrize("qos", [1, 2])
def test_nothing_is_lost(connect_worker: Callable[..., ConnectWorker], tmp_path: Path, qos: int) -> None:
    worker = connect_worker()
    count = 20_000 if qos == 1 else 3_000
    for event in (Trouble.kill_task, restart_server, pause_server):
        with Trouble(worker, tmp_path, qos, _CONFIG) as trouble:
            trouble.send(count)
            event(trouble)
            trouble.send(count // 10)
            counts = trouble.counts()
        print(event.__name__, qos, counts)
        assert counts.missing == 0
        assert counts.out_of_order == 0
        sys.stdout.write(f"{event.__name__} {qos} {counts}\n")  # of interest with pytest -s
        once = qos == 2 and event is not Trouble.kill_task
        # Of QoS 1 come again what wasn't acknowledged, and what was in packets that Mosquitto hadn't read yet.
        assert counts.duplicates <= (0 if once else counts.sent)


def test_kafka_may_be_away(tmp_path: Path) -> None:
    counts, megabytes = kafka_away(tmp_path, seconds=4, per_second=5000)
    assert counts[1:] == (0, 0, 0)
    assert megabytes < 60
