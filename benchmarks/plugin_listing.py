"""How long it takes to list a hundred plugins of ``plugin.path``: ``python -m benchmarks.plugin_listing``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from connect.plugins.registry import PluginRegistry

PLUGINS = 100
RUNS = 20
_MANIFEST = '[[plugin]]\nkind = "source"\nname = "many{0}.Source"\nclass = "many{0}:Source"\nversion = "1.0"\n'


def main() -> None:
    """Print the median and the range in milliseconds."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(PLUGINS):
            folder = root / f"p{number}"
            folder.mkdir()
            (folder / "connect-plugins.toml").write_text(_MANIFEST.format(number))
        taken = sorted(_seconds(root) * 1e3 for _ in range(RUNS))
    sys.stdout.write(f"{taken[RUNS // 2]:.1f} ms ({taken[0]:.1f} .. {taken[-1]:.1f}), {RUNS} runs\n")


def _seconds(root: Path) -> float:
    began = time.perf_counter()
    found = PluginRegistry(plugin_path=[str(root)]).plugins
    taken = time.perf_counter() - began
    if sum(plugin.name.startswith("many") for plugin in found) != PLUGINS:
        raise RuntimeError("not all plugins were found")
    return taken


if __name__ == "__main__":
    main()
