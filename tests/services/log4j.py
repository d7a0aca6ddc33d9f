"""The logging of the Java servers: everything to standard output."""

from __future__ import annotations

from pathlib import Path

_CONFIGURATION = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
"""


def write_log4j(folder: Path) -> str:
    """Write the logging configuration into *folder*; answers the JVM option that points at it."""
    file = folder / "log4j2.properties"
    file.write_text(_CONFIGURATION)
    return f"-Dlog4j2.configurationFile={file}"
