"""The command of the container image, as a process."""

from __future__ import annotations

import os
import subprocess
import sys


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "connect.cli.container", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_is_missing_is_named() -> None:
    result = _run(CONNECT_BOOTSTRAP_SERVERS="localhost:1", CONNECT_GROUP_ID="g")
    assert result.returncode == 1
    assert "Set CONNECT_CONFIG_STORAGE_TOPIC, CONNECT_OFFSET_STORAGE_TOPIC, " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_command_is_run_instead() -> None:
    assert _run("echo", "hello").stdout == "hello\n"


def test_a_command_that_is_not_there_is_named() -> None:
    result = _run("no-such-command")
    assert (result.returncode, result.stderr) == (
        1,
        "container.py: Can't run no-such-command: No such file or directory\n",
    )
