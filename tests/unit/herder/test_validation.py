"""Judging connector configurations: the recorded answers, what POST and PUT refuse, and what ?lint=true adds."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connect.api import config_types
from connect.herder.errors import BadRequest
from connect.herder.validation import ConnectorValidation, java_map, patched
from connect.plugins.registry import PluginRegistry
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.channel import RemoteError
from connect.runtime.validation import live
from connect.runtime.validation.live import live_findings
from connectors.file.source import FileStreamSourceConnector
from tests.conformance.rest_replay import replayer, scenarios
from tests.conformance.rest_worker import JSON_CONVERTERS, PLUGINS
from tests.unit.herder.parts import PluginCallsHere

Json = dict[str, Any]
GROUP = "workers"
SOURCE = {"connector.class": "FileStreamSource", "name": "c", "topic": "t"}
SINK = {"connector.class": "FileStreamSink", "name": "c", "topics": "t", "file": "f"}
REGISTRY = PluginRegistry(plugin_path=[str(PLUGINS)])


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """CLASS keys know the plugins of the recorded scenarios, as in a worker's processes."""
    monkeypatch.setattr(config_types, "_find_class", REGISTRY.knows)
    monkeypatch.syspath_prepend(str(PLUGINS))


def make_validation(worker: dict[str, str] | None = None, group: str | None = GROUP) -> ConnectorValidation:
    properties = {**JSON_CONVERTERS, **(worker or {})}
    calls: Any = PluginCallsHere(REGISTRY)
    return ConnectorValidation(calls, properties, ConfigTransformer(properties), group)


def recorded_validations() -> list[tuple[str, Json, Json]]:
    """Id, scenario and step of every recorded request to /validate that gets an answer."""
    found = []
    for scenario in scenarios():
        for number, step in enumerate(scenario["steps"], 1):
            is_validation = step.get("path", "").endswith("/config/validate") and step["expect"]["status"] == 200
            if is_validation and isinstance(step.get("body"), dict):
                found.append((f"{scenario['id']}-{number}", scenario, step))
    return found


RECORDED = recorded_validations()


@pytest.mark.parametrize(("scenario", "step"), [each[1:] for each in RECORDED], ids=[each[0] for each in RECORDED])
async def test_a_configuration_is_judged_as_recorded(scenario: Json, step: Json) -> None:
    """The whole answer: definitions, values, suggestions, errors, groups, their order and their number."""
    step = replayer.substitute(step, {"<run>": "run", "<tmp>": "/tmp", "<group>": GROUP})
    answer = json.loads(json.dumps(await make_validation(scenario["workerConfig"]).infos(step["body"])))
    expected = step["expect"]["body"]
    assert answer == expected or replayer.differences(expected, answer) == []


async def refused(config: dict[str, str | None], **options: Any) -> list[str]:
    """The errors for which a configuration is refused."""
    with pytest.raises(BadRequest) as refusal:
        await make_validation(**options).require_valid(config)
    head, *errors, hint = str(refusal.value).split("\n")
    assert head == f"Connector configuration is invalid and contains the following {len(errors)} error(s):"
    assert "`/connector-plugins/{connectorType}/config/validate`" in hint
    return errors


async def test_keys_that_supervise_tasks_are_judged_where_they_are_set() -> None:
    assert await refused({**SOURCE, "task.restart.policy": "always", "task.memory.max.bytes": "-1"}) == [
        "Invalid value always for configuration task.restart.policy: String must be one of: none, on-failure",
        "Invalid value -1 for configuration task.memory.max.bytes: Value must be at least 0",
    ]
    answer = await make_validation().infos({**SOURCE, "task.stall.timeout.ms": "1000"}, lint=True)
    assert answer["lint"] == []
    assert [key for key in names(answer) if key.startswith("task.")] == ["task.stall.timeout.ms"]
    assert answer["groups"].count("Task Supervision") == 1


def names(answer: Json) -> list[str]:
    """The keys that an answer is about."""
    return [each["definition"]["name"] for each in answer["configs"]]


async def test_all_errors_are_told_at_once() -> None:
    assert await refused({**SOURCE, "tasks.max": "0", "errors.tolerance": "some"}) == [
        "Invalid value 0 for configuration tasks.max: Value must be at least 1",
        "Invalid value some for configuration errors.tolerance: String must be one of: none, all",
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            {"topics": None, "topics.regex": None},
            "Must configure one of topics or topics.regex",
        ),
        (
            {"topics.regex": "t.*"},
            "topics and topics.regex are mutually exclusive options, but both are set.",
        ),
        (
            {"errors.deadletterqueue.topic.name": "t"},
            "The DLQ topic 't' may not be included in the list of topics ('topics=[t]') consumed by the connector",
        ),
        (
            {"topics": None, "topics.regex": "t.*", "errors.deadletterqueue.topic.name": "tt"},
            (
                "The DLQ topic 'tt' may not be matched by the regex for the topics ('topics.regex=t.*') consumed by "
                "the connector"
            ),
        ),
        (
            {"consumer.override.group.id": GROUP},
            f"Consumer group {GROUP} conflicts with Connect worker group {GROUP}",
        ),
        (
            {"transforms": "f", "transforms.f.type": "Filter", "transforms.f.negate": "true"},
            (
                "Config 'transforms.f.negate' was provided but there is no config 'transforms.f.predicate' defining a "
                "predicate to be negated."
            ),
        ),
    ],
)
async def test_what_contradicts_itself_in_a_sink_is_refused(change: dict[str, str | None], error: str) -> None:
    config = {key: value for key, value in {**SINK, **change}.items() if value is not None}
    assert error in await refused(config)


async def test_a_sink_whose_usual_group_is_the_workers_is_refused() -> None:
    expected = "Consumer group for sink connector named c conflicts with Connect worker group connect-c"
    assert await refused(dict(SINK), group="connect-c") == [expected]


async def test_standalone_workers_have_no_group_to_conflict_with() -> None:
    await make_validation(group=None).require_valid({**SINK, "consumer.override.group.id": GROUP})


async def test_variables_are_replaced_before_anything_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKS", "0")
    worker = {"config.providers": "env", "config.providers.env.class": "EnvVarConfigProvider"}
    errors = await refused({**SOURCE, "tasks.max": "${env:TASKS}"}, worker=worker)
    assert errors == ["Invalid value 0 for configuration tasks.max: Value must be at least 1"]


async def test_a_configuration_without_a_class_is_no_connector() -> None:
    with pytest.raises(BadRequest, match=r"Connector config \{name=c, x=null\} contains no connector type"):
        await make_validation().require_valid({"name": "c", "x": None})


async def test_an_unreadable_client_override_fails_the_request() -> None:
    with pytest.raises(RemoteError, match=r"Invalid value x for configuration linger\.ms: Not a number of type LONG"):
        await make_validation().infos({**SOURCE, "producer.override.linger.ms": "x"})


async def test_an_unknown_policy_fails_the_request() -> None:
    worker = {"connector.client.config.override.policy": "Some"}
    with pytest.raises(RemoteError, match="expected one of All, None, Principal, Allowlist"):
        await make_validation(worker).infos(SOURCE)


FILTER = {"transforms": "x", "transforms.x.type": "Filter"}
ROUTER = {"transforms": "x", "transforms.x.type": "RegexRouter"}


@pytest.mark.parametrize(
    ("change", "code", "key", "suggestion"),
    [
        ({"fiel": "x"}, "unknown-key", "fiel", "file"),
        ({"my.own": "x"}, "unknown-key", "my.own", None),
        ({"producer.override.ack": "1"}, "unknown-client-key", "producer.override.ack", "producer.override.acks"),
        ({"transforms.x.type": "Filter"}, "unused-alias", "transforms.x", None),
        ({"topic.creation.g.include": "a"}, "unused-alias", "topic.creation.g", None),
        ({**FILTER, "transforms.x.predicate": "p"}, "undefined-predicate", "transforms.x.predicate", None),
        ({**ROUTER, "transforms.x.regxe": "p"}, "unknown-key", "transforms.x.regxe", "transforms.x.regex"),
        ({"key.converter.schemas.enable": "no"}, "unused-converter-settings", "key.converter.schemas.enable", None),
        ({"errors.tolerance": "all"}, "silent-loss", "errors.tolerance", None),
    ],
)
async def test_lint_tells_what_is_likely_not_meant(
    change: dict[str, str], code: str, key: str, suggestion: str | None
) -> None:
    """With a code that scripts can rely on, and what was likely meant."""
    answer = await make_validation().infos({**SOURCE, **change}, lint=True)
    found = [(each["code"], each["key"], each.get("suggestion")) for each in answer["lint"]]
    assert (code, key, suggestion) in found


async def test_lint_has_nothing_against_a_good_configuration(tmp_path: Path) -> None:
    safe = {"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dlq"}
    good = {**SINK, **safe, "consumer.override.max.poll.records": "5", "file": str(tmp_path / "out")}
    assert (await make_validation().infos(good, lint=True))["lint"] == []
    assert "lint" not in await make_validation().infos(good)


async def test_lint_looks_whether_files_and_brokers_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only when nothing else is wrong; the answer without lint doesn't look."""
    monkeypatch.setattr(live, "_BROKER_SECONDS", 0.2)
    absent = str(tmp_path / "none" / "out")
    nowhere = make_validation({"bootstrap.servers": "127.0.0.1:1"})
    found = {each["code"]: each["key"] for each in (await nowhere.infos({**SINK, "file": absent}, lint=True))["lint"]}
    assert found == {"live-check": "file", "brokers-unreachable": "connector.class"}
    answer = await nowhere.infos({**SINK, "file": absent, "tasks.max": "0"}, lint=True)
    assert (answer["error_count"], answer["lint"]) == (1, [])


class SlowConnector(FileStreamSourceConnector):
    """Its checks take long, or fail."""

    asked = threading.Event()
    fails = False

    @classmethod
    def live_checks(cls, config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        if cls.fails:
            raise RuntimeError("no")
        cls.asked.wait(10)
        yield "file", "late"


def test_a_live_check_is_not_waited_for_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    (late,) = live_findings(SlowConnector(), {}, {}, seconds=0.05)
    SlowConnector.asked.set()
    assert late.code == "live-check-late"
    monkeypatch.setattr(SlowConnector, "fails", True)
    (failed,) = live_findings(SlowConnector(), {}, {})
    assert (failed.code, failed.message) == ("live-check-failed", "The check could not be made: RuntimeError: no")


def test_maps_are_printed_as_java_prints_them() -> None:
    assert java_map({"topic": "1", "name": None}) == "{name=null, topic=1}"


def test_a_patched_configuration_has_the_order_of_javas_hash_map() -> None:
    config = {"connector.class": "C", "tasks.max": "1", "topic": "t", "added": "x", "name": "n"}
    assert list(patched(config, {"connector.class": None})) == ["name", "topic", "added", "tasks.max"]


_ROUTER = {
    "transforms": "a",
    "transforms.a.type": "org.apache.kafka.connect.transforms.RegexRouter",
    "transforms.a.regex": "x",
    "transforms.a.replacement": "y",
}
_JSON = {"key.converter": "org.apache.kafka.connect.json.JsonConverter"}


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ({**_ROUTER, "transforms.a.plugin.version": "9"}, ["transforms.a.plugin.version", "transforms.a.type"]),
        ({**_JSON, "key.converter.plugin.version": "9"}, ["key.converter", "key.converter.plugin.version"]),
        ({**_JSON, "key.converter.plugin.version": "["}, ["key.converter.plugin.version"]),
    ],
)
async def test_a_version_that_is_not_there_is_wrong_for_its_class_too(config: dict[str, str], wrong: list[str]) -> None:
    """But not one that can't be read."""
    infos = await make_validation().infos({**SOURCE, **config})
    assert sorted(each["value"]["name"] for each in infos["configs"] if each["value"]["errors"]) == wrong


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"connector.class": "org.apache.kafka.connect.source.SourceConnector"}, "^Instantiation error$"),
        ({**SOURCE, "connector.plugin.version": "["}, r"^Unbounded range: \[$"),
    ],
)
async def test_what_can_not_be_a_connector_is_refused(config: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        await make_validation().infos(config)
