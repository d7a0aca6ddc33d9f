"""Columns of instants, which the batch writer turns into milliseconds in several ways: all must give the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from connect.api import Field, Schema, Type
from connect.api.logical import TIMESTAMP_NAME
from converters.json import JsonConverter

START = dt.datetime(2005, 5, 24, 22, 53, 30)  # noqa: DTZ001
INSTANT = Schema(Type.INT64, optional=True, name=TIMESTAMP_NAME, version=1)
SCHEMA = Schema(Type.STRUCT, fields=[Field("at", 0, INSTANT)])


def later(index: int, **step: int) -> dt.datetime:
    return START + index * dt.timedelta(**step)


COLUMNS: dict[str, list[Any]] = {
    "all the same": [START] * 40,
    "few": [later(index % 3, hours=7) for index in range(40)],
    "one day, whole seconds": [later(index, seconds=7) for index in range(40)],
    "beginning with a fraction": [later(index, seconds=7) + dt.timedelta(microseconds=999) for index in range(40)],
    "some not so": [*(later(index, seconds=1) for index in range(39)), later(3, days=400, microseconds=1234)],
    "far apart": [later(index, days=-41, microseconds=-777) for index in range(40)],
    "before the epoch": [dt.datetime(1969, 12, 31, 23, 59, 59, 999_999 - index * 333) for index in range(40)],  # noqa: DTZ001
    "the ends of time": [dt.datetime.min, dt.datetime.max, *(later(index, days=1) for index in range(20))],  # noqa: DTZ901
}


@pytest.mark.parametrize("zone", [None, dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30))])
@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_batch_holds_what_single_values_hold(name: str, nulls: bool, zone: dt.tzinfo | None) -> None:
    column = [instant.replace(tzinfo=zone) for instant in COLUMNS[name]]
    if nulls:
        column[0] = column[7] = None
    converter = JsonConverter()
    converter.configure({"schemas.enable": "false"}, False)
    batch = converter.from_connect_batch("t", SCHEMA, [(instant,) for instant in column])
    assert batch == [converter.from_connect_batch("t", SCHEMA, [(instant,)])[0] for instant in column]
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    for text, instant in zip(batch, column, strict=True):
        aware = instant and (instant if zone else instant.replace(tzinfo=dt.UTC))
        expected = "null" if aware is None else (aware - epoch) // dt.timedelta(milliseconds=1)
        assert text == f'{{"at":{expected}}}'.encode()
