"""Configuration keys written as a table: a line per key, with name, type, importance, default and meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connect.api.config_def import NO_DEFAULT, ConfigType, Importance, Key, Validator

_DEFAULTS = {"-": None, "''": "", "!": NO_DEFAULT}


def read_keys(table: str, validators: Mapping[str, Validator] | None = None) -> Iterator[Key]:
    """The keys of a table, whose lines read ``name TYPE IMPORTANCE default  meaning``.

    The default is ``-`` for none, ``''`` for the empty text, ``!`` for a key that must be given. Blank lines don't
    count.
    """
    for line in table.splitlines():
        if not line.strip():
            continue
        name, type_name, importance, default, meaning = line.split(maxsplit=4)
        yield Key(
            name,
            ConfigType[type_name],
            _DEFAULTS.get(default, default),
            meaning,
            Importance[importance],
            (validators or {}).get(name),
        )
