"""A Kafka Connect-compatible connector worker."""

__version__ = "0.1.0"
KAFKA_VERSION = "4.3.1"
"""The Apache Kafka release whose behaviour this worker reproduces; reported by ``GET /``."""
