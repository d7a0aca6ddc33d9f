"""``connect-container``: what the container image runs, configured by the environment as images of Connect are.

``CONNECT_BOOTSTRAP_SERVERS`` becomes ``bootstrap.servers``, ``CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE``
``key.converter.schemas.enable``: the prefix goes, ``_`` stands for a dot, ``__`` for an underscore, ``___`` for a dash.
With arguments it runs these instead (``connect apply …``, ``connect-standalone …``).
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from connect.cli import distributed
from connect.cli.start import EXIT_USAGE, fail

_PREFIX = "CONNECT_"
_NOT_PROPERTIES = (
    "CONNECT_LOG_",
    "CONNECT_LOG4J_",
    "CONNECT_URL",
    "CONNECT_CACHE_DIR",
    "CONNECT_SOAK",
    "CONNECT_TEST_",
)
"""Of our command line, or about logging."""
_REST_PORT = "rest.port"
"""Images know it still, though Kafka Connect itself has only ``listeners``."""
_NEEDED = (
    *("bootstrap.servers", "group.id", "config.storage.topic", "offset.storage.topic", "status.storage.topic"),
    *("key.converter", "value.converter"),
)
_SEPARATORS = {"_": ".", "__": "_", "___": "-"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a distributed worker as the environment says, or the command that is given; the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given and given != ["connect-distributed"]:
        os.execvp(given[0], given)  # noqa: S606  # the user's own command, without a shell
    properties = worker_properties(os.environ)
    missing = [variable(key) for key in _NEEDED if key not in properties]
    if missing:
        return fail(f"Set {', '.join(missing)} in the environment of the container", EXIT_USAGE)
    os.environ.update(log_levels(os.environ))
    with tempfile.TemporaryDirectory(prefix="connect-") as folder:
        path = Path(folder) / "worker.properties"
        path.touch(mode=0o600)  # passwords may be in it
        path.write_text("".join(f"{key}={_escape(value)}\n" for key, value in properties.items()))
        return distributed.main([str(path)])


def worker_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """The worker's properties that the variables state, by name."""
    stated = {
        property_name(name): value
        for name, value in sorted(environment.items())
        if name.startswith(_PREFIX) and not name.startswith(_NOT_PROPERTIES)
    }
    port = stated.pop(_REST_PORT, None)
    if port and "listeners" not in stated:
        stated["listeners"] = f"http://0.0.0.0:{port}"
    return stated


def property_name(variable_name: str) -> str:
    """``CONNECT_SSL_KEY__X___Y`` is ``ssl.key_x-y``."""
    name = variable_name.removeprefix(_PREFIX).lower()
    return re.sub("_{1,3}", lambda found: _SEPARATORS[found[0]], name)


def variable(key: str) -> str:
    """The variable that states a property."""
    return _PREFIX + key.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def log_levels(environment: Mapping[str, str]) -> dict[str, str]:
    """``CONNECT_LOG4J_ROOT_LOGLEVEL`` and ``CONNECT_LOG4J_LOGGERS`` as our own variable says it."""
    root = environment.get("CONNECT_LOG4J_ROOT_LOGLEVEL")
    named = environment.get("CONNECT_LOG4J_LOGGERS")
    levels = ",".join(part for part in (root and f"root={root}", named) if part)
    return {"CONNECT_LOG_LEVELS": levels} if levels and "CONNECT_LOG_LEVELS" not in environment else {}


def _escape(value: str) -> str:
    first = "\\" if value[:1].isspace() else ""  # or it would be taken for layout
    return first + value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


if __name__ == "__main__":
    sys.exit(main())
