"""The built-in schemas, by name, with the field that is the key unless the configuration names another."""

from __future__ import annotations

from collections.abc import Callable

from connectors.datagen import (
    quickstarts_of_firms,
    quickstarts_of_networks,
    quickstarts_of_shops,
    quickstarts_of_streams,
)
from connectors.datagen.notation import Node

QUICKSTARTS: dict[str, tuple[str, Callable[[], Node]]] = {
    **quickstarts_of_streams.QUICKSTARTS,
    **quickstarts_of_shops.QUICKSTARTS,
    **quickstarts_of_firms.QUICKSTARTS,
    **quickstarts_of_networks.QUICKSTARTS,
}
"""Name -> key field, and what makes the schema."""
