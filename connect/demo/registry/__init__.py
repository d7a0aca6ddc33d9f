"""A small schema registry for trying out and tests: Confluent's REST API for Avro, all of it in memory.

No maintained package on PyPI has a registry that can be embedded; this one keeps nothing when it ends and speaks no
other language than Avro, but checks compatibility as the real ones do.
"""

from __future__ import annotations

from connect.demo.registry.server import EmbeddedRegistry

__all__ = ["EmbeddedRegistry"]
