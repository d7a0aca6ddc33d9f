"""What the registry holds: schemas by id, versions by subject, and the rules by which new ones are let in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from converters.avro_compat import incompatibilities
from converters.avro_schema import AvroSchema, SchemaParseException, parse_schema, schema_text

Json = dict[str, Any]

LEVELS = ("NONE", "BACKWARD", "FORWARD", "FULL", "BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE")
DEFAULT_LEVEL = "BACKWARD"
KINDS = ("AVRO", "JSON", "PROTOBUF")


class RegistryError(Exception):
    """A refusal: HTTP status, the registry's own code, and why."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = code if code < 1000 else code // 100


@dataclass(frozen=True, slots=True)
class Content:
    """A schema as it is registered: its language, canonical text and the references it needs."""

    kind: str
    text: str
    references: tuple[tuple[str, str, int], ...]


@dataclass(slots=True)
class Version:
    """A schema's place in a subject."""

    number: int
    id: int
    content: Content
    deleted: bool = False


@dataclass(slots=True)
class Subject:
    """The versions of one name, and the level that was set for it."""

    versions: list[Version] = field(default_factory=list)
    level: str | None = None

    def live(self) -> list[Version]:
        """The versions that weren't deleted."""
        return [version for version in self.versions if not version.deleted]


class Store:
    """All schemas. Methods raise RegistryError; they are called by one thread at a time."""

    def __init__(self) -> None:
        self.level = DEFAULT_LEVEL
        self.subjects: dict[str, Subject] = {}
        self._ids: dict[Content, int] = {}
        self._contents: dict[int, Content] = {}

    def register(self, name: str, body: Json) -> int:
        """The id of a schema, which becomes a new version of the subject unless it is one already."""
        content, schema = self._read(body)
        subject = self.subjects.setdefault(name, Subject())
        known = next((version for version in subject.live() if version.content == content), None)
        if known is not None:
            return known.id
        problems = self._problems(subject, schema)
        if problems:
            details = "; ".join(problems)
            raise RegistryError(
                409, f'Schema being registered is incompatible with an earlier schema for subject "{name}": {details}'
            )
        schema_id = self._ids.setdefault(content, len(self._ids) + 1)
        self._contents[schema_id] = content
        number = subject.versions[-1].number + 1 if subject.versions else 1
        subject.versions.append(Version(number, schema_id, content))
        return schema_id

    def find(self, name: str, body: Json, *, deleted: bool) -> Version:
        """The version that a schema is of a subject."""
        content, _ = self._read(body)
        subject = self.subject(name, deleted=deleted)
        versions = subject.versions if deleted else subject.live()
        for version in reversed(versions):
            if version.content == content:
                return version
        raise RegistryError(40403, "Schema not found")

    def subject(self, name: str, *, deleted: bool = False) -> Subject:
        """A subject with versions."""
        subject = self.subjects.get(name)
        if subject is None or not (subject.versions if deleted else subject.live()):
            raise RegistryError(40401, f"Subject '{name}' not found.")
        return subject

    def version(self, name: str, number: str, *, deleted: bool = False) -> Version:
        """A subject's version by its number, or ``latest``."""
        subject = self.subject(name, deleted=deleted)
        versions = subject.versions if deleted else subject.live()
        if number in ("latest", "-1"):
            return versions[-1]
        if not number.isdigit() or int(number) < 1:
            raise RegistryError(
                42202, f"The specified version '{number}' is not a valid version id. Allowed values are between "
                "[1, 2^31-1] and the string \"latest\""
            )  # fmt: skip
        for version in versions:
            if version.number == int(number):
                return version
        raise RegistryError(40402, f"Version {number} not found.")

    def content(self, schema_id: str) -> Content:
        """The schema of an id."""
        found = self._contents.get(int(schema_id)) if schema_id.isdigit() else None
        if found is None:
            raise RegistryError(40403, f"Schema {schema_id} not found")
        return found

    def places(self, schema_id: str) -> list[tuple[str, Version]]:
        """Where a schema is in use."""
        content = self.content(schema_id)
        found = [(name, version) for name, subject in self.subjects.items() for version in subject.live()]
        return [(name, version) for name, version in found if version.content == content]

    def compare(self, name: str, number: str | None, body: Json) -> list[str]:
        """What keeps a schema from following one version of a subject (None = those that the level asks for)."""
        _, schema = self._read(body)
        if number is None:
            return self._problems(self.subjects.get(name, Subject()), schema)
        version = self.version(name, number)
        return self._differences(self.level_of(name), schema, [version])

    def level_of(self, name: str) -> str:
        """The level that holds for a subject."""
        subject = self.subjects.get(name)
        return self.level if subject is None or subject.level is None else subject.level

    def set_level(self, name: str | None, level: Any) -> None:
        """Set the level of a subject, or (None) of all that have none of their own."""
        if level not in LEVELS and not (level is None and name is not None):
            valid = ", ".join(LEVELS)
            raise RegistryError(42203, f"Invalid compatibility level. Valid values are {valid}")
        if name is None:
            self.level = level
        else:
            self.subjects.setdefault(name, Subject()).level = level

    def delete_subject(self, name: str, *, permanent: bool) -> list[int]:
        """Hide a subject's versions, or drop those that are hidden."""
        subject = self.subject(name, deleted=permanent)
        if permanent:
            if subject.live():
                raise RegistryError(40405, f"Subject '{name}' was not deleted first before being permanently deleted")
            del self.subjects[name]
            return [version.number for version in subject.versions]
        hidden = subject.live()
        for version in hidden:
            version.deleted = True
        return [version.number for version in hidden]

    def delete_version(self, name: str, number: str, *, permanent: bool) -> int:
        """Hide a version, or drop one that is hidden."""
        version = self.version(name, number, deleted=permanent)
        if permanent:
            if not version.deleted:
                raise RegistryError(40407, f"Subject '{name}' Version {number} was not deleted first")
            self.subjects[name].versions.remove(version)
        version.deleted = True
        return version.number

    def _read(self, body: Json) -> tuple[Content, AvroSchema | None]:
        kind, text = body.get("schemaType") or "AVRO", body.get("schema")
        if kind not in KINDS:
            raise RegistryError(42201, f"Invalid schema type {kind}; this registry knows {', '.join(KINDS)}")
        if not isinstance(text, str) or not text.strip():
            raise RegistryError(42201, "Empty schema")
        try:
            references = tuple((item["name"], item["subject"], int(item["version"])) for item in self._given(body))
            for _, subject, number in references:
                self.version(subject, str(number), deleted=True)
            if kind == "JSON":
                text = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
            if kind != "AVRO":
                return Content(kind, text, references), None
            names: dict[str, AvroSchema] = {}
            for reference in references:
                self._define(reference, names)
            schema = parse_schema(text, names)
            return Content(kind, text if references else schema_text(schema), references), schema
        except (SchemaParseException, KeyError, TypeError, ValueError) as error:
            raise RegistryError(42201, f"Invalid schema {text}, details: {error}") from error

    def _given(self, body: Json) -> list[Json]:
        return body.get("references") or []

    def _define(self, reference: tuple[str, str, int], names: dict[str, AvroSchema]) -> None:
        name, subject, number = reference
        if name not in names:
            content = self.version(subject, str(number), deleted=True).content
            for inner in content.references:
                self._define(inner, names)
            parse_schema(content.text, names)

    def _parsed(self, content: Content) -> AvroSchema:
        names: dict[str, AvroSchema] = {}
        for reference in content.references:
            self._define(reference, names)
        return parse_schema(content.text, names)

    def _problems(self, subject: Subject, schema: AvroSchema | None) -> list[str]:
        level = self.level if subject.level is None else subject.level
        live = subject.live()
        return self._differences(level, schema, live if level.endswith("_TRANSITIVE") else live[-1:])

    def _differences(self, level: str, schema: AvroSchema | None, earlier: list[Version]) -> list[str]:
        """What keeps a schema from following others; of languages other than Avro only that they are others."""
        found = []
        for version in earlier:
            if schema is None or version.content.kind != "AVRO":
                if level != "NONE" and (schema is None) != (version.content.kind != "AVRO"):
                    found.append(f"version {version.number}: is written in {version.content.kind}")
                continue
            other = self._parsed(version.content)
            lines = []
            if level.startswith(("BACKWARD", "FULL")):
                lines += incompatibilities(schema, other)
            if level.startswith(("FORWARD", "FULL")):
                lines += incompatibilities(other, schema)
            found += [f"version {version.number}: {line}" for line in lines]
        return found
