"""Transformations against recorded behaviour, record by record and in batches."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest

from connect.api.errors import ConfigException, ConnectException
from connect.api.record import ConnectRecord, SinkRecord, SourceRecord
from connect.api.transformation import Predicate, Transformation
from tests.conformance.smts import batch_of, make_plugin, records_of
from tests.conformance.vectors import (
    CONFORMANCE_DIR,
    Json,
    case_id,
    check_error,
    decode_record,
    encode_record,
    load_cases,
    same,
)

BATCH_SIZE = 3

Apply = Callable[[Transformation, Predicate | None, bool, SourceRecord | SinkRecord], list[ConnectRecord]]


def apply_to_record(
    transformation: Transformation, predicate: Predicate | None, negate: bool, record: SourceRecord | SinkRecord
) -> list[ConnectRecord]:
    if predicate is not None and predicate.test(record) is negate:
        return [record]
    changed = transformation.apply(record)
    return [] if changed is None else [changed]


def apply_to_batch(
    transformation: Transformation, predicate: Predicate | None, negate: bool, record: SourceRecord | SinkRecord
) -> list[ConnectRecord]:
    batch = batch_of(record, BATCH_SIZE)
    before = copy.deepcopy([encode_record(r) for r in batch.records()])
    if predicate is not None and predicate.test_batch(batch)[-1] is negate:
        return records_of([batch])
    changed = records_of(transformation.apply_batch(batch))
    assert same([encode_record(r) for r in batch.records()], before), "the batch was changed in place"
    return changed


@pytest.mark.parametrize("case", load_cases("transforms"), ids=case_id)
@pytest.mark.parametrize(
    ("apply", "size"), [(apply_to_record, 1), (apply_to_batch, BATCH_SIZE)], ids=["record", "batch"]
)
def test_transforms(case: Json, apply: Apply, size: int) -> None:
    expected = case["expect"]
    record = decode_record(case["input"], case["kind"])
    transformation = make_plugin(case["class"])
    predicate = make_plugin(case["predicate"]["class"]) if "predicate" in case else None

    def run() -> list[ConnectRecord]:
        transformation.configure(case["config"])
        if predicate is not None:
            predicate.configure(case["predicate"]["config"])
        assert "configError" not in expected, "should have been refused by configure"
        return apply(transformation, predicate, case.get("negate", False), record)

    error = expected.get("configError") or expected.get("error")
    if error is not None:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            run()
        check_error(raised.value, error)
        return
    wanted = [] if expected.get("dropped") else [expected["record"]] * size
    actual = [encode_record(changed) for changed in run()]
    assert same(actual, wanted), f"{actual[:1]} instead of {wanted[:1]}"


CONFIG_DEFINITIONS = [
    definition
    for path in sorted((CONFORMANCE_DIR / "configdef").glob("*.json"))
    if (definition := json.loads(path.read_text()))["class"].startswith("org.apache.kafka.connect.transforms.")
]


def test_config_definitions_were_recorded() -> None:
    assert CONFIG_DEFINITIONS, f"no recorded definitions in {CONFORMANCE_DIR / 'configdef'}"


@pytest.mark.parametrize("definition", CONFIG_DEFINITIONS, ids=lambda definition: definition["class"])
def test_config_definitions(definition: Json) -> None:
    keys = [key.describe() for key in make_plugin(definition["class"]).CONFIG]
    for recorded in definition["keys"]:
        key = keys[recorded.pop("position")]
        assert {name: key[name] for name in recorded} == recorded
        assert key["documentation"]
