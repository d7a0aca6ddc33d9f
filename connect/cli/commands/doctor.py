"""``connect doctor``: looks at what a worker needs, before it is started or while it runs."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from connect.api import ConfigException, ConnectException
from connect.cli.client import EXIT_REFUSED, CommandFailed, ConnectClient
from connect.cli.contexts import choose_url
from connect.cli.output import show
from connect.properties import load_properties

_DISK_BYTES = 200 * 1024 * 1024
_EXTRAS = {
    "elasticsearch": "elasticsearch",
    "pymysql": "mysql",
    "psycopg": "postgresql",
    "pytds": "sqlserver",
    "oracledb": "oracle",
    "fastavro": "avro",
    "jsonschema": "json-schema",
    "google": "protobuf",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and what to do otherwise."""

    subject: str
    state: str
    detail: str


@click.command("doctor")
@click.option(
    "--worker",
    "properties",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Worker properties: looks at the broker and the topics that they name.",
)
@click.option("--url", help="A running worker to look at.")
def doctor(properties: Path | None, url: str | None) -> None:
    """Look whether a worker can run here, and whether one that runs is well. Exits with 1 when something is wrong."""
    findings = [*_installation(), *_disk()]
    if properties is not None:
        findings += _worker_properties(load_properties(properties))
    if url is not None:
        findings += _running_worker(ConnectClient(choose_url(url, None)))
    rows = [[finding.state, finding.subject, finding.detail] for finding in findings]
    show([], "table", ("state", "what", "detail"), rows)
    if any(finding.state == "WRONG" for finding in findings):
        raise CommandFailed("Something is wrong; see above.", EXIT_REFUSED)


def _installation() -> Iterator[Finding]:
    yield Finding("Python", "OK", sys.version.split()[0])
    for module, extra in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        detail = (
            "installed" if there else f"not installed; its plugins need pip install 'kafka-connect-worker[{extra}]'"
        )
        yield Finding(f"extra {extra}", "OK" if there else "ABSENT", detail)


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    state = "OK" if free > _DISK_BYTES else "WRONG"
    yield Finding("disk", state, f"{free / 2**30:.1f} GiB free in {Path.cwd()}")


def _worker_properties(properties: Mapping[str, str]) -> Iterator[Finding]:
    from connect.cli.worker import cluster_id
    from connect.kafka.clients import admin
    from connect.kafka.connect_clients import ConnectClients
    from connect.kafka.topics import verify_compacted
    from connect.storage.internal_topics import config_topic, offset_topic, status_topic

    client = admin(ConnectClients(properties, properties.get("group.id")).shared_admin())
    broker = _look("broker", lambda: f"cluster {cluster_id(client)} at {properties.get('bootstrap.servers')}")
    yield broker
    if broker.state != "OK" or "group.id" not in properties:
        return
    existing = client.list_topics(timeout=10).topics
    for settings in (config_topic(properties), offset_topic(properties), status_topic(properties)):
        if settings.name not in existing:
            yield Finding(f"topic {settings.name}", "ABSENT", "will be created by the first worker")
            continue

        def looks(topic: object = settings) -> str:
            verify_compacted(client, topic)  # type: ignore[arg-type]  # bound early for the loop
            return "compacted"

        yield _look(f"topic {settings.name}", looks)


def _look(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "OK", look())
    except (ConfigException, ConnectException) as error:
        return Finding(subject, "WRONG", str(error))


def _running_worker(client: ConnectClient) -> Iterator[Finding]:
    try:
        root = client.get("/")
        health = client.get("/health")
        expanded = client.get("/connectors", expand="status")
    except CommandFailed as error:
        yield Finding("worker", "WRONG", error.message)
        return
    yield Finding("worker", "OK", f"{client.url}, {health['status']}, version {root['version']}")
    for name, entry in sorted(expanded.items()):
        status = entry.get("status", {})
        parts = [status.get("connector", {}), *status.get("tasks", [])]
        failed = [part for part in parts if part.get("state") == "FAILED"]
        if failed:
            reason = (failed[0].get("trace") or "").strip().splitlines()[-1:]
            yield Finding(f"connector {name}", "WRONG", f"{len(failed)} part(s) FAILED: {' '.join(reason)}")
