"""The scenarios of ``compose/``: valid, and doing what they say when their parts run without containers."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pymysql
import pytest
import requests
import yaml

from tests.e2e.composed import COMPOSE, ComposedWorker, scenarios, services
from tests.services import Elasticsearch7, JavaConnect, KafkaBroker, MariaDB, SchemaRegistry
from tests.services.properties import read_properties
from tests.waiting import wait_until

_BIN = Path(sys.executable).parent


@pytest.fixture
def places(kafka_broker: KafkaBroker) -> dict[str, str]:
    """The broker, and topics of a cluster that no other test uses."""
    cluster = uuid.uuid4().hex
    topics = {f"connect-{kind}": f"{cluster}-{kind}" for kind in ("configs", "offsets", "status")}
    return {"kafka:9092": kafka_broker.bootstrap_servers, **topics}


@pytest.fixture
def running(places: dict[str, str]) -> Iterator[Any]:
    """Starts a worker service of a scenario, to be ended with the test; more places may be named."""
    with ExitStack() as stack:

        def start(scenario: str, service: str = "connect", more: dict[str, str] | None = None) -> ComposedWorker:
            return stack.enter_context(ComposedWorker(scenario, service, {**places, **(more or {})}))

        yield start


def documents(server: Elasticsearch7, index: str) -> int:
    """How many documents an index has; 0 when it isn't there."""
    requests.post(f"{server.url}/{index}/_refresh", timeout=30)
    answer = requests.get(f"{server.url}/{index}/_count", timeout=30)
    return int(answer.json().get("count", 0))


@pytest.mark.parametrize("scenario", scenarios())
def test_compose_files_follow_the_specification(scenario: str) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            COMPOSE / scenario / "compose.yaml",
        ],
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize("scenario", scenarios())
def test_mounted_files_are_there(scenario: str) -> None:
    for service in services(scenario).values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert not source.startswith(".") or (COMPOSE / scenario / source).exists(), mount


def test_the_dockerfile_has_no_findings() -> None:
    subprocess.run([str(_BIN / "hadolint"), COMPOSE / "worker" / "Dockerfile"], check=True, timeout=60)


def test_the_manifest_is_yaml_with_the_images_variables() -> None:
    _, workers = yaml.safe_load_all((COMPOSE / "kubernetes" / "connect.yaml").read_text())
    (container,) = workers["spec"]["template"]["spec"]["containers"]
    assert {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")} == {
        "startupProbe": "/health",
        "readinessProbe": "/health",
        "livenessProbe": "/",
    }
    stated = {entry["name"] for entry in container["env"]}
    assert {"CONNECT_BOOTSTRAP_SERVERS", "CONNECT_GROUP_ID", "CONNECT_CONFIG_STORAGE_TOPIC"} <= stated


def test_quickstart(running: Any, elasticsearch: Elasticsearch7) -> None:
    worker = running("quickstart", more={"http://elasticsearch:9200": elasticsearch.url})
    worker.apply_connectors()
    wait_until(lambda: documents(elasticsearch, "orders") >= 5)
    mapping = requests.get(f"{elasticsearch.url}/orders/_mapping", timeout=30).json()
    assert mapping["orders"]["mappings"]["properties"]["ordertime"] == {"type": "date"}


def test_mysql_to_elasticsearch(
    running: Any, elasticsearch: Elasticsearch7, mariadb: MariaDB, schema_registry: SchemaRegistry
) -> None:
    _load_rentals(mariadb)
    database = f"127.0.0.1:{mariadb.port}"
    worker = running(
        "mysql-elasticsearch",
        more={
            "http://elasticsearch:9200": elasticsearch.url,
            "mariadb:3306/sakila": f"{database}/{_DATABASE}",
            "connect-for-trying-out": mariadb.password,
            "http://registry:8080/apis/ccompat/v7": schema_registry.url,
        },
    )
    worker.apply_connectors()
    wait_until(lambda: documents(elasticsearch, "sakila-rental") == 16_044, timeout=60)
    wait_until(lambda: documents(elasticsearch, "ratings") >= 5)
    mapping = requests.get(f"{elasticsearch.url}/sakila-rental/_mapping", timeout=30).json()
    properties = mapping["sakila-rental"]["mappings"]["properties"]
    dates = {name for name, field in properties.items() if field["type"] == "date"}
    assert dates == {"rental_date", "return_date", "last_update"}


_DATABASE = "composed_sakila"


def _load_rentals(server: MariaDB) -> None:
    with pymysql.connect(
        host="127.0.0.1", port=server.port, user=server.user_name, password=server.password, autocommit=True
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE DATABASE {_DATABASE}")
        cursor.execute(f"USE {_DATABASE}")
        script = (COMPOSE / "mysql-elasticsearch" / "mariadb" / "rental.sql").read_text()
        for statement in script.split(";\n"):
            if statement.strip():
                cursor.execute(statement)


def test_three_workers_share_the_tasks(running: Any) -> None:
    first, *others = [running("three-workers", f"connect-{number}") for number in (1, 2, 3)]
    first.apply_connectors()

    def spread() -> set[str]:
        status = first.get("/connectors/users/status")
        return {task["worker_id"] for task in status["tasks"] if task["state"] == "RUNNING"}

    wait_until(lambda: len(spread()) == 3, timeout=60)
    assert all(worker.states("users").count("RUNNING") == 7 for worker in others)


def test_a_mixed_group(running: Any, places: dict[str, str], kafka_broker: KafkaBroker) -> None:
    ours = running("mixed")
    properties = read_properties(COMPOSE / "mixed" / "java-worker.properties")
    placed = {key: places.get(value, value) for key, value in properties.items() if key != "plugin.path"}
    with JavaConnect(kafka_broker.bootstrap_servers, {**placed, "rest.advertised.host.name": "127.0.0.1"}) as java:
        ours.apply_connectors()
        wait_until(lambda: ours.states("lines") == ["RUNNING", "RUNNING"], timeout=60)
        status = requests.get(f"{java.url}/connectors/lines/status", timeout=30).json()
        assert status == ours.get("/connectors/lines/status")


def test_standalone(running: Any) -> None:
    worker = running("standalone")
    out = worker.data / "lines.out.txt"
    wait_until(lambda: out.exists() and out.read_text() == (COMPOSE / "standalone/input/lines.txt").read_text())
    assert worker.states("lines-in") == ["RUNNING", "RUNNING"]
