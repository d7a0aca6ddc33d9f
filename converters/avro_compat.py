"""Whether data written with one Avro schema can be read with another, and if not, where they part."""

from __future__ import annotations

from converters.avro_schema import ABSENT, AvroField, AvroSchema

_PROMOTIONS = {
    "long": ("int",),
    "float": ("int", "long"),
    "double": ("int", "long", "float"),
    "string": ("bytes",),
    "bytes": ("string",),
}


def incompatibilities(reader: AvroSchema, writer: AvroSchema) -> list[str]:
    """What keeps ``reader`` from reading what ``writer`` wrote, as sentences that name the field; empty = nothing."""
    return _Comparison().compare(reader, writer, "")


class _Comparison:
    def __init__(self) -> None:
        self._open: set[tuple[int, int]] = set()

    def compare(self, reader: AvroSchema, writer: AvroSchema, path: str) -> list[str]:
        """The differences below a place (``path``, empty at the top)."""
        if writer.kind == "union":
            return [line for branch in writer.branches for line in self.compare(reader, branch, path)]
        if reader.kind == "union":
            return self._into_union(reader, writer, path)
        if reader.kind != writer.kind:
            if writer.kind in _PROMOTIONS.get(reader.kind, ()):
                return []
            return [f"{_place(path)} is {reader.full_name} to the reader but was written as {writer.full_name}"]
        if reader.kind in ("array", "map"):
            return self.compare(reader.items, writer.items, f"{path}[]")
        if reader.kind in ("record", "enum", "fixed") and not _same_name(reader, writer):
            return [f"{_place(path)} is named {reader.full_name} to the reader but {writer.full_name} to the writer"]
        return self._named(reader, writer, path)

    def _into_union(self, reader: AvroSchema, writer: AvroSchema, path: str) -> list[str]:
        alike = [branch for branch in reader.branches if branch.kind == writer.kind]
        if any(not self.compare(branch, writer, path) for branch in reader.branches):
            return []
        if alike:
            return self.compare(alike[0], writer, path)
        branches = ", ".join(branch.full_name for branch in reader.branches)
        return [f"{_place(path)} was written as {writer.full_name}, which is not one of {branches}"]

    def _named(self, reader: AvroSchema, writer: AvroSchema, path: str) -> list[str]:
        match reader.kind:
            case "enum":
                unknown = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
                if unknown and reader.default is None:
                    return [f"{_place(path)} lacks the symbols {', '.join(unknown)}"]
            case "fixed":
                if reader.size != writer.size:
                    return [f"{_place(path)} has {reader.size} bytes to the reader but {writer.size} to the writer"]
            case "record":
                return self._records(reader, writer, path)
        return []

    def _records(self, reader: AvroSchema, writer: AvroSchema, path: str) -> list[str]:
        pair = (id(reader), id(writer))
        if pair in self._open:
            return []
        self._open.add(pair)
        found = []
        for field in reader.fields:
            inner = f"{path}.{field.name}" if path else field.name
            written = _written_field(field, writer)
            if written is not None:
                found += self.compare(field.schema, written.schema, inner)
            elif field.default is ABSENT:
                found.append(f"{_place(inner)} has no default value and is missing in what was written")
        self._open.discard(pair)
        return found


def _written_field(field: AvroField, writer: AvroSchema) -> AvroField | None:
    candidates = (writer.field(name) for name in (field.name, *field.aliases))
    return next((found for found in candidates if found is not None), None)


def _same_name(reader: AvroSchema, writer: AvroSchema) -> bool:
    aliases = {alias if "." in alias else f"{reader.namespace or ''}.{alias}".lstrip(".") for alias in reader.aliases}
    return reader.name == writer.name or writer.full_name in aliases


def _place(path: str) -> str:
    return f"field '{path}'" if path else "the schema"
