"""Pieces of Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from inspect import isroutine
from typing import Any

from connect.api import ConfigDef, Key
from connect.api.config_def import convert_to_string

_WIDTH = 100
_OURS = " *Java doesn't have it; REST shows it where it is set.*"
_HEAD = ("Setting", "Type", "Default", "Valid values", "Importance", "Meaning")


def escaped(text: str) -> str:
    """Plain text, in which Markdown finds no tags, emphasis or cells."""
    return re.sub(r"([\\<>*|\[\]])", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """A text as it is."""
    return f"`{text}`".replace("|", "\\|")


def fenced(text: str, language: str = "") -> str:
    """A block of text as it is."""
    return f"```{language}\n{text}\n```"


def json_text(value: Any, indent: str = "") -> str:
    """JSON on one line where it fits, and otherwise each member on its own."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(name)}: {json_text(item, inner)}" for name, item in value.items()]
    else:
        rows = [inner + json_text(item, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(rows), indent + closing])


def settings(config: ConfigDef, level: int = 3) -> str:
    """The keys of a definition as tables, one per group."""
    keys = list(config)
    groups = dict.fromkeys(key.group or "" for key in keys)
    if len(groups) == 1:
        return settings_table(keys)
    return "\n\n".join(
        f"{'#' * level} {group or 'Others'}\n\n{settings_table([key for key in keys if (key.group or '') == group])}"
        for group in groups
    )


def settings_table(keys: Iterable[Key]) -> str:
    """A table of keys."""
    rows: list[Sequence[str]] = [_HEAD, ["---"] * len(_HEAD), *map(_setting, keys)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _setting(key: Key) -> Sequence[str]:
    return (
        code(key.name),
        key.type.value.lower(),
        "required" if key.required else _default(key),
        _valid_values(key),
        key.importance.value.lower(),
        escaped(key.doc) + (_OURS if key.internal else ""),
    )


def _default(key: Key) -> str:
    text = convert_to_string(key.default, key.type)
    return "null" if text is None else code(text) if text else "empty"


def _valid_values(key: Key) -> str:
    """The validator's own text; a plain function has none."""
    has_text = key.validator is not None and not isroutine(key.validator)
    return escaped(str(key.validator)) if has_text else ""
