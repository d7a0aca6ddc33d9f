"""What is fetched is whole, is what was pinned, and is fetched once; against a repository on loopback."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.services import ServiceError, cache, maven


@dataclass
class Repository:
    """A Maven repository: what it holds by path, and what it was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    broken_answers: int = 0
    asked: list[str] = field(default_factory=list)

    def add(self, name: str, content: bytes, extension: str = "jar") -> maven.Artifact:
        self.files[f"/org/example/{name}/1.0/{name}-1.0.{extension}"] = content
        return maven.Artifact("org.example", name, "1.0", hashlib.sha256(content).hexdigest(), extension)


class Handler(BaseHTTPRequestHandler):
    def __init__(self, repository: Repository, *arguments: object) -> None:
        self.repository = repository
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        content = self.repository.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.repository.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.repository.broken_answers:
            self.repository.broken_answers -= 1
            content = content[:1]
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    held = Repository()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, held)) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("MAVEN_REPOSITORY_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("CONNECT_TEST_CACHE", str(tmp_path / "cache"))
        yield held
        server.shutdown()


def test_an_artifact_is_fetched_once(repository: Repository) -> None:
    artifacts = [repository.add("one", b"1"), repository.add("two", b"2")]
    assert [path.read_bytes() for path in maven.fetch(artifacts)] == [b"1", b"2"]
    asked = list(repository.asked)
    assert maven.fetch(artifacts) == [artifact.path for artifact in artifacts]
    assert repository.asked == asked


def test_another_content_than_the_pinned_is_refused(repository: Repository) -> None:
    artifact = replace(repository.add("one", b"1"), sha256="0" * 64)
    with pytest.raises(ServiceError, match=r"one-1.0.jar: its SHA-256 is 6b86b273ff34.*, but 0000"):
        maven.fetch([artifact])
    assert not artifact.path.exists()
    assert not list(cache.root().glob("making-*"))


def test_an_absent_artifact_is_named(repository: Repository) -> None:
    absent = maven.Artifact("org.example", "absent", "1.0", "0" * 64)
    with pytest.raises(ServiceError, match=r"can't fetch absent-1.0.jar"):
        maven.fetch([repository.add("one", b"1"), absent])


def test_a_broken_download_is_tried_again(repository: Repository) -> None:
    repository.broken_answers = 2
    artifact = repository.add("one", b"whole")
    assert maven.fetch([artifact])[0].read_bytes() == b"whole"


def test_two_processes_fetch_it_once(repository: Repository) -> None:
    artifact = repository.add("one", b"1" * 1_000_000)
    script = f"from tests.services.maven import Artifact, fetch; print(fetch([{artifact}])[0])"
    command = [sys.executable, "-c", script]
    fetching = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in fetching] == [str(artifact.path)] * 2
    assert len(repository.asked) == 1


def test_an_archive_is_unpacked_without_its_top_folder(repository: Repository, tmp_path: Path) -> None:
    program = tmp_path / "server-1.0" / "bin" / "server"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    zipped = Path(shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path, "server-1.0"))
    with tarfile.open(tmp_path / "tarred.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "server-1.0", "server-1.0")
    for name, archive in (("zipped", zipped), ("tarred", tmp_path / "tarred.tar.gz")):
        extension = archive.name.partition(".")[2]
        folder = maven.unpacked(repository.add(name, archive.read_bytes(), extension))
        assert (folder / "bin" / "server").stat().st_mode & 0o777 == 0o755
        assert maven.unpacked(repository.add(name, b"", extension)) == folder


def test_a_mirror_of_central_is_asked_instead(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["MAVEN_REPOSITORY_URL"]
    monkeypatch.delenv("MAVEN_REPOSITORY_URL")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = tmp_path / ".m2" / "settings.xml"
    settings.parent.mkdir()
    settings.write_text(
        f"""<settings xmlns="urn:settings"><mirrors>
          <mirror><id>other</id><mirrorOf>other</mirrorOf><url>http://127.0.0.1:1/</url></mirror>
          <mirror><id>near</id><mirrorOf>central</mirrorOf><url>{url}</url></mirror>
        </mirrors></settings>"""
    )
    assert maven.fetch([repository.add("one", b"1")])[0].read_bytes() == b"1"
