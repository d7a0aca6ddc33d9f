"""For servers that refuse to run as root, when that's what we are: another user, and files that it can reach."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_NOBODY = 65534


def user() -> int | None:
    """The id of the user to run such a server as; None: as we are."""
    return _NOBODY if os.geteuid() == 0 else None


def give(folder: Path) -> None:
    """Make that user the owner of the folder and all that is in it."""
    owner = user()
    if owner is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner, owner, follow_symlinks=False)


def reachable(tree: Path, copies: Path) -> Path:
    """*tree*, or its twin in *copies* if that user may not pass through one of the folders above it, as in root's home.

    The twin is made of hard links where the file system allows, so it costs no space.
    """
    tree = tree.resolve()
    if user() is None or all(folder.stat().st_mode & 0o001 for folder in tree.parents):
        return tree
    twin = copies / tree.name
    if not twin.exists():
        shutil.copytree(tree, twin, symlinks=True, copy_function=_link_or_copy)
    return twin


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target
