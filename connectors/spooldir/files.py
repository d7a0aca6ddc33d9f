"""The life of a file: found, marked with a flag file while it is read, then moved, deleted or left."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from connect.api import ConnectException
from connect.api.java_regex import compile_java_regex

log = logging.getLogger(__name__)


class InputFile(NamedTuple):
    """A file as it was when it was looked at; ``modified`` in milliseconds since the epoch.

    A directory may hold many of them: ``location`` takes a quarter of the memory of a Path.
    """

    location: str
    size: int
    modified: int

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.location)

    @property
    def name(self) -> str:
        """The name without directories."""
        return self.location.rpartition("/")[2]

    @property
    def identity(self) -> str:
        """Tells a new file under an old name from the old one."""
        return f"{self.size}-{self.modified}"

    def again(self) -> InputFile:
        """The same file as it is now. Raises OSError."""
        return look_at(self.location)


def look_at(location: str) -> InputFile:
    """The file at ``location``. Raises OSError."""
    found = Path(location).stat()
    return InputFile(location, found.st_size, found.st_mtime_ns // 1_000_000)


def task_of(name: str, tasks: int) -> int:
    """Which of so many tasks is responsible for a file of that name."""
    checksum = zlib.adler32(("\ufeff" + name).encode("utf-16-be"))
    return abs(checksum - (1 << 32) if checksum >> 31 else checksum) % tasks


_ORDERS: dict[str, Callable[[InputFile], Any]] = {
    "Name": lambda file: file.name,
    "Length": lambda file: file.size,
    "LastModified": lambda file: file.modified,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of ``input.path`` are to be read, and in which order."""

    directory: Path
    pattern: re.Pattern[str]
    flag_extension: str
    recursive: bool
    minimum_age: int
    order: tuple[str, ...]
    task: int = 0
    tasks: int = 1

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Selection:
        """The selection that the parsed configuration asks for."""
        return cls(
            Path(settings["input.path"]),
            compile_java_regex(settings["input.file.pattern"]),
            settings["processing.file.extension"],
            settings["input.path.walk.recursively"],
            settings["file.minimum.age.ms"],
            tuple(settings["files.sort.attributes"]),
            settings["task.index"],
            settings["task.count"],
        )

    def list(self) -> list[InputFile]:
        """The files there are now. Raises OSError when the directory can't be read."""
        now = time.time() * 1000
        found = [file for file in self._matching(self.directory) if now - file.modified >= self.minimum_age]
        for attribute in reversed(self.order):
            descending = attribute.endswith("Desc")
            found.sort(key=_ORDERS[attribute.removesuffix("Desc").removesuffix("Asc")], reverse=descending)
        return found

    def _matching(self, directory: Path) -> Iterator[InputFile]:
        with os.scandir(directory) as entries:
            for entry in entries:
                if self._wants(entry.name):
                    try:
                        if entry.is_file():
                            yield look_at(entry.path)
                    except FileNotFoundError:
                        continue  # moved away since it was listed
                if self.recursive and entry.is_dir(follow_symlinks=False):
                    yield from self._matching(Path(entry.path))

    def _wants(self, name: str) -> bool:
        return (
            self.pattern.fullmatch(name) is not None
            and not name.endswith(self.flag_extension)
            and task_of(name, self.tasks) == self.task
        )


class Flags:
    """Flag files next to the input files: they tell other programs that a file is being read, and by whom."""

    def __init__(self, extension: str, owner: str, stale_after: int) -> None:
        """``owner`` is the connector's name; flags of others count for ``stale_after`` milliseconds."""
        self._extension = extension
        self._owner = owner
        self._stale_after = stale_after

    def _path(self, file: InputFile) -> Path:
        return file.path.with_name(file.name + self._extension)

    def raise_flag(self, file: InputFile) -> bool:
        """Mark the file; False when another connector has. Raises OSError.

        A flag of this connector is one that a killed task left: the file is this task's own.
        """
        path = self._path(file)
        try:
            with path.open("x", encoding="utf-8") as flag:
                flag.write(self._owner)
        except FileExistsError:
            return self._take_over(path)
        return True

    def _take_over(self, path: Path) -> bool:
        try:
            age = time.time() * 1000 - look_at(str(path)).modified
            if path.read_text(encoding="utf-8", errors="replace") != self._owner and age < self._stale_after:
                return False
            path.write_text(self._owner, encoding="utf-8")
        except FileNotFoundError:
            return False  # its owner is just done; the file is looked at again with the next listing
        return True

    def refresh(self, file: InputFile) -> None:
        """Show that the file is still being read."""
        os.utime(self._path(file))

    def lower(self, file: InputFile) -> None:
        """Remove the mark. Raises OSError."""
        self._path(file).unlink(missing_ok=True)


class Inbox:
    """Hands out the files of a selection one by one; a list is worked off before the next one is made."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._queue: deque[InputFile] = deque()
        self._handed_out: dict[str, str] = {}
        self._missing = False

    def next_file(self) -> InputFile | None:
        """The next file that wasn't handed out yet in its present form; None when there is none."""
        if not self._queue:
            self._queue.extend(self._listed())
        return self.next_queued()

    def next_queued(self) -> InputFile | None:
        """The same, without looking for new files when the list is worked off."""
        while self._queue:
            queued = self._queue.popleft()
            try:
                file = queued.again()
            except FileNotFoundError:
                continue
            self._handed_out[file.location] = file.identity
            return file
        return None

    def _listed(self) -> list[InputFile]:
        try:
            files = self._selection.list()
        except FileNotFoundError:
            if not self._missing:
                log.warning("%s does not exist: waiting for it", self._selection.directory)
            self._missing = True
            return []
        except OSError as error:
            raise ConnectException(f"Couldn't list {self._selection.directory}: {error.strerror}") from error
        self._missing = False
        return [file for file in files if self._handed_out.get(file.location) != file.identity]

    def remember(self, file: InputFile) -> None:
        """The file stays where it is and is done with in this form."""
        self._handed_out[file.location] = file.identity

    def forget(self, file: InputFile) -> None:
        """The file is gone, or may be handed out again."""
        self._handed_out.pop(file.location, None)


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What happens to files that are done with."""

    policy: str
    input_path: Path
    finished_path: Path
    error_path: Path
    keep_relative_path: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Cleanup:
        """What the parsed configuration asks for."""
        return cls(
            settings["cleanup.policy"],
            Path(settings["input.path"]),
            Path(settings["finished.path"]),
            Path(settings["error.path"]),
            settings["cleanup.policy.maintain.relative.path"],
        )

    def finish(self, file: InputFile) -> bool:
        """Put a file away that was read; False when it stays. Raises OSError."""
        match self.policy:
            case "NONE":
                return False
            case "DELETE":
                file.path.unlink(missing_ok=True)
            case "MOVE":
                self._move(file, self.finished_path)
            case _:
                day = time.strftime("%Y-%m-%d", time.localtime(file.modified / 1000))
                self._move(file, self.finished_path / day)
        return True

    def reject(self, file: InputFile) -> None:
        """Put a file away that can't be read. Raises OSError."""
        self._move(file, self.error_path)

    def _move(self, file: InputFile, target: Path) -> None:
        if self.keep_relative_path:
            target /= file.path.parent.relative_to(self.input_path)
        target.mkdir(parents=True, exist_ok=True)
        move(file.path, _free_name(target / file.name))


def _free_name(path: Path) -> Path:
    """``path``, or the first of ``path.1``, ``path.2``, ... that doesn't exist: earlier files are never overwritten."""
    candidate, number = path, 0
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}.{number}")
    return candidate


def move(source: Path, target: Path) -> None:
    """Move a file, also to another file system; ``target`` appears whole or not at all. Raises OSError."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target)


def _copy_over(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copy2(source, part)
        with part.open("rb") as copied:
            os.fsync(copied.fileno())
        part.rename(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    source.unlink()


def check_directory(key: str, directory: Path) -> None:
    """Raises ConnectException unless ``directory`` exists and files can be made in it."""
    if not directory.is_dir():
        raise ConnectException(f"Directory for '{key}' '{directory}' does not exist ")
    probe = directory / f".permission-{os.getpid()}.testing"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConnectException(f"Directory for '{key}' '{directory}' it not writable.") from error
