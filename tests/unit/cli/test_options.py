"""Options that stand before or after a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from connect.cli.client import EXIT_UNREACHABLE
from connect.cli.main import cli

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _no_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("CONNECT_URL", "http://127.0.0.1:2")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--url", NOWHERE, "list"],
        ["list", "--url", NOWHERE],
        ["--url", "http://127.0.0.1:3", "list", "--url", NOWHERE],
        ["--url", NOWHERE, "-o", "json", "offsets", "get", "x"],
        ["--context", "there", "status", "x"],
        ["--context", "none", "list", "--context", "there"],
    ],
)
def test_the_worker_is_named_before_or_after_the_command(arguments: list[str]) -> None:
    """What stands after it counts when both are there."""
    run = CliRunner()
    assert run.invoke(cli, ["context", "set", "there", NOWHERE]).exit_code == 0
    result = run.invoke(cli, arguments)
    assert result.exit_code == EXIT_UNREACHABLE
    assert NOWHERE in result.output


def test_an_unknown_context_is_named() -> None:
    result = CliRunner().invoke(cli, ["--context", "none", "list"])
    assert result.exit_code == 1
    assert "There is no context 'none'" in result.output


def test_a_misspelt_command_gets_a_hint() -> None:
    result = CliRunner().invoke(cli, ["lst"])
    assert result.exit_code == 2
    assert "Did you mean 'list'?" in result.output
