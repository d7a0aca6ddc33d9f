"""Clients that others have published for Kafka Connect, unchanged, through the life of a connector."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from kafka_connect_api.kafka_connect_api import Api, Cluster
from kafkaconnect.connect import Connect

from tests.services import ConnectWorker
from tests.waiting import wait_until


def config_of(name: str, folder: Path) -> dict[str, str]:
    (folder / "in.txt").write_text("a\nb\n")
    return {
        "name": name,
        "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "tasks.max": "1",
        "file": str(folder / "in.txt"),
        "topic": f"lines-{name}",
    }


def test_clients_manage_a_connector(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    worker = connect_worker()
    _with_kafka_connect_api(worker, tmp_path)
    _with_kafkaconnect(worker, tmp_path)


def _with_kafka_connect_api(worker: ConnectWorker, folder: Path) -> None:
    api = Api(url=worker.url)
    cluster = Cluster(api)
    config = config_of("first", folder)
    assert cluster.version == "4.3.1"
    api.post("/connectors", json={"name": "first", "config": config})
    connector = cluster.connectors["first"]
    assert connector.exists()
    wait_until(lambda: worker.states("first") == ["RUNNING", "RUNNING"])
    assert connector.config == config
    assert connector.connector_class == config["connector.class"]
    (task,) = connector.tasks
    assert task.is_running()
    connector.pause()
    wait_until(lambda: connector.state == "PAUSED")
    connector.resume()
    wait_until(lambda: worker.states("first") == ["RUNNING", "RUNNING"])
    connector.config = {**config, "tasks.max": "2"}
    assert connector.config["tasks.max"] == "2"
    connector.restart_all_tasks()
    connector.cycle_connector()
    wait_until(lambda: worker.states("first") == ["RUNNING", "RUNNING"])
    cluster.set_logger_log_level("root", "INFO")
    connector.delete()
    wait_until(lambda: "first" not in cluster.connectors)


def _with_kafkaconnect(worker: ConnectWorker, folder: Path) -> None:
    connect = Connect(worker.url)
    config = config_of("second", folder)
    text = json.dumps(config)
    assert json.loads(connect.validate("FileStreamSourceConnector", text))["error_count"] == 0
    assert json.loads(connect.create_or_update("second", text))["config"] == config
    assert json.loads(connect.list()) == ["second"]
    wait_until(lambda: worker.states("second") == ["RUNNING", "RUNNING"])
    assert json.loads(connect.info("second"))["type"] == "source"
    assert len(json.loads(connect.tasks("second"))) == 1
    wait_until(lambda: json.loads(connect.topics("second")) == {"second": {"topics": ["lines-second"]}})
    assert connect.pause("second") == ""
    wait_until(lambda: json.loads(connect.status("second"))["connector"]["state"] == "PAUSED")
    assert connect.resume("second") == ""
    wait_until(lambda: worker.states("second") == ["RUNNING", "RUNNING"])
    assert connect.restart("second") == ""
    assert connect.remove("second") == ""
    wait_until(lambda: connect.status("second").endswith("not found."))
    assert {each["type"] for each in json.loads(connect.plugins())} == {"source", "sink"}
