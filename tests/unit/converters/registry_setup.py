"""Converters and schemas with the embedded registry."""

from __future__ import annotations

from typing import TypeVar

import requests

from connect.api import Field, Schema, Type
from connect.demo.registry import EmbeddedRegistry
from converters.registry_converter import RegistryConverter

Made = TypeVar("Made", bound=RegistryConverter)


def allow_everything(registry: EmbeddedRegistry) -> None:
    """Let every schema follow every other one."""
    requests.put(f"{registry.url}/config", json={"compatibility": "NONE"}, timeout=30).raise_for_status()


def configured(made: Made, registry: EmbeddedRegistry, *, is_key: bool = False, **settings: object) -> Made:
    """The converter, ready for use; ``connect_meta_data=False`` is ``connect.meta.data=False``."""
    config = {name.replace("_", "."): str(value) for name, value in settings.items()}
    made.configure({"schema.registry.url": registry.url, "retries.wait.ms": "1", **config}, is_key)
    return made


def register(registry: EmbeddedRegistry, subject: str, schema: str, **body: object) -> int:
    """The id of a schema, which is a text of its language."""
    answer = requests.post(f"{registry.url}/subjects/{subject}/versions", json={"schema": schema, **body}, timeout=30)
    assert answer.ok, answer.text
    return int(answer.json()["id"])


def struct(name: str | None = None, **fields: Schema) -> Schema:
    """A STRUCT schema."""
    return Schema(Type.STRUCT, name=name, fields=[Field(f, i, s) for i, (f, s) in enumerate(fields.items())])
