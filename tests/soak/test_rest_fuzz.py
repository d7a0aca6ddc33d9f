"""10,000 made-up requests, half of those about connectors to ones that are there; the worker's memory stays flat."""

from __future__ import annotations

import psutil
import requests
import schemathesis

from tests.conformance.rest_fuzz import KINDS, send_made_up_requests
from tests.conformance.rest_worker import ConnectWorker
from tests.services import KafkaBroker

REQUESTS = 10_000
WARM_REQUESTS = 2_000
PER_TURN = 100
MOST_GROWTH = 8 * 1024 * 1024
CONFIG = {"connector.class": "conformance.ControlSource", "tasks.max": "2", "records": "10"}


def test_ten_thousand_requests_leave_the_worker_as_it_was(kafka_broker: KafkaBroker) -> None:
    with ConnectWorker(kafka_broker.bootstrap_servers, {}) as worker:
        for name in ("one", "two"):
            config = {**CONFIG, "topic": name}
            requests.put(f"{worker.address}/connectors/{name}/config", json=config, timeout=30).raise_for_status()
        schema = schemathesis.openapi.from_url(f"{worker.address}/openapi.json")
        process = psutil.Process(worker.pid)
        sent, warm = 0, 0
        while sent < REQUESTS:
            for kind in KINDS:
                sent += send_made_up_requests(schema, kind, PER_TURN, ["one", "two"])
            if not warm and sent >= WARM_REQUESTS:
                warm = process.memory_info().rss
        growth = process.memory_info().rss - warm
        assert "Traceback" not in worker.log()
        print(f"{sent} requests; {warm / 2**20:.1f} MiB when warm, {growth / 2**20:+.1f} MiB at the end")
        assert growth < MOST_GROWTH
