"""The servers that come with the demo. Nothing else here knows which programs they are."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import requests

from connect.demo.broker.client import BrokerClient
from connect.demo.process import Server

_START_TIMEOUT = 20.0


@dataclass(frozen=True)
class KafkaBroker:
    """A Kafka broker on 127.0.0.1 that keeps everything in memory."""

    server: Server
    port: int

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def record_count(self, topic: str) -> int:
        with BrokerClient("127.0.0.1", self.port) as client:
            return client.record_count(topic)


@dataclass(frozen=True)
class SearchServer:
    """A server on 127.0.0.1 that speaks Elasticsearch's API and keeps everything in memory."""

    server: Server
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def start_broker(port: int, folder: Path) -> KafkaBroker:
    """Start it with its log in ``folder`` and wait until it answers. Raises DemoFailed."""
    command = [sys.executable, "-m", "connect.demo.broker", "--port", str(port)]
    broker = KafkaBroker(Server("The Kafka broker", command, folder / "broker.log"), port)
    broker.server.wait_until_ready(lambda: _broker_answers(port), _START_TIMEOUT)
    return broker


def _broker_answers(port: int) -> bool:
    try:
        with BrokerClient("127.0.0.1", port) as client:
            client.topics()
    except OSError:
        return False
    return True


def start_search(port: int, folder: Path) -> SearchServer:
    """Start it with its log in ``folder`` and wait until it answers. Raises DemoFailed."""
    command = [sys.executable, "-m", "connect.demo.search", "--port", str(port)]
    search = SearchServer(Server("The search server", command, folder / "search.log"), port)
    search.server.wait_until_ready(lambda: _answers(search.url), _START_TIMEOUT)
    return search


@dataclass(frozen=True)
class RegistryServer:
    """A schema registry on 127.0.0.1 that keeps everything in memory."""

    server: Server
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def start_registry(port: int, folder: Path) -> RegistryServer:
    """Start it with its log in ``folder`` and wait until it answers. Raises DemoFailed."""
    command = [sys.executable, "-m", "connect.demo.registry", "--port", str(port)]
    registry = RegistryServer(Server("The schema registry", command, folder / "registry.log"), port)
    registry.server.wait_until_ready(lambda: _answers(f"{registry.url}/subjects"), _START_TIMEOUT)
    return registry


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
