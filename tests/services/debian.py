"""Servers from Debian's packages: an installed one, or else the package unpacked into the cache.

Nothing is installed into the system, so no administrator is needed and no service starts by itself.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.services import cache
from tests.services.errors import ServiceError


@dataclass(frozen=True)
class Program:
    """A program, and the folder into which its package was unpacked (``/`` for an installed one)."""

    path: Path
    root: Path

    def environment(self) -> dict[str, str]:
        """What lets it find the libraries that were unpacked with it."""
        if self.root == Path("/"):
            return dict(os.environ)
        folders = {str(library.parent) for library in self.root.glob("usr/lib/**/*.so*")}
        folders |= {str(library.parent) for library in self.root.glob("lib/**/*.so*")}
        return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(sorted(folders))}


def provide(package: str, pattern: str) -> Program:
    """The program at *pattern*, a glob below the root folder, installed or unpacked from *package* and what it needs.

    Raises ServiceError, with what to install by hand, if neither can be had.
    """
    for root in (Path("/"), None):
        searched = root or unpacked(package)
        found = sorted(searched.glob(pattern))
        if found:
            return Program(found[-1], searched)
    raise ServiceError(f"package {package} holds no {pattern}")


def unpacked(package: str) -> Path:
    """The folder with the content of *package* and of those packages it depends on that aren't installed."""
    release = platform.freedesktop_os_release()
    return cache.make_once(
        f"debian/{release['ID']}-{release.get('VERSION_ID', 'testing')}/{package}",
        lambda target: _fetch(package, target),
    )


def unpacked_whole(package: str, suite: str) -> Path:
    """The folder with the content of *package* of another suite, and of all that it depends on, C library included.

    Programs in it are run by the loader that is in there too.
    """

    def fetch(target: Path) -> None:
        cache.announce(f"fetching {package} of Debian's {suite} into {cache.root()}")
        archives = target.with_name("archives")
        archives.mkdir()
        lists = _own_lists(suite)
        _run(["apt-get", *lists, "update"])
        _download_with(lists, package, archives)
        for archive in sorted(archives.glob("*.deb")):
            _run(["dpkg", "--extract", str(archive), str(target)])
        _relink(target)

    return cache.make_once(f"debian/{suite}/{package}", fetch)


def _fetch(package: str, target: Path) -> None:
    cache.announce(f"fetching Debian's {package} into {cache.root()}")
    try:
        archives = _download(package, target.with_name("archives"))
        for archive in archives:
            _run(["dpkg", "--extract", str(archive), str(target)])
    except (ServiceError, FileNotFoundError) as error:
        advice = f"{package} is neither installed nor to be fetched; try: apt-get install {package}"
        raise ServiceError(f"{advice}\n{error}") from error
    _relink(target)


def _download(package: str, folder: Path) -> list[Path]:
    folder.mkdir()
    try:
        _download_with([], package, folder)
    except ServiceError:
        # The system's lists are absent or too old, and only root may change them: use some of our own.
        lists = _own_lists()
        _run(["apt-get", *lists, "update"])
        _download_with(lists, package, folder)
    return sorted(folder.glob("*.deb"))


def _download_with(options: Sequence[str], package: str, folder: Path) -> None:
    plan = _run(["apt-get", *options, "install", "--simulate", "--no-install-recommends", package])
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    _run(["apt-get", *options, "download", *names], cwd=folder)


def _own_lists(suite: str | None = None) -> list[str]:
    """Options for lists of our own; of another suite: from where the system's packages come, as if none were there."""
    own = cache.root() / "debian" / f"apt-{suite or 'own'}"
    (own / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (own / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    settings: dict[str, object] = {"Dir::State::Lists": own / "lists", "Dir::Cache": own, "APT::Sandbox::User": "root"}
    if suite is not None:
        archive = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Component: main"]).split()[0]
        (own / "sources.list").write_text(f"deb [trusted=yes] {archive} {suite} main\n", encoding="utf-8")
        (own / "status").touch()
        settings |= {
            "Dir::Etc::SourceList": own / "sources.list",
            "Dir::Etc::SourceParts": os.devnull,
            "Dir::State::Status": own / "status",
        }
    return [f"--option={key}={value}" for key, value in settings.items()]


def _relink(root: Path) -> None:
    """Links to absolute paths mean paths below *root*, if there's something."""
    for link in (path for path in root.rglob("*") if path.is_symlink()):
        aim = link.readlink()
        inside = root / aim.relative_to(aim.anchor)
        if aim.is_absolute() and inside.exists():
            link.unlink()
            link.symlink_to(os.path.relpath(inside, link.parent))


def _run(command: Sequence[str], cwd: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout
