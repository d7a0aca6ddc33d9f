"""Artifacts of the Maven repository: pinned by SHA-256, fetched once into the cache.

The download is left to jgo, a Maven client that needs nothing but Python. It asks Maven's central repository, unless
``$MAVEN_REPOSITORY_URL`` or a mirror of ``central`` in ``~/.m2/settings.xml`` names another.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import requests
from jgo.maven import Artifact as RemoteArtifact
from jgo.maven import MavenContext

from tests.services import cache
from tests.services.errors import ServiceError

_PARALLEL_DOWNLOADS = 8
_ATTEMPTS = 3
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Artifact:
    """One file of the repository, and the SHA-256 (hex) that its content must have."""

    group: str
    name: str
    version: str
    sha256: str
    extension: str = "jar"
    classifier: str = ""

    @property
    def file_name(self) -> str:
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{classifier}.{self.extension}"

    @property
    def path(self) -> Path:
        """Where the artifact lies once it has been fetched."""
        return cache.root() / "maven" / Path(*self.group.split(".")) / self.name / self.version / self.file_name


def read_pins(file: Path) -> list[Artifact]:
    """The artifacts of a file with lines ``group:name:version sha256``."""
    artifacts = []
    for line in file.read_text().splitlines():
        coordinates, sha256 = line.split()
        group, name, version = coordinates.split(":")
        artifacts.append(Artifact(group, name, version, sha256))
    return artifacts


def fetch(artifacts: Sequence[Artifact]) -> list[Path]:
    """The artifacts' files, in the given order; those that the cache lacks are downloaded side by side.

    Raises ServiceError if one can't be had or isn't what was pinned.
    """
    if any(not artifact.path.exists() for artifact in artifacts):
        with cache.lock("maven"), cache.scratch() as folder:
            missing = [artifact for artifact in artifacts if not artifact.path.exists()]
            cache.announce(f"fetching {_summary(missing)} into {cache.root()}")
            context = MavenContext(repo_cache=folder, remote_repos=_repositories(), timeout=_TIMEOUT_SECONDS)
            with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
                list(pool.map(lambda artifact: _download(context, artifact), missing))
    return [artifact.path for artifact in artifacts]


def unpacked(artifact: Artifact) -> Path:
    """The content of a zip or tar archive as a cached folder, without the archive's single top folder."""

    def unpack(target: Path) -> None:
        (archive,) = fetch([artifact])
        inside = target.with_name("inside")
        shutil.unpack_archive(archive, inside)
        for program in inside.glob("*/bin/*"):
            program.chmod(0o755)  # Python's zip reader drops the permissions
        archive.unlink()
        tops = list(inside.iterdir())
        (tops[0] if len(tops) == 1 and tops[0].is_dir() else inside).rename(target)

    return cache.make_once(f"{artifact.name}/{artifact.version}", unpack)


def _summary(artifacts: Sequence[Artifact]) -> str:
    if len(artifacts) == 1:
        return artifacts[0].file_name
    return f"{len(artifacts)} files ({artifacts[0].file_name}, ...)" if artifacts else "nothing"


def _download(context: MavenContext, artifact: Artifact) -> None:
    remote = context.project(artifact.group, artifact.name).at_version(artifact.version)
    fetched = _attempt(remote.artifact(artifact.classifier, artifact.extension))
    with fetched.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != artifact.sha256:
        raise ServiceError(f"{artifact.file_name}: its SHA-256 is {found}, but {artifact.sha256} was expected")
    artifact.path.parent.mkdir(parents=True, exist_ok=True)
    fetched.rename(artifact.path)


def _attempt(remote: RemoteArtifact) -> Path:
    failure: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            return remote.resolve()
        except (requests.RequestException, RuntimeError) as error:
            failure = error
            # The half of a file that a broken connection leaves would pass for a cached one.
            if remote.cached_path:
                remote.cached_path.unlink(missing_ok=True)
    raise ServiceError(f"can't fetch {remote.filename}: {failure}") from failure


def _repositories() -> dict[str, str] | None:
    """The repository to ask instead of the client's default, None if there is none."""
    url = os.environ.get("MAVEN_REPOSITORY_URL") or _mirror_of_central(Path.home() / ".m2" / "settings.xml")
    return {"central": url.rstrip("/")} if url else None


def _mirror_of_central(settings: Path) -> str | None:
    if not settings.exists():
        return None
    for mirror in ElementTree.parse(settings).getroot().iterfind(".//{*}mirror"):
        mirrored = (mirror.findtext("{*}mirrorOf") or "").strip()
        if mirrored in ("central", "*", "external:*"):
            return (mirror.findtext("{*}url") or "").strip() or None
    return None
