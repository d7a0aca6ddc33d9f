"""The part of KCQL that MQTT connectors use: ``INSERT INTO target SELECT * FROM source`` with a few clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connect.api import ConfigException

_NAME = r"(`[^`]+`|'[^']+'|[^\s;`']+)"
_STATEMENT = re.compile(
    rf"(?:INSERT|UPSERT)\s+INTO\s+{_NAME}\s+SELECT\s+(.+?)\s+FROM\s+{_NAME}(.*)", re.IGNORECASE | re.DOTALL
)
_CONVERTER = re.compile(rf"\s+WITHCONVERTER\s*=\s*{_NAME}", re.IGNORECASE)
_TARGET = re.compile(rf"\s+WITHTARGET\s*=\s*{_NAME}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``converter`` is a class name, ``field`` the field that WITHTARGET names; both may be empty."""

    target: str
    source: str
    converter: str = ""
    field: str = ""


def parse(key: str, text: str) -> list[Statement]:
    """All statements of a text, which semicolons separate. Raises ConfigException."""
    statements = [_statement(key, part.strip()) for part in text.split(";") if part.strip()]
    if not statements:
        raise ConfigException(key, text, "There is no statement in it")
    return statements


def _statement(key: str, text: str) -> Statement:
    found = _STATEMENT.fullmatch(text)
    if found is None:
        raise ConfigException(key, text, "A statement is written INSERT INTO target SELECT * FROM source")
    target, fields, source, rest = found.groups()
    if fields.strip() != "*":
        raise ConfigException(key, text, "Only SELECT * is known here; transformations can select fields")
    converter, rest = _clause(_CONVERTER, rest)
    field, rest = _clause(_TARGET, rest)
    if rest.strip():
        raise ConfigException(key, text, f"Not known here: {rest.strip()}")
    return Statement(_bare(target), _bare(source), converter, field)


def _clause(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    return ("", text) if found is None else (_bare(found.group(1)), text[: found.start()] + text[found.end() :])


def _bare(name: str) -> str:
    return name.strip("`'")
