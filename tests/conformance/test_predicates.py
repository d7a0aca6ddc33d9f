"""Predicates against recorded behaviour, record by record and in batches."""

from __future__ import annotations

import pytest

from connect.api.errors import ConfigException, ConnectException
from tests.conformance.smts import batch_of, make_plugin
from tests.conformance.vectors import Json, case_id, check_error, decode_record, load_cases


@pytest.mark.parametrize("case", load_cases("predicates"), ids=case_id)
def test_predicates(case: Json) -> None:
    expected = case["expect"]
    record = decode_record(case["input"], case["kind"])
    predicate = make_plugin(case["class"])
    error = expected.get("configError") or expected.get("error")
    if error is not None:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            predicate.configure(case["config"])
        check_error(raised.value, error)
        return
    predicate.configure(case["config"])
    assert predicate.test(record) is expected["result"]
    assert list(predicate.test_batch(batch_of(record, 3))) == [expected["result"]] * 3
