"""Connector files as the commands and the standalone worker read them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from connect.api import ConfigException
from connect.cli.connector_file import read_connector_file
from connect.cli.options import read_connector


@pytest.mark.parametrize(
    ("name", "text", "state"),
    [
        ("flat.json", '{"name": "c", "tasks.max": 1, "ratio": 1.50, "flag": true}', None),
        (
            "request.json",
            '{"name": "c", "config": {"tasks.max": 1, "ratio": 1.50, "flag": true}, "initial_state": "PAUSED"}',
            "PAUSED",
        ),
        ("c.properties", "name=c\ntasks.max=1\nratio=1.50\nflag=true\n", None),
    ],
)
def test_values_are_texts_as_the_worker_stores_them(name: str, text: str, state: str | None, tmp_path: Path) -> None:
    """So that applying a file twice changes nothing."""
    file = tmp_path / name
    file.write_text(text)
    wanted = {"name": "c", "tasks.max": "1", "ratio": "1.50", "flag": "true"}
    assert read_connector(file) == ("c", wanted, state)
    assert read_connector_file(str(file)).config == wanted


def test_values_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"name": "c", "transforms": ["a"]}')
    with pytest.raises(click.ClickException, match="the value of 'transforms' must be a text"):
        read_connector(file)
    with pytest.raises(ConfigException, match="the value of 'transforms' must be a text"):
        read_connector_file(str(file))
