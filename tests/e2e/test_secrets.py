"""A secret that is planted wherever one may be configured shows up nowhere: REST, topics, logs, processes, traces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import requests
from confluent_kafka import Consumer

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

CANARY = "canary-f3b1c0de"

CONNECTORS: dict[str, dict[str, str]] = {
    "jdbc": {
        "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
        "connection.url": "jdbc:mysql://127.0.0.1:1/shop",
        "connection.user": "connect",
        "connection.password": "${file:SECRETS:password}",
        "connection.attempts": "1",
        "connection.backoff.ms": "10",
        "mode": "bulk",
        "topic.prefix": "t-",
    },
    "elasticsearch": {
        "connector.class": "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
        "connection.url": "http://127.0.0.1:1",
        "connection.username": "connect",
        "connection.password": "${file:SECRETS:password}",
        "max.retries": "0",
        "topics": "canaries",
    },
    "headers": {
        "connector.class": "FileStreamSource",
        "file": "${directory:FOLDER:nosuchfile}",
        "topic": "${env:CANARY_TOPIC}",
        "producer.override.sasl.jaas.config": "x required password='${file:SECRETS:password}';",
        "producer.override.ssl.key.password": "${file:SECRETS:password}",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.basic.auth.user.info": "user:${file:SECRETS:password}",
    },
    "avro": {
        "connector.class": "FileStreamSource",
        "file": "/dev/null",
        "topic": "canaries",
        "value.converter": "io.confluent.connect.avro.AvroConverter",
        "value.converter.schema.registry.url": "http://user:${file:SECRETS:password}@127.0.0.1:1",
        "value.converter.basic.auth.user.info": "user:${file:SECRETS:password}",
    },
    "broken": {
        "connector.class": "FileStreamSource",
        "topic": "canaries",
        "batch.size": "${file:SECRETS:password}",
    },
    "talkative": {
        "connector.class": "talkative.Talkative",
        "topic": "canaries",
        "said": "${file:SECRETS:password}",
    },
}


def worker_properties(secrets: Path) -> dict[str, str]:
    return {
        "config.providers": "file,directory,env",
        "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
        "config.providers.directory.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        "config.providers.env.param.allowlist.pattern": "CANARY_.*",
        # Of a listener that is not used, but configured.
        "ssl.key.password": f"${{file:{secrets}:password}}",
        "ssl.keystore.password": CANARY,
        "sasl.jaas.config": f'org.apache.kafka.common.security.plain.PlainLoginModule required password="{CANARY}";',
    }


def everything_rest_says(worker: ConnectWorker) -> Iterator[tuple[str, str]]:
    paths = ["/", "/connectors?expand=info&expand=status", "/admin/loggers", "/admin/placement", "/openapi.json"]
    for name in CONNECTORS:
        paths += [f"/connectors/{name}{part}" for part in ("", "/config", "/status", "/tasks", "/tasks-config")]
        paths += [f"/connectors/{name}/tasks/0/status", f"/connectors/{name}/offsets", f"/connectors/{name}/topics"]
    for path in paths:
        yield path, requests.get(worker.url + path, timeout=60).text
    yield "/metrics", requests.get(f"{worker.url}/metrics", headers={"Accept": "*/*"}, timeout=60).text
    for name, config in CONNECTORS.items():
        plugin = config["connector.class"].rsplit(".", 1)[-1]
        for lint in ("", "?lint=true"):
            path = f"/connector-plugins/{plugin}/config/validate{lint}"
            yield path, requests.put(worker.url + path, json={"name": name, **config}, timeout=60).text


def all_records(bootstrap_servers: str, topics: list[str]) -> bytes:
    """What the topics hold, as one text."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "canaries", "enable.partition.eof": True,
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})  # fmt: skip
    metadata = consumer.list_topics(timeout=30).topics
    left = {(topic, partition) for topic in topics for partition in metadata[topic].partitions}
    consumer.subscribe(topics)
    seen = b""
    while left:
        message = consumer.poll(30)
        assert message is not None, f"no end of {left}"
        if message.error() is not None:
            left.discard((message.topic(), message.partition()))
            continue
        seen += b"%b %b %r\n" % (message.key() or b"", message.value() or b"", repr(message.headers()).encode())
    consumer.close()
    return seen


def test_a_secret_shows_up_nowhere(
    kafka_broker: KafkaBroker, connect_worker: Callable[..., ConnectWorker], tmp_path: Path, monkeypatch: Any
) -> None:
    secrets = tmp_path / "secrets.properties"
    secrets.write_text(f"password={CANARY}\n")
    (tmp_path / "nosuchfile").write_text("/dev/null")
    monkeypatch.setenv("CANARY_TOPIC", "canaries")
    audit = tmp_path / "audit.jsonl"
    worker = connect_worker(
        {**worker_properties(secrets), "audit.log.file": str(audit)}, python_path=[Path(__file__).parent / "plugins"]
    )
    requests.put(f"{worker.url}/admin/loggers/connect", json={"level": "TRACE"}, timeout=60).raise_for_status()
    refused: dict[str, str] = {}
    for name, config in CONNECTORS.items():
        text = json.dumps(config).replace("SECRETS", str(secrets)).replace("FOLDER", str(tmp_path))
        CONNECTORS[name] = json.loads(text)
        answer = requests.put(f"{worker.url}/connectors/{name}/config", json=CONNECTORS[name], timeout=60)
        if not answer.ok:
            refused[name] = answer.text
    assert set(refused) <= {"jdbc", "elasticsearch", "headers", "broken"}, refused
    created = [name for name in CONNECTORS if name not in refused]
    wait_until(lambda: all(worker.states(name) for name in created), timeout=60)
    wait_until(lambda: worker.states("talkative") == ["RUNNING", "FAILED"], timeout=60)

    processes = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    command_lines = "\n".join(" ".join(process.cmdline()) for process in processes)
    topics = [worker.properties[f"{kind}.storage.topic"] for kind in ("config", "offset", "status")]
    places = {
        **dict(everything_rest_says(worker)),
        **{f"refused {name}": text for name, text in refused.items()},
        "process list": command_lines,
        "topics": all_records(kafka_broker.bootstrap_servers, topics).decode(errors="replace"),
        "log": worker.log(),
        "audit log": audit.read_text(),
    }
    assert [place for place, text in places.items() if CANARY in text] == []
    assert "${file:" in places["topics"], "the configurations were looked at"
    told = "${file:" + str(secrets) + ":password}"
    for words in ("The connector was told", "The task was told", "A plugin's own words:", "Nobody opens to"):
        assert f"{words} {told}" in places["log"]
    assert f"Nobody opens to {told}" in places["/connectors/talkative/status"].replace("\\/", "/")
