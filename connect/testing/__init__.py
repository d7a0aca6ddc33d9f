"""For authors of connectors: run one in memory, and check the promises that users of connectors rely on.

``ConnectorRun`` runs a connector as a worker does, with its converters and transformations, against Kafka in memory.
``SourceConformance``, ``PushSourceConformance``, ``SinkConformance`` and ``ConnectorConformance`` are test classes to
derive from.
"""

from connect.testing.conformance import ConnectorConformance, PushSourceConformance, SinkConformance, SourceConformance
from connect.testing.connector_run import ConnectorRun, ConnectorRunFailed
from connect.testing.offsets import MemoryOffsets

__all__ = [
    "ConnectorConformance",
    "ConnectorRun",
    "ConnectorRunFailed",
    "MemoryOffsets",
    "PushSourceConformance",
    "SinkConformance",
    "SourceConformance",
]
