"""Programs of Debian's packages are found, and whoever can't have one learns what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services import ServiceError, debian


def test_what_is_installed_is_taken() -> None:
    program = debian.provide("coreutils", "usr/bin/env")
    assert program == debian.Program(Path("/usr/bin/env"), Path("/"))
    assert "LD_LIBRARY_PATH" not in program.environment()


def test_what_cannot_be_fetched_is_to_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECT_TEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))  # as on a system without apt
    with pytest.raises(ServiceError, match="try: apt-get install mosquitto-of-tomorrow"):
        debian.provide("mosquitto-of-tomorrow", "usr/sbin/mosquitto-of-tomorrow")


def test_what_was_unpacked_is_found_with_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "unpacked", lambda package: tmp_path / package)
    root = tmp_path / "tomorrow"
    for file in ("usr/sbin/tomorrowd", "usr/lib/here/libtomorrow.so.1"):
        (root / file).parent.mkdir(parents=True)
        (root / file).touch()
    program = debian.provide("tomorrow", "usr/sbin/tomorrow*")
    assert program.path == root / "usr/sbin/tomorrowd"
    assert program.environment()["LD_LIBRARY_PATH"] == str(root / "usr/lib/here")
