"""Links lead somewhere, and code blocks that are marked ``run`` run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.docs.markdown_pages import PAGES, ROOT, anchors, relative_links, runnable_blocks

RUNNABLE = [page for page in PAGES if runnable_blocks(page)]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_relative_link_resolves(page: Path) -> None:
    broken = []
    for link in relative_links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_there_are_blocks_to_run() -> None:
    assert {relative(page) for page in RUNNABLE} >= {"docs/writing-a-connector.md"}


@pytest.mark.parametrize("page", RUNNABLE, ids=relative)
def test_runnable_blocks_run(page: Path, tmp_path: Path) -> None:
    """The blocks of a page are files of one folder, which are run in order; ``test_*.py`` by pytest."""
    for number, block in enumerate(runnable_blocks(page)):
        assert block.language == "python"
        file = tmp_path / (block.file or f"block_{number}.py")
        file.write_text(block.text, encoding="utf-8")
        pytest_options = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if file.name.startswith("test_") else []
        command = [sys.executable, *pytest_options, file.name]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, f"{block.file}\n{result.stdout}\n{result.stderr}"
