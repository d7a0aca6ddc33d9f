"""``connect demo rental`` as a user runs it: real processes, an SQLite file or a real MariaDB."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connect.demo.rental.database import ROWS
from tests.services import MariaDB
from tests.services.mariadb import installed_programs

PORTS = ["--port", "0", "--broker-port", "0", "--search-port", "0", "--registry-port", "0"]
COMMAND = [sys.executable, "-m", "connect.cli.main", "demo", "--exit", *PORTS, "rental"]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "installed"])
def test_a_table_becomes_an_index_with_dates(
    kind: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
):
    """Every row arrives, the three points in time are dates, and nothing stays on the disk."""
    arguments = ["--sqlite"] if kind == "sqlite" else []
    environment = os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200"}
    if kind == "mariadb":
        server: MariaDB = request.getfixturevalue("mariadb")
        where = f"{server.user_name}:{server.password}@127.0.0.1:{server.port}/{server.database}"
        arguments = ["--database-url", f"jdbc:mariadb://{where}"]
    elif kind == "installed":
        programs = installed_programs(tmp_path_factory.mktemp("programs"))
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    result = subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert ("MariaDB at" in result.stdout) == (kind != "sqlite")
    assert f"All {ROWS:,} rows of the table are in the index, rental_date, return_date, last_update as dates." in (
        result.stdout
    )
    for name in ("rental_date", "return_date", "last_update"):
        assert f'{name}: {{"type": "date"}}' in result.stdout
    assert "record rental" in result.stdout
    assert result.stderr == ""
    assert list(tmp_path.iterdir()) == []
