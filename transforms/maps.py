"""Copies of schemaless maps with some members changed, a list of maps at a time.

As in :mod:`transforms.rows` the loop is written out as source, once per number of changes: copying a map is most of
the work, and going over the copies once costs less than once per change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from connect.api import Repeated

Map = dict[Any, Any]
ConvertAll = Callable[[list[Any]], Sequence[Any]]
"""From the items of one field in all records to the new ones."""


def members(values: list[Map], name: Any) -> list[Any]:
    """The member of that name in each map, None where it is missing."""
    try:
        return list(map(itemgetter(name), values))
    except KeyError:
        return [value.get(name) for value in values]


def with_members(values: list[Map], constants: Mapping[Any, Any], columns: Mapping[Any, Sequence[Any]]) -> list[Map]:
    """Copies of the maps with more members: the same for all maps, or one item per map."""
    copies = list(map(dict, values))
    _setter(len(constants), len(columns))(copies, *constants, *columns, *constants.values(), *columns.values())
    return copies


def without_members(values: list[Map], dropped: Sequence[Any], renamed: Sequence[tuple[Any, Any]]) -> list[Map]:
    """Copies of the maps that lack some members and have others under new names, at the end.

    Raises KeyError when a map has a member that is called by a new name already.
    """
    names = [*dropped, *[name for pair in renamed for name in pair]]
    copies = list(map(dict, values))
    try:
        _remover(len(dropped), len(renamed), may_lack=False)(copies, *names)
        if not renamed or sum(map(len, copies)) == sum(map(len, values)) - len(dropped) * len(values):
            return copies
    except KeyError:
        pass
    copies = list(map(dict, values))
    _remover(len(dropped), len(renamed), may_lack=True)(copies, *names)
    return copies


def with_looked_up(values: list[Map], tables: Mapping[Any, Mapping[Any, Any]]) -> list[Map]:
    """Copies of the maps with some members, which all maps have, exchanged for what a table says."""
    copies = list(map(dict, values))
    _exchanger(len(tables))(copies, *tables, *tables.values())
    return copies


def converted_members(values: list[Map], functions: Iterable[tuple[Any, ConvertAll]]) -> list[Map]:
    """Copies of the maps in which some members went through a function; one that is missing does as None."""
    constants: dict[Any, Any] = {}
    columns: dict[Any, Sequence[Any]] = {}
    for name, convert in functions:
        items = convert(members(values, name))
        if isinstance(items, Repeated):
            constants[name] = items.item
        else:
            columns[name] = items
    return with_members(values, constants, columns)


@cache
def _setter(constants: int, columns: int) -> Callable[..., None]:
    items = [*[f"c{i}" for i in range(constants)], *[f"x{i}" for i in range(columns)]]
    names = [f"n{i}" for i in range(len(items))]
    lists = [f"l{i}" for i in range(columns)]
    loop = f"for {', '.join(['copy', *items[constants:]])} in zip(copies, {', '.join(lists)}):" if lists else _LOOP
    steps = [f"copy[{name}] = {item}" for name, item in zip(names, items, strict=True)]
    return _compiled([*names, *items[:constants], *lists], loop, steps)


@cache
def _exchanger(count: int) -> Callable[..., None]:
    steps = [f"copy[n{i}] = t{i}[copy[n{i}]]" for i in range(count)]
    return _compiled([f"{kind}{i}" for kind in "nt" for i in range(count)], _LOOP, steps)


@cache
def _remover(dropped: int, renamed: int, *, may_lack: bool) -> Callable[..., None]:
    """``may_lack`` costs a quarter more, and most maps have all members that are named.

    Without it a name that is there already is not noticed, but then the map has grown too short.
    """
    drops = [f"d{i}" for i in range(dropped)]
    pairs = [(f"o{i}", f"n{i}") for i in range(renamed)]
    steps = [f"copy.pop({name}, None)" if may_lack else f"del copy[{name}]" for name in drops]
    for old, new in pairs:
        if may_lack:
            steps.append(f"if {new} in copy: raise KeyError({new})")
        steps.append(f"{f'if {old} in copy: ' * may_lack}copy[{new}] = copy.pop({old})")
    return _compiled([*drops, *[name for pair in pairs for name in pair]], _LOOP, steps)


_LOOP = "for copy in copies:"


def _compiled(arguments: Sequence[str], loop: str, steps: Sequence[str]) -> Callable[..., None]:
    scope: dict[str, Any] = {}
    body = "\n  ".join(steps or ["pass"])
    exec(f"def change({', '.join(['copies', *arguments])}):\n {loop}\n  {body}", scope)  # noqa: S102  # names of ours only
    change: Callable[..., None] = scope["change"]
    return change
