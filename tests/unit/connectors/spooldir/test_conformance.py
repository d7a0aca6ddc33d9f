"""The spool directory sources keep the promises that the kit for authors checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from connect.testing import SourceConformance

_KEY = '{"name": "K", "type": "STRUCT", "isOptional": false, "fieldSchemas": {}}'
_SCHEMA = """{"name": "V", "type": "STRUCT", "isOptional": false, "fieldSchemas":
  {"id": {"type": "INT64", "isOptional": true}, "name": {"type": "STRING", "isOptional": true}}}"""


class _SpoolDirConformance(SourceConformance):
    topic = "rows"
    kind: ClassVar[str]
    extra: ClassVar[dict[str, str]] = {}
    first_line: ClassVar[str] = ""

    def config(self, tmp_path: Path) -> dict[str, str]:
        folders = {name: tmp_path / name for name in ("input", "finished", "error")}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        return {
            "connector.class": f"com.github.jcustenborder.kafka.connect.spooldir.SpoolDir{self.kind}SourceConnector",
            **{f"{name}.path": str(folder) for name, folder in folders.items()},
            "input.file.pattern": r".*\.data",
            "topic": self.topic,
            "empty.poll.wait.ms": "10",
            "file.settle.ms": "0",
            **self.extra,
        }

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        return [{"input.file.pattern": "("}, {"input.path": str(tmp_path / "none")}, {"cleanup.policy": "BURN"}]

    def add_input(self, tmp_path: Path, first: int, count: int) -> None:
        folder = tmp_path / "input"
        folder.mkdir(exist_ok=True)
        lines = [self.line(number) for number in range(first, first + count)]
        whole = folder / f"{first:04}.data"
        growing = whole.with_suffix(".growing")
        growing.write_text(self.first_line + "".join(lines))
        growing.rename(whole)  # nothing is read half

    def line(self, number: int) -> str:
        return f"line {number}\n"


class TestCsv(_SpoolDirConformance):
    kind = "Csv"
    extra: ClassVar[dict[str, str]] = {"csv.first.row.as.header": "true", "value.schema": _SCHEMA, "key.schema": _KEY}
    first_line = "id,name\n"

    def line(self, number: int) -> str:
        return f"{number},name {number}\n"


class TestJson(_SpoolDirConformance):
    kind = "Json"
    extra: ClassVar[dict[str, str]] = {"value.schema": _SCHEMA, "key.schema": _KEY}

    def line(self, number: int) -> str:
        return f'{{"id": {number}}}\n'


class TestSchemaLessJson(TestJson):
    kind = "SchemaLessJson"
    extra: ClassVar[dict[str, str]] = {"value.converter": "org.apache.kafka.connect.storage.StringConverter"}


class TestLines(_SpoolDirConformance):
    kind = "LineDelimited"
    extra: ClassVar[dict[str, str]] = {"value.converter": "org.apache.kafka.connect.storage.StringConverter"}


class TestBinaryFiles(_SpoolDirConformance):
    kind = "BinaryFile"
    extra: ClassVar[dict[str, str]] = {"value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter"}

    def add_input(self, tmp_path: Path, first: int, count: int) -> None:
        """A file is a record."""
        (tmp_path / "input").mkdir(exist_ok=True)
        for number in range(first, first + count):
            super().add_input(tmp_path, number, 1)
