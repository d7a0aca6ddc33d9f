"""What the demo shows at its end: the same columns as the database, the registry and the index describe them."""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table
from rich.text import Text

from connect.demo.rental.database import Description
from connect.demo.rental.pipeline import DATES


def side_by_side(description: Description, avro: str, mapping: dict[str, Any]) -> Table:
    """Table description, Avro schema and index mapping in three columns."""
    table = Table(title="One table, three descriptions", title_justify="left", expand=True)
    for heading in ("Table rental", "Avro schema in the registry", "Mapping of the index"):
        table.add_column(heading, overflow="fold")
    table.add_row(Text(_columns(description)), Text(_schema(avro)), Text(_mapping(mapping)))
    return table


def dates_in(mapping: dict[str, Any]) -> list[str]:
    """Those of the three points in time that the index holds as dates."""
    return [name for name in DATES if mapping.get(name, {}).get("type") == "date"]


def _columns(description: Description) -> str:
    width = max(len(name) for name, _, _ in description)
    return "\n".join(
        f"{name:<{width}}  {kind}{'' if nullable == 'YES' else ' not null'}" for name, kind, nullable in description
    )


def _schema(avro: str) -> str:
    schema = json.loads(avro)
    fields = [f"  {json.dumps({'name': field['name'], 'type': field['type']})}" for field in schema["fields"]]
    return "\n".join([f"record {schema['name']}", *fields])


def _mapping(mapping: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {json.dumps(kind)}" for name, kind in mapping.items())
