"""A small schema registry for trying out and tests: Confluent's REST API, all of it in memory.

No maintained package on PyPI has a registry that can be embedded; this one keeps nothing when it ends. It checks the
compatibility of Avro schemas as the real ones do; those of JSON and Protobuf it only keeps.
"""

from __future__ import annotations

from connect.demo.registry.server import EmbeddedRegistry

__all__ = ["EmbeddedRegistry"]
