"""The recorded scenarios of the spool directory sources, up to the records that the worker would convert and send.

Where ours deliberately does better, the expectation is changed by one of the rules below; each says why.
"""

from __future__ import annotations

import base64
import copy
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.spooldir_run import CONNECTORS, Outcome, Run
from tests.conformance.vectors import CONFORMANCE_DIR, case_id, load_cases

Json = dict[str, Any]

SCENARIOS = [case for case in load_cases("connectors/spooldir/scenarios.jsonl") if case["class"] in CONNECTORS]


def _text(file: Json) -> bytes:
    return base64.b64decode(file["base64"]) if "base64" in file else file["textUtf8"].encode()


def _cause(expect: Json, text: str) -> bool:
    return any(text in str(cause["type"]) + str(cause["message"]) for cause in expect.get("causes", ()))


def _is_repaired_blank_line(scenario: Json) -> bool:
    """Blank lines between rows of several columns hold no data: they are left out, not errors."""
    files = b"".join(_text(file) for file in scenario["files"])
    return _cause(scenario["expect"], "ArrayIndexOutOfBounds") and b"\n\n" in files.replace(b"\r", b"")


def _is_repaired_charset(scenario: Json) -> bool:
    """Schema generation reads files in their character set too."""
    return scenario["config"].get("csv.file.charset", "").upper().startswith("UTF-16")


def _is_repaired_byte_order_mark(scenario: Json) -> bool:
    """A byte order mark is no part of the first field."""
    return any(_text(file).startswith(b"\xef\xbb\xbf") for file in scenario["files"])


def _is_repaired_recursion(scenario: Json) -> bool:
    """Schema generation looks into folders when reading does."""
    walks = scenario["config"].get("input.path.walk.recursively") == "true"
    return walks and _cause(scenario["expect"], "Could not find any input file(s)")


def _is_repaired_identity(scenario: Json) -> bool:
    """A new file under an old name is read from its start."""
    again = {file["name"] for file in scenario.get("restart", {}).get("files", ())}
    altered = {change["partition"]["fileName"] for change in scenario.get("restart", {}).get("alter", ())}
    return bool(again & {file["name"] for file in scenario["files"]} - altered)


REPAIRS: tuple[Callable[[Json], bool], ...] = (
    _is_repaired_blank_line,
    _is_repaired_charset,
    _is_repaired_byte_order_mark,
    _is_repaired_recursion,
    _is_repaired_identity,
)


def _payloads_of_files(scenario: Json) -> list[list[str]]:
    """The rows of all files as an independent reader sees them, without header and blank lines."""
    charset = scenario["config"].get("csv.file.charset", "utf-8-sig")
    found: list[list[str]] = []
    for file in [*scenario["files"], *scenario.get("restart", {}).get("files", ())]:
        rows = [row for row in csv.reader(_text(file).decode(charset).splitlines()) if row]
        found += rows[scenario["config"].get("csv.first.row.as.header") == "true" :]
    return found


def _check_repaired(scenario: Json, outcome: Outcome) -> None:
    """Every row of every file is in the topic, and the files are finished."""
    assert outcome.failed is None, outcome.trace
    payloads = [[_plain(value) for value in record["value"]["payload"].values()] for record in outcome.topic]
    assert payloads == [[_plain(text) for text in row] for row in _payloads_of_files(scenario)]
    assert not outcome.files["input"]
    assert not outcome.files["error"]


def _plain(value: Any) -> Any:
    """A number where it is one, so that texts compare with typed values."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _without_repeats(records: list[Json], expect: Json) -> list[Json]:
    """With the policy NONE the original reads a file again and again, ours once."""
    if not expect.get("topicRepeats"):
        return records
    offsets = [dict(record["headers"])["file.offset"] for record in records]
    again = offsets.index(offsets[0], 1) if offsets[0] in offsets[1:] else len(records)
    return records[:again]


def _without_early_rows(outcome: Outcome, expect: Json) -> list[Json]:
    """Rows before a bad one are lost with it in the original; ours are sent before the file is set aside."""
    if not expect["files"]["error"]:
        return outcome.topic
    rejected = {Path(path).name for path in outcome.files["error"]}
    return [record for record in outcome.topic if dict(record["headers"])["file.name"] not in rejected]


def _matches(expected: Any, actual: Any) -> bool:
    if expected == "<any>":
        return True
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(_matches(expected[key], actual[key]) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(_matches, expected, actual))
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return bool(expected == actual)


def _names(paths: list[str]) -> list[str]:
    """Only the files' names: the original makes a folder of that name around each, and keeps folders it shouldn't."""
    return sorted(Path(path).name for path in paths)


def _placed(node: Any, directory: Path) -> Any:
    if isinstance(node, str):
        return node.replace("${DIR}", str(directory))
    if isinstance(node, list):
        return [_placed(item, directory) for item in node]
    if isinstance(node, dict):
        return {key: _placed(item, directory) for key, item in node.items()}
    return node


def _check_records(scenario: Json, outcome: Outcome, directory: Path) -> None:
    expect = scenario["expect"]
    expected = _placed(_without_repeats(expect["topic"], expect), directory)
    actual = _without_early_rows(outcome, expect)
    if scenario["config"].get("tasks.max", "1") != "1":
        expected, actual = (sorted(records, key=str) for records in (expected, actual))
        expected.sort(key=lambda record: dict(record["headers"])["file.name"])
        actual.sort(key=lambda record: dict(record["headers"])["file.name"])
    assert len(actual) == len(expected), actual
    for wanted, got in zip(expected, actual, strict=True):
        assert _matches(wanted, got), f"\n{wanted}\n{got}"


def _check_offsets(expected: list[Json], actual: dict[str, Json], rejected: set[str]) -> None:
    """The offset itself; ours also tells one file of a name from the next."""
    wanted = {entry["partition"]["fileName"]: entry["offset"]["offset"] for entry in expected}
    found = {partition.split('"')[3]: offset["offset"] for partition, offset in actual.items()}
    assert {name: offset for name, offset in found.items() if name not in rejected} == wanted


@pytest.mark.parametrize("scenario", SCENARIOS, ids=case_id)
def test_recorded_scenario(scenario: Json, tmp_path: Path) -> None:
    scenario = copy.deepcopy(scenario)
    expect = scenario["expect"]
    outcome = Run(scenario, tmp_path).run()
    if "create" in expect:
        assert all(error in expect["create"]["message"] for error in outcome.refused)
        assert outcome.refused
        return
    assert not outcome.refused
    if any(is_repaired(scenario) for is_repaired in REPAIRS):
        _check_repaired(scenario, outcome)
        return
    assert outcome.failed == expect.get("failed"), outcome.trace
    for text in expect.get("traceContains", ()):
        assert text in outcome.trace
    _check_records(scenario, outcome, tmp_path)
    rejected = {Path(path).name for path in outcome.files["error"]}
    _check_offsets(expect["offsets"], outcome.offsets, rejected)
    if outcome.before_restart is not None:
        _check_offsets(expect["beforeRestart"]["offsets"], outcome.before_restart[0], set())
        assert outcome.before_restart[1] == expect["beforeRestart"]["records"]
    for place, paths in expect["files"].items():
        assert _names(outcome.files[place]) == _names(paths), place


_OWN_GROUPS = {"General", "File System", "Schema", "Schema Generation", "Timestamps", "CSV Parsing", ""}
DEFINITIONS = json.loads((CONFORMANCE_DIR / "connectors/spooldir/configdef.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CONNECTORS)
def test_keys_are_defined_as_recorded(name: str) -> None:
    """The worker's own keys, which the record lists too, are left to the worker's tests."""
    described = [key.describe() for key in CONNECTORS[name].CONFIG]
    places = {key["name"]: place for place, key in enumerate(described)}
    for recorded in DEFINITIONS[name]:
        place = places.get(recorded["name"])
        if place is None:
            assert recorded["group"] not in _OWN_GROUPS, recorded
            continue
        assert place == recorded["position"]
        assert {key: described[place][key] for key in recorded if key != "position"} == {
            key: value for key, value in recorded.items() if key != "position"
        }
