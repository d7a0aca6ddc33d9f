"""What is too big, or needs a file system of its own, for the short tests of spool directories.

Each task runs in a process of its own, so that its memory can be told.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from connect.api import ConnectException
from connectors.spooldir.csv_source import SpoolDirCsvSourceConnector
from tests.unit.connectors.spooldir.spool import Spool, rows, schema_json

MEMORY_LIMIT = 80 << 20
"""What reading may take besides Python and its modules, which tasks share with other processes."""
_READER = """
import re, sys
from pathlib import Path
from tests.soak.test_spool_edges import spool_at
def most_memory():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) << 10
before = most_memory()
task = spool_at(Path(sys.argv[1])).task()
count = idle = 0
while idle < 3:
    batches = task.poll_batch() or ()
    count += sum(map(len, batches))
    idle = 0 if batches else idle + 1
    if not batches:
        task.commit()
print(count, most_memory() - before)
"""


def spool_at(root: Path) -> Spool:
    return Spool(
        root,
        SpoolDirCsvSourceConnector,
        key_schema=schema_json("K", id="INT64"),
        value_schema=schema_json("V", id="INT64", text="STRING"),
        file_settle_ms="0",
        empty_poll_wait_ms="1",
    )


def read_apart(root: Path) -> tuple[int, int]:
    """Read what is in the spool's directory in another process: records, and the most memory in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", _READER, str(root)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    records, memory = map(int, done.stdout.split())
    return records, memory


def two_gigabytes(file: BinaryIO) -> int:
    block = b"".join(b"%d,comment number %d on what was rated\n" % (number, number) for number in range(100_000))
    for _ in range((2 << 30) // len(block) + 1):
        file.write(block)
    return file.tell() // len(block) * 100_000


def long_field(file: BinaryIO) -> int:
    file.write(b"1,x\n" * 50_000 + b'2,"')
    for _ in range(1000):
        file.write(b"0123456789" * 1000)
    file.write(b'"\n' + b"3,y\n" * 50_000)
    return 100_001


@pytest.mark.parametrize("write", [two_gigabytes, long_field])
def test_memory_is_bounded_for_big_files(tmp_path: Path, write: Callable[[BinaryIO], int]) -> None:
    spool = spool_at(tmp_path)
    with (tmp_path / "in" / "a.csv").open("wb") as file:
        expected = write(file)
    records, memory = read_apart(tmp_path)
    sys.stdout.write(f"{write.__name__}: {records} records, {memory >> 20} MB\n")
    assert records == expected
    assert memory < MEMORY_LIMIT
    assert spool.files() == {"in": [], "finished": ["a.csv"], "error": []}


def test_memory_is_bounded_for_a_hundred_thousand_files(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    for number in range(100_000):
        (tmp_path / "in" / f"{number:06d}.csv").write_bytes(b"%d,x\n" % number)
    records, memory = read_apart(tmp_path)
    sys.stdout.write(f"100,000 files: {records} records, {memory >> 20} MB\n")
    assert records == 100_000
    assert memory < MEMORY_LIMIT
    assert [len(names) for names in spool.files().values()] == [0, 100_000, 0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB; only root can make one."""
    place = tmp_path / "finished"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_keeps_the_file_where_it_is_and_a_restart_moves_it(tmp_path: Path, small_disk: Path) -> None:
    spool = spool_at(tmp_path)
    (small_disk / "filler").write_bytes(bytes(60_000))
    spool.write("a.csv", "1,x\n" * 5000)
    task = spool.task()
    assert len(rows(task)) == 5000
    task.commit()
    with pytest.raises(ConnectException, match=r"Couldn't put .*a.csv away: No space left on device"):
        task.poll_batch()
    task.stop()
    assert spool.files() == {"in": ["a.csv"], "finished": ["filler"], "error": []}
    (small_disk / "filler").unlink()
    task = spool.task()
    rows(task)
    task.commit()
    assert spool.files() == {"in": [], "finished": ["a.csv"], "error": []}


def test_a_read_only_folder_is_told_of_at_the_start_and_later(tmp_path: Path, small_disk: Path) -> None:
    spool = spool_at(tmp_path)
    spool.write("a.csv", "1,x\n")
    task = spool.task()
    assert rows(task) == [(1, "x")]
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    task.commit()
    with pytest.raises(ConnectException, match=r"Couldn't put .*a.csv away: Read-only file system"):
        task.poll_batch()
    task.stop()
    with pytest.raises(ConnectException, match=r"finished.path.* it not writable"):
        spool.task()
    assert spool.files()["in"] == ["a.csv"]
