"""``connect demo`` as a user runs it: real processes, the public data set, no server mocked."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

JANUARY = 27_004
COMMAND = [sys.executable, "-m", "connect.cli.main", "demo", "--port", "0", "--broker-port", "0", "--search-port", "0"]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """The folder in which the demo makes its own, so that what it leaves behind is seen."""
    with tempfile.TemporaryDirectory(prefix="demo-test-") as folder:
        yield Path(folder)


def environment(temporary: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        threading.Event().wait(0.1)


def test_every_row_of_the_file_arrives(temporary):
    """With --exit the demo ends by itself: code 0, the verdict, the table, and nothing left on the disk."""
    result = subprocess.run(
        [*COMMAND, "--exit"], env=environment(temporary), capture_output=True, text=True, timeout=180, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert f"All {JANUARY:,} rows of the file are in the index" in result.stdout
    assert result.stdout.count(f"{JANUARY}/{JANUARY}") == 2
    assert re.search(r"ExpressJet Airlines Inc\.\W+4,171\W+182\W+24\.2 min", result.stdout)
    assert result.stderr == ""
    assert list(temporary.iterdir()) == []


def test_the_demo_serves_until_it_is_told_to_stop(temporary):
    """Worker and index answer after the result; a SIGTERM ends the demo and every process that it started."""
    log = temporary / "output"
    with log.open("w") as output:
        demo = subprocess.Popen(COMMAND, env=environment(temporary), stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: demo.poll() is not None or "until you press Ctrl-C" in log.read_text(), 180)
        text = log.read_text()
        assert demo.poll() is None, text
        worker, search = (re.search(pattern, text)[1] for pattern in (r"Worker +(\S+)", r"Search server (\S+)"))

        connectors = requests.get(f"{worker}/connectors?expand=status", timeout=10).json()
        assert sorted(connectors) == ["flights-sink", "flights-source"]
        states = {task["state"] for c in connectors.values() for task in c["status"]["tasks"]}
        assert states == {"RUNNING"}
        assert requests.get(f"{search}/flights/_count", timeout=10).json()["count"] == JANUARY
        (flight,) = requests.get(f"{search}/flights/_search?q=flight:1545&size=1", timeout=10).json()["hits"]["hits"]
        assert {"scheduled", "destination", "departure_delay", "arrival_delay"} <= set(flight["_source"])
        assert not {"time_hour", "dest", "dep_delay", "arr_delay", "year", "month", "day"} & set(flight["_source"])

        children = psutil.Process(demo.pid).children(recursive=True)
        assert len(children) >= 3
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(30) == 0
        assert psutil.wait_procs(children, timeout=10)[1] == []
    finally:
        demo.kill()
        demo.wait()
