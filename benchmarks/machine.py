"""Where and with what figures were taken."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import confluent_kafka

from tests.services import java, kafka


def load() -> float:
    """The load of the last minute: what else ran before."""
    return os.getloadavg()[0]


def described() -> str:
    """Machine and versions, on one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    client = f"confluent-kafka {confluent_kafka.version()} (librdkafka {confluent_kafka.libversion()[0]})"
    jvm = re.search(r'JAVA_VERSION="([^"]+)', (java.home() / "release").read_text())
    return (
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}; Python {platform.python_version()}, {client}; "
        f"Apache Kafka and Java Connect {kafka.VERSION} on Java {jvm[1] if jvm else '?'}"
    )
