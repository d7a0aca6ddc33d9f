"""What was downloaded or built once and is used by every later run.

The folder is ``$CONNECT_TEST_CACHE``, by default ``~/.cache/kafka-connect-py``. An entry is either absent or whole:
it is made beside its place and renamed. Runs that want the same entry at the same time wait for the first of them.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import keeper


def root() -> Path:
    """The cache's folder, made if absent."""
    folder = Path(os.environ.get("CONNECT_TEST_CACHE") or Path.home() / ".cache" / "kafka-connect-py")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold the named lock against other processes and threads; released by the kernel if the holder dies."""
    folder = root() / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder on the cache's file system, so that what is made in it can be renamed into place."""
    with tempfile.TemporaryDirectory(prefix="making-", dir=root()) as name:
        folder = Path(name)
        keeper.keep_folder(folder)
        yield folder
    keeper.forget_folder(folder)


def make_once(relative: str, make: Callable[[Path], None]) -> Path:
    """The entry at *relative*; if absent, ``make(path)`` must write a file or a folder at the path that it is given."""
    target = root() / relative
    if target.exists():
        return target
    with lock(relative.replace("/", "-")):
        if not target.exists():
            with scratch() as folder:
                made = folder / target.name
                make(made)
                target.parent.mkdir(parents=True, exist_ok=True)
                made.rename(target)
    return target


def announce(message: str) -> None:
    """Tell the person who waits; pytest shows it with ``-s`` or when the test fails."""
    print(f"[services] {message}", file=sys.stderr, flush=True)
