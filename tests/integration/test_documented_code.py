"""Code blocks of the pages that are marked ``run`` run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.docs.markdown_pages import PAGES, ROOT, runnable_blocks

RUNNABLE = [page for page in PAGES if runnable_blocks(page)]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_blocks_to_run() -> None:
    assert {relative(page) for page in RUNNABLE} >= {"docs/writing-a-connector.md"}


@pytest.mark.parametrize("page", RUNNABLE, ids=relative)
def test_runnable_blocks_run(page: Path, tmp_path: Path) -> None:
    """The blocks of a page are files of one folder: scripts, which run in order, then ``test_*.py`` in one pytest."""
    scripts, tests = [], []
    for number, block in enumerate(runnable_blocks(page)):
        assert block.language == "python"
        name = block.file or f"block_{number}.py"
        (tmp_path / name).write_text(block.text, encoding="utf-8")
        (tests if name.startswith("test_") else scripts).append(name)
    commands = [[name] for name in scripts]
    if tests:
        commands.append(["-m", "pytest", "-q", "-p", "no:cacheprovider", *tests])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a reader's pytest needs none of ours
    }
    for arguments in commands:
        command = [sys.executable, *arguments]
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, f"{arguments}\n{result.stdout}\n{result.stderr}"
