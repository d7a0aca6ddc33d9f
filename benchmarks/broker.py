"""The broker of all benchmarks: set up once, the same for both workers."""

from __future__ import annotations

from tests.services import KafkaBroker

PROPERTIES = {
    # Two cores are shared by clients and broker: more threads would only take turns.
    "num.network.threads": "2",
    "num.io.threads": "4",
    # A million records of 107 bytes fit into one segment; nothing is rolled or cleaned while somebody measures.
    "log.segment.bytes": str(1 << 30),
    "log.retention.ms": "-1",
    "log.cleaner.backoff.ms": "15000",
    "message.max.bytes": "4000000",
    "socket.send.buffer.bytes": "1048576",
    "socket.receive.buffer.bytes": "1048576",
}
JVM_OPTIONS = ("-Xms1g", "-Xmx1g")


def broker() -> KafkaBroker:
    """A broker whose JVM compiles as well as it can."""
    return KafkaBroker(PROPERTIES, jvm_options=JVM_OPTIONS)
