import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connect.demo import worker as worker_module
from connect.demo.process import DemoFailed
from connect.demo.worker import Worker

Answer = tuple[int, Any]


@pytest.fixture
def rest() -> Iterator[tuple[Worker, list[Answer], list[tuple[str, Any]]]]:
    """A REST interface on a real socket that gives the listed answers one after the other, and what it was asked."""
    answers: list[Answer] = []
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((f"{self.command} {self.path}", json.loads(body) if body else None))
            status, content = answers.pop(0)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, format: str, *args: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Worker(None, server.server_address[1]), answers, asked  # type: ignore[arg-type]
        server.shutdown()


CONNECTOR = {"name": "c", "config": {"topic": "t"}}


def test_a_connector_is_posted_until_the_worker_has_time(rest):
    """A rebalance (409) or a start that isn't over (503) is waited for."""
    worker, answers, asked = rest
    answers += [(409, {}), (503, {}), (201, {})]

    worker.create(CONNECTOR)

    assert asked == [("POST /connectors", CONNECTOR)] * 3


def test_a_config_that_is_refused_is_shown(rest):
    """With the worker's own words, at once."""
    worker, answers, _ = rest
    answers += [(400, {"error_code": 400, "message": "Missing required configuration"})]

    with pytest.raises(DemoFailed, match=r"The worker refused c: 400 .*Missing required configuration"):
        worker.create(CONNECTOR)


def test_a_worker_that_stays_busy_is_given_up(rest, monkeypatch):
    """After the time limit the last answer is shown."""
    worker, answers, _ = rest
    answers += [(409, {"message": "rebalance"})] * 2
    monkeypatch.setattr(worker_module, "_CREATE_TIMEOUT", 0.1)

    with pytest.raises(DemoFailed, match=r"409 .*rebalance"):
        worker.create(CONNECTOR)


def statuses(connector: str, *tasks: str) -> dict[str, Any]:
    parts = [{"id": i, "state": state, "trace": f"trace {i}"} for i, state in enumerate(tasks)]
    return {"c": {"status": {"connector": {"state": connector, "trace": "trace of c"}, "tasks": parts}}}


def test_running_connectors_are_fine(rest):
    """Nothing is raised, not even when the worker is too busy to say how they are."""
    worker, answers, asked = rest
    answers += [(200, statuses("RUNNING", "RUNNING")), (500, {})]

    worker.check()
    worker.check()

    assert asked[0][0] == "GET /connectors?expand=status"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (statuses("FAILED"), "c failed:\ntrace of c"),
        (statuses("RUNNING", "RUNNING", "FAILED"), "c task 1 failed:\ntrace 1"),
    ],
)
def test_a_failure_is_shown_with_its_trace(rest, status, message):
    """Of a connector or of one of its tasks."""
    worker, answers, _ = rest
    answers += [(200, status)]

    with pytest.raises(DemoFailed, match=message):
        worker.check()
