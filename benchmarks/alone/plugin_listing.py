"""How long it takes to list a hundred plugins of ``plugin.path``."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.case import Measured
from connect.plugins.registry import PluginRegistry

PLUGINS = 100
RUNS = 20
_MANIFEST = '[[plugin]]\nkind = "source"\nname = "many{0}.Source"\nclass = "many{0}:Source"\nversion = "1.0"\n'


def measure_all() -> list[Measured]:
    """Microseconds per plugin, the median of several runs."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(PLUGINS):
            folder = root / f"p{number}"
            folder.mkdir()
            (folder / "connect-plugins.toml").write_text(_MANIFEST.format(number))
        taken = statistics.median(_seconds(root) for _ in range(RUNS))
    return [Measured(f"{PLUGINS} plugins", "list", taken / PLUGINS * 1e6, None)]


def _seconds(root: Path) -> float:
    began = time.perf_counter()
    found = PluginRegistry(plugin_path=[str(root)]).plugins
    taken = time.perf_counter() - began
    if sum(plugin.name.startswith("many") for plugin in found) != PLUGINS:
        raise RuntimeError("not all plugins were found")
    return taken
