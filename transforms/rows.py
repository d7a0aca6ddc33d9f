"""Functions that make new rows out of old ones, put together once per schema.

Walking a list of columns for every row would cost more than all the rest, so the loop is written out as source, as
:mod:`dataclasses` does for its methods. The source holds positions only, never a name or value of the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from connect.api import DataException, Field, Schema
from transforms.maps import ConvertAll

RowFunction = Callable[..., list[Any]]
"""``(rows, *constants, *lists)``: ``constants`` go into every row, ``lists`` hold one item per row."""


class Column(NamedTuple):
    """A field of the new rows: its name and schema, and where its values come from.

    ``source`` is a place in the old row; ``constant`` and ``list`` count the function's further arguments. A null is
    read as ``default``. Then ``convert`` makes a new list of the column's values, or what is not null becomes
    ``fixed``. ``checked`` refuses a null in a required field.
    """

    name: str
    schema: Schema
    source: int | None = None
    constant: int | None = None
    list: int | None = None
    default: Any = None
    convert: ConvertAll | None = None
    fixed: Any = None
    checked: bool = True


def copied(field: Field, *, with_default: bool) -> Column:
    """The field as it is, with its default in place of null if asked for."""
    return Column(field.name, field.schema, field.index, default=field.schema.default_value if with_default else None)


def compile_rows(width: int, columns: Sequence[Column], constants: int = 0, lists: int = 0) -> RowFunction:
    """A function from rows of ``width`` fields to rows of ``columns``; DataException for a null in a required one."""
    by_index = 2 * len(columns) < width  # fetching a few values costs less than taking the whole row apart
    scope: dict[str, Any] = {"refuse": _refuse(columns)}
    reads = [_read(column, by_index) if column.convert is None else f"y{i}" for i, column in enumerate(columns)]
    cells = [_cell(*item, scope) for item in zip(range(len(columns)), columns, reads, strict=True)]
    row = f"({''.join([f'{cell}, ' for cell in cells])})"
    nullable = [read for column, read in zip(columns, reads, strict=True) if _must_be_checked(column)]
    if nullable:
        row = f"{row} if {' and '.join([f'{read} is not None' for read in nullable])} else refuse({row})"
    arguments = ["rows", *[f"c{i}" for i in range(constants)], *[f"l{i}" for i in range(lists)]]
    items = {f"x{i}": f"l{i}" for i in range(lists)}
    items |= {f"y{i}": _converted(i, column, scope) for i, column in enumerate(columns) if column.convert is not None}
    target = "row" if by_index else f"[{', '.join([f'v{i}' for i in range(width)])}]"
    loop = f"{target} in rows"
    if items:
        loop = f"{', '.join([target, *items])} in zip(rows, {', '.join(items.values())})"
    exec(f"def change({', '.join(arguments)}): return [{row} for {loop}]", scope)  # noqa: S102  # see the module's text
    change: RowFunction = scope["change"]
    return change


def _read(column: Column, by_index: bool) -> str:
    """The expression for the old value."""
    if column.source is not None:
        return f"row[{column.source}]" if by_index else f"v{column.source}"
    return f"c{column.constant}" if column.constant is not None else f"x{column.list}"


def _converted(place: int, column: Column, scope: dict[str, Any]) -> str:
    """The expression for all new values of a column."""
    scope[f"f{place}"] = column.convert
    read = _cell(place, column._replace(convert=None), f"row[{column.source}]", scope)
    return f"f{place}([{read} for row in rows])"


def _cell(place: int, column: Column, read: str, scope: dict[str, Any]) -> str:
    """The expression for the new value."""
    if column.fixed is not None:
        scope[f"k{place}"] = column.fixed
        return f"k{place}" if column.default is not None else f"(None if {read} is None else k{place})"
    if column.default is None or column.convert is not None:
        return read
    scope[f"d{place}"] = column.default
    return f"(d{place} if {read} is None else {read})"


def _must_be_checked(column: Column) -> bool:
    return column.checked and not column.schema.optional and column.default is None


def _refuse(columns: Sequence[Column]) -> Callable[[tuple[Any, ...]], NoReturn]:
    def refuse(row: tuple[Any, ...]) -> NoReturn:
        column = next(c for c, value in zip(columns, row, strict=True) if value is None and _must_be_checked(c))
        location = f'field: "{column.name}"'
        raise DataException(f"Invalid value: null used for required {location}, schema type: {column.schema.type}")

    return refuse
