"""Java properties files, as far as the servers' configurations need them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_properties(file: Path, properties: Mapping[str, str]) -> Path:
    """Write the file; a backslash in a value is escaped, other characters must need no escape."""
    lines = (f"{key}={value}\n".replace("\\", "\\\\") for key, value in properties.items())
    file.write_text("".join(lines))
    return file


def read_properties(file: Path) -> dict[str, str]:
    """Read ``key=value`` lines without continuations; comments and blank lines are skipped."""
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#!")
    return {key.strip(): value.strip().replace("\\\\", "\\") for key, _, value in pairs}
