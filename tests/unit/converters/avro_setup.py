"""The Avro converter with the embedded registry."""

from __future__ import annotations

from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter
from tests.unit.converters.registry_setup import configured


def new_converter(registry: EmbeddedRegistry, *, is_key: bool = False, **settings: object) -> AvroConverter:
    """A converter; ``connect_meta_data=False`` is ``connect.meta.data=False``."""
    return configured(AvroConverter(), registry, is_key=is_key, **settings)
