"""Functions that make new rows out of old ones, put together once per schema.

Walking a list of columns for every row would cost more than all the rest, so the loop is written out as source, as
:mod:`dataclasses` does for its methods. The source holds positions only, never a name or value of the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from connect.api import DataException, Field, Schema

RowFunction = Callable[..., list[Any]]
"""``(rows, *constants, *lists)``: ``constants`` go into every row, ``lists`` hold one item per row."""


class Column(NamedTuple):
    """A field of the new rows: its name and schema, and where its values come from.

    ``source`` is a place in the old row; ``constant`` and ``list`` count the function's further arguments. A null is
    read as ``default``; what is not null goes through ``convert``, or becomes ``fixed``. ``checked`` refuses a null in
    a required field.
    """

    name: str
    schema: Schema
    source: int | None = None
    constant: int | None = None
    list: int | None = None
    default: Any = None
    convert: Callable[[Any], Any] | None = None
    fixed: Any = None
    checked: bool = True


def copied(field: Field, *, with_default: bool) -> Column:
    """The field as it is, with its default in place of null if asked for."""
    return Column(field.name, field.schema, field.index, default=field.schema.default_value if with_default else None)


def compile_rows(width: int, columns: Sequence[Column], constants: int = 0, lists: int = 0) -> RowFunction:
    """A function from rows of ``width`` fields to rows of ``columns``; DataException for a null in a required one."""
    by_index = 2 * len(columns) < width  # fetching a few values costs less than taking the whole row apart
    reads = [_read(column, by_index) for column in columns]
    scope: dict[str, Any] = {"refuse": _refuse(columns)}
    cells = [_cell(*item, scope) for item in zip(range(len(columns)), columns, reads, strict=True)]
    row = f"({''.join([f'{cell}, ' for cell in cells])})"
    nullable = [read for column, read in zip(columns, reads, strict=True) if _must_be_checked(column)]
    if nullable:
        row = f"{row} if {' and '.join([f'{read} is not None' for read in nullable])} else refuse({row})"
    extra = [f"l{i}" for i in range(lists)]
    target = "row" if by_index else f"[{', '.join([f'v{i}' for i in range(width)])}]"
    loop = f"{target} in rows"
    if lists:
        loop = f"({target}, {', '.join([f'x{i}' for i in range(lists)])}) in zip(rows, {', '.join(extra)})"
    arguments = ", ".join(["rows", *[f"c{i}" for i in range(constants)], *extra])
    exec(f"def change({arguments}): return [{row} for {loop}]", scope)  # noqa: S102  # see the module's text
    change: RowFunction = scope["change"]
    return change


def _read(column: Column, by_index: bool) -> str:
    """The expression for the old value."""
    if column.source is not None:
        return f"row[{column.source}]" if by_index else f"v{column.source}"
    return f"c{column.constant}" if column.constant is not None else f"x{column.list}"


def _cell(place: int, column: Column, read: str, scope: dict[str, Any]) -> str:
    """The expression for the new value."""
    default, value = "None", read
    if column.fixed is not None:
        scope[f"k{place}"] = column.fixed
        return f"k{place}" if column.default is not None else f"(None if {read} is None else k{place})"
    if column.default is not None:
        default = f"d{place}"
        scope[default] = column.default
    if column.convert is not None:
        scope[f"f{place}"] = column.convert
        default, value = f"f{place}({default})" if column.default is not None else default, f"f{place}({read})"
    return read if value == read and column.default is None else f"({default} if {read} is None else {value})"


def _must_be_checked(column: Column) -> bool:
    return column.checked and not column.schema.optional and column.default is None


def _refuse(columns: Sequence[Column]) -> Callable[[tuple[Any, ...]], NoReturn]:
    def refuse(row: tuple[Any, ...]) -> NoReturn:
        column = next(c for c, value in zip(columns, row, strict=True) if value is None and _must_be_checked(c))
        location = f'field: "{column.name}"'
        raise DataException(f"Invalid value: null used for required {location}, schema type: {column.schema.type}")

    return refuse
