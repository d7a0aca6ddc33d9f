"""CSV files that others have published are read whole, with types. The soak run takes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.public_files import RAGGED, check, spooled
from tests.services import public_csv

_SMALL = 30_000


def test_they_have_as_many_rows_as_others_find(tmp_path: Path) -> None:
    root = public_csv.provide()
    small = [path for path in sorted(root.rglob("*.csv")) if path.stat().st_size < _SMALL]
    chosen = [path for index, path in enumerate(small) if index % 8 == 0 or path.name in RAGGED]
    files, _ = check(root, chosen, tmp_path)
    assert sum(files.values()) == len(chosen)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("weather.csv", {"origin": "STRING", "year": "INT64", "temp": "FLOAT64", "precip": "FLOAT64"}),
        ("planes.csv", {"tailnum": "STRING", "year": "INT64", "seats": "INT64"}),
        ("stocks.csv", {"symbol": "STRING", "date": "STRING", "price": "FLOAT64"}),
        ("la-riots.csv", {"first_name": "STRING", "age": "INT64", "longitude": "FLOAT64"}),
    ],
)
def test_their_types_are_found(tmp_path: Path, name: str, expected: dict[str, str]) -> None:
    [path] = public_csv.provide().rglob(name)
    assert spooled(path, "UTF-8", tmp_path).types.items() >= expected.items()
