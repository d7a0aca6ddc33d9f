"""What a process does not load: only a new one tells."""

from __future__ import annotations

import subprocess
import sys


def test_the_elasticsearch_transport_loads_nothing_that_it_does_not_need() -> None:
    """A task's process stays small: no other HTTP library comes along, and all can still be imported."""
    script = (
        "import sys; import connectors.elasticsearch.sink;"
        "assert not {'aiohttp', 'requests'} & sys.modules.keys();"
        "import aiohttp, requests"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_listing_imports_no_plugin() -> None:
    code = (
        "import sys; from connect.plugins.registry import PluginRegistry; PluginRegistry().plugins;"
        "print([m for m in sys.modules if m.split('.')[0] in ('connectors', 'transforms', 'converters')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
