"""A million lines through a standalone worker that is killed in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.quickstart import copy_with_a_kill, make_quickstart
from tests.services import ConnectWorker

LINES = 1_000_000


def test_a_million_lines_survive_a_kill(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = copy_with_a_kill(connect_worker, make_quickstart(tmp_path), LINES)
    with capsys.disabled():
        print(f"\n{LINES} lines, killed in the middle: 0 lost, {twice} twice")
