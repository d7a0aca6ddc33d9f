"""Finds plugins without importing them: those of installed packages, and those of the folders of ``plugin.path``.

Each entry of ``plugin.path`` is a place for plugins, and so is each folder directly inside it. A place says what it
holds in ``connect-plugins.toml``, with a table ``[[plugin]]`` of ``kind``, ``name``, ``class`` and ``version`` per
plugin, or through the entry points of packages that are installed into it (``pip install --target``, or a virtual
environment). Modules are imported from the place itself and from its ``site-packages``.
"""

from __future__ import annotations

import importlib.metadata
import logging
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from connect.api import ConfigException
from connect.plugins.builtin import Plugin, PluginKind

log = logging.getLogger(__name__)

ENTRY_POINT_GROUP = "connect.plugins"
"""Entry points of packages: name ``<kind>:<listed name>``, value ``module:Class``."""
MANIFEST = "connect-plugins.toml"


def installed_plugins() -> Iterator[Plugin]:
    """The plugins of packages in this interpreter's environment. Raises ConfigException for a bad entry point."""
    for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        yield _from_entry_point(point, point.dist.version if point.dist else None, ())


def plugins_of_path(entries: Iterable[str]) -> Iterator[Plugin]:
    """The plugins of the folders of ``plugin.path``. Raises ConfigException for a bad manifest or entry point."""
    for entry in entries:
        folder = Path(entry)
        if not folder.is_dir():
            log.warning("plugin.path: %s is no folder and is left out", entry)
            continue
        for place in (folder, *sorted(child for child in folder.iterdir() if child.is_dir())):
            yield from _plugins_of_place(place.resolve())


def import_roots(place: Path) -> tuple[str, ...]:
    """Where the modules of a place are: itself, and its ``site-packages``."""
    packages = [place / "site-packages", *place.glob("lib/python3.*/site-packages")]
    return tuple(str(root) for root in (place, *packages) if root.is_dir())


def _plugins_of_place(place: Path) -> Iterator[Plugin]:
    roots = import_roots(place)
    manifest = place / MANIFEST
    if manifest.is_file():
        yield from _from_manifest(manifest, roots)
    for distribution in importlib.metadata.distributions(path=list(roots)):
        for point in distribution.entry_points.select(group=ENTRY_POINT_GROUP):
            yield _from_entry_point(point, distribution.version, roots)


def _from_manifest(manifest: Path, roots: tuple[str, ...]) -> Iterator[Plugin]:
    try:
        tables = tomllib.loads(manifest.read_text(encoding="utf-8")).get("plugin", [])
        for table in tables:
            yield _from_table(table, roots)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigException(f"Can't read the plugin manifest {manifest}: {error}") from error


def _from_table(table: dict[str, Any], roots: tuple[str, ...]) -> Plugin:
    return Plugin(PluginKind(table["kind"]), table["name"], table["class"], table.get("version"), roots)


def _from_entry_point(point: importlib.metadata.EntryPoint, version: str | None, roots: tuple[str, ...]) -> Plugin:
    kind, _, name = point.name.partition(":")
    try:
        return Plugin(PluginKind(kind), name, point.value, version, roots)
    except ValueError:
        raise ConfigException(
            f"Entry point '{point.name}' of group {ENTRY_POINT_GROUP}: the name must be '<kind>:<class name>' "
            f"with a kind of {', '.join(kind.value for kind in PluginKind)}"
        ) from None
