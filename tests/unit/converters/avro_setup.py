"""A registry for tests: the embedded one, emptied for each test, with every schema let in."""

from __future__ import annotations

import requests

from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter


def allow_everything(registry: EmbeddedRegistry) -> None:
    """Let every schema follow every other one."""
    requests.put(f"{registry.url}/config", json={"compatibility": "NONE"}, timeout=30).raise_for_status()


def new_converter(registry: EmbeddedRegistry, *, is_key: bool = False, **settings: object) -> AvroConverter:
    """A converter; ``connect_meta_data=False`` is ``connect.meta.data=False``."""
    made = AvroConverter()
    config = {name.replace("_", "."): str(value) for name, value in settings.items()}
    made.configure({"schema.registry.url": registry.url, "retries.wait.ms": "1", **config}, is_key)
    return made
