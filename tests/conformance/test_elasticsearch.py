"""The recorded scenarios of the Elasticsearch sink, each as a test, against a real server.

Elasticsearch 7.17 serves, since it needs nothing but Python; ``CONNECT_TEST_ELASTICSEARCH=8`` takes 8.19, which needs a
full Java.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from connectors.elasticsearch.sink import ElasticsearchSinkConnector
from tests.conformance.elasticsearch_proxy import FaultProxy, Passed
from tests.conformance.elasticsearch_replay import Scenario, lines_of
from tests.conformance.vectors import CONFORMANCE_DIR, Json, case_id, load_cases
from tests.services import Elasticsearch7, Elasticsearch8, SearchServer

FOLDER = "connectors/elasticsearch-sink"
SCENARIOS = [case for case in load_cases(f"{FOLDER}/scenarios.jsonl") if "state" in case["expect"]]
REFUSALS = [case for case in load_cases(f"{FOLDER}/scenarios.jsonl") if "create" in case["expect"]]
VALIDATIONS = load_cases(f"{FOLDER}/validate.jsonl")

DEVIATIONS: dict[str, tuple[str, Json]] = {
    "ces025": (
        "Java never commits past a tombstone without key; ours counts it as done.",
        {"consumerGroupOffsets": {"ces025-a-0": 5}},
    ),
    "ces068": (
        "Two partitions hold the same key with the same version: which one is consumed first isn't ours to say.",
        {"indices": None},
    ),
    "ces077": (
        "A renamed topic fails Java's task; ours keeps offsets by the topic that was consumed.",
        {
            "state": "RUNNING",
            "traceContains": [],
            "consumerGroupOffsets": {"ces077-a-0": 1},
            "requests": None,
            "indices": {
                "ces077-a-2023-11": {
                    "mapping": {"properties": {"x": {"type": "long"}}},
                    "docs": {"ces077-a-2023-11+0+0": {"_source": {"x": 1}, "_version": 1}},
                }
            },
        },
    ),
    "ces081": (
        "Java's task had failed too, but shows it at its next call only; ours at once.",
        {"state": "FAILED"},
    ),
    "ces087": (
        "A read-only index fails Java's task; ours waits for it, up to rejection.timeout.ms.",
        {"state": "RUNNING", "traceContains": [], "consumerGroupOffsets": {"ces087-a-0": 0}, "requests": None},
    ),
    "ces088": (
        "As ces087; nothing goes to the dead letter queue that may yet be written.",
        {
            "state": "RUNNING",
            "traceContains": [],
            "consumerGroupOffsets": {"ces088-a-0": 0},
            "requests": None,
            "dlq": [],
        },
    ),
    "ces099": (
        "Documents that the server is too busy for fail Java's task; ours sends them again.",
        {
            "state": "RUNNING",
            "traceContains": [],
            "consumerGroupOffsets": {"ces099-a-0": 2},
            "requests": None,
            "dlq": [],
            "indices": {
                "ces099-a": {
                    "mapping": {"properties": {"x": {"type": "long"}}},
                    "docs": {
                        "ces099-a+0+0": {"_source": {"x": 1}, "_version": 1},
                        "ces099-a+0+1": {"_source": {"x": 2}, "_version": 1},
                    },
                }
            },
        },
    ),
    "ces124": (
        "The only record went to the dead letter queue; Java commits nothing, ours that it is done.",
        {"consumerGroupOffsets": {"ces124-a-0": 1}},
    ),
    "ces125": ("Two tasks race to create the index; one task is run here.", {"requests": None}),
}
"""What is better here than recorded, and loses nothing: why, and what is expected instead (None = not compared)."""

AT_ONCE = [case for case in SCENARIOS if case["id"] in ("ces087", "ces088", "ces099")]

OUR_OWN = {"name", "topics", "topics.regex"}
"""Keys that the worker checks, not the connector."""


@pytest.fixture(scope="module")
def server() -> Iterator[SearchServer]:
    """One of its own: the scenarios change settings and count requests."""
    kind = Elasticsearch8 if os.environ.get("CONNECT_TEST_ELASTICSEARCH") == "8" else Elasticsearch7
    with kind() as running:
        yield running


def test_all_scenarios_are_played() -> None:
    """None of the recorded cases is left out."""
    assert len(SCENARIOS) + len(REFUSALS) == len(load_cases(f"{FOLDER}/scenarios.jsonl"))


def test_keys() -> None:
    """The keys are declared as Java's are, in the same order; our own come after them."""
    recorded = json.loads((CONFORMANCE_DIR / FOLDER / "configdef.json").read_text("utf-8"))
    (keys,) = recorded.values()
    ours = {key.name: {**key.describe(), "position": i} for i, key in enumerate(ElasticsearchSinkConnector.CONFIG)}
    compared = [key for key in keys if key["name"] in ours]
    assert len(compared) > 35
    for key in compared:
        described = ours[key["name"]]
        assert {name: described[name] for name in key} == key


@pytest.mark.parametrize("case", VALIDATIONS, ids=case_id)
def test_validation(case: Json, server: SearchServer) -> None:
    """The same keys are wrong for the same reasons."""
    places = {"${ES_URL}": server.url, "${ES_HOST}": server.url.removeprefix("http://")}
    config = {key: fill(value, places) for key, value in case["config"].items()}
    found = {value.name: value.errors for value in ElasticsearchSinkConnector.validate(config) if value.errors}
    expected = {key: errors for key, errors in case["expect"]["errors"].items() if key not in OUR_OWN}
    assert comparable_errors(found) == comparable_errors(expected)


def comparable_errors(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without the client library's own words about connections."""
    volatile = re.compile(r"(Error message: |transient infrastructure issue: ).*", re.DOTALL)
    return {key: [volatile.sub(r"\1", text) for text in texts] for key, texts in errors.items()}


@pytest.mark.parametrize("case", REFUSALS, ids=case_id)
def test_refusal(case: Json, server: SearchServer) -> None:
    """A connector that can't work is refused when it is created."""
    scenario = Scenario(case, server.url)
    with FaultProxy(server.url) as proxy:
        values = ElasticsearchSinkConnector.validate(scenario.config(proxy))
    texts = [text for value in values for text in value.errors]
    assert texts
    assert all(text in case["expect"]["create"]["message"] for text in texts)


@pytest.mark.parametrize("case", SCENARIOS, ids=case_id)
def test_scenario(case: Json, server: SearchServer) -> None:
    """State, documents, mapping, dead letters, offsets and requests are those of the Java connector."""
    _, changes = DEVIATIONS.get(case["id"], ("", {}))
    play({**case, "expect": {**case["expect"], **changes}}, server)


@pytest.mark.parametrize("case", AT_ONCE, ids=case_id)
def test_rejections_fail_at_once_when_told_so(case: Json, server: SearchServer) -> None:
    """With rejection.timeout.ms=0 the task fails as Java's does."""
    play(case, server, {"rejection.timeout.ms": "0"})


def play(case: Json, server: SearchServer, extra: Mapping[str, str] | None = None) -> None:
    """Run a scenario and compare all that was recorded."""
    scenario = Scenario(case, server.url, extra)
    proxy = scenario.run()
    check_state(scenario)
    if scenario.expect["indices"] is not None:
        check_indices(scenario)
    check_dead_letters(scenario)
    assert scenario.offsets() == scenario.expect["consumerGroupOffsets"]
    if scenario.expect["requests"] is not None:
        check_requests(scenario, proxy)


def fill(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


def check_state(scenario: Scenario) -> None:
    assert scenario.state == scenario.expect["state"], scenario.trace
    for text in scenario.expect.get("traceContains", []):
        assert text in scenario.trace


def check_indices(scenario: Scenario) -> None:
    for index, expected in scenario.expect["indices"].items():
        documents = scenario.documents(index)
        if scenario.recorded["config"].get("use.autogenerated.ids") == "true":
            assert sources(documents.values()) == sources(expected["docs"].values())
        elif scenario.state == "FAILED":
            assert documents.items() <= expected["docs"].items() or documents == expected["docs"]
        else:
            assert documents == expected["docs"]
        if scenario.state == "RUNNING":
            assert scenario.mapping(index) == expected["mapping"]


def sources(documents: Iterable[Json]) -> list[str]:
    return sorted(json.dumps(each["_source"], sort_keys=True) for each in documents)


def check_dead_letters(scenario: Scenario) -> None:
    expected = scenario.expect.get("dlq", [])
    found = scenario.dead_letters()
    assert [(each["key"], each["value"]) for each in found] == [(each["key"], each["value"]) for each in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert [name for name, _ in ours["headers"]] == [name for name, _ in theirs["headers"]]
        for (name, text), (_, wanted) in zip(ours["headers"], theirs["headers"], strict=True):
            if wanted == "<any>" or name == "__connect.errors.connector.name":
                continue
            if name == "__connect.errors.exception.message":
                text, wanted = (each.partition("ElasticsearchException")[0] for each in (text, wanted))
            assert text == wanted, name


def check_requests(scenario: Scenario, proxy: FaultProxy) -> None:
    passed = [each for each in proxy.passed if each.path != "/"]
    expected = scenario.expect["requests"]
    ours = {plain_request(each) for each in passed if each.path != "/_bulk"}
    theirs = {
        (each["method"], each["path"], json.dumps(each.get("body"), sort_keys=True), each["status"])
        for each in expected
        if each["path"] != "/_bulk"
    }
    assert ours == theirs
    bulks = [each for each in passed if each.path == "/_bulk"]
    their_bulks = [each for each in expected if each["path"] == "/_bulk"]
    assert all(each.body.endswith(b"\n") for each in bulks)
    if scenario.recorded["config"].keys() & {"batch.size", "bulk.size.bytes"} or "faults" in scenario.recorded:
        assert [(lines_of(each), each.status) for each in bulks] == [
            (lines_of(each["bulk"]), each["status"]) for each in their_bulks
        ]
    else:
        assert Counter(line for each in bulks for line in lines_of(each)) == Counter(
            line for each in their_bulks for line in lines_of(each["bulk"])
        )


def plain_request(passed: Passed) -> tuple[Any, ...]:
    body = json.loads(passed.body) if passed.body else None
    return passed.method, passed.path, json.dumps(body, sort_keys=True), passed.status
