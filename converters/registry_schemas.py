"""The schemas of subjects: registered, looked up, compared with what is to be written, and read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from connect.api import ConnectException, SerializationException
from converters.registry_client import CONFLICT, RegisteredSchema, RegistryClient
from converters.registry_errors import IncompatibleSchemaException, RestClientException, refused

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
References = Sequence[tuple[str, str]]
"""What a schema refers to, as names and texts, each after those that it needs itself."""


class Parse(Protocol[S_co]):
    """Reads a schema's text. Raises SerializationException."""

    def __call__(self, text: str, references: References) -> S_co: ...


class Language(NamedTuple, Generic[S]):
    """A language of schemas: the registry's name of it, how messages speak of it, and what is known of it."""

    kind: str
    name: str
    written: str
    """Before a schema's text in a message, as ``JSON schema: ``."""
    read: str
    """Before an id in a message; ``{0}`` is key, value or header."""
    parse: Parse[S]
    differences: Callable[[S, S], list[str]]
    """What keeps a reader's schema from reading what was written with another one."""


class SubjectSchemas(Generic[S]):
    """Which schema to write a subject's data with, and which one some data was written with.

    All methods raise the exceptions that :func:`converters.registry_errors.explained` knows.
    """

    def __init__(self, language: Language[S], config: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self.client = RegistryClient(config, given, language.kind)
        self._language = language
        self._registers: bool = config["auto.register.schemas"]
        self._fixed_id: int = config["use.schema.id"]
        self._fixed_strict: bool = config["id.compatibility.strict"]
        self._uses_latest: bool = config["use.latest.version"]
        self._latest_strict: bool = config["latest.compatibility.strict"]

    @property
    def chooses_schema(self) -> bool:
        """Whether data is written with a schema that is in the registry already, rather than with its own."""
        return not self._registers and (self._fixed_id >= 0 or self._uses_latest)

    @property
    def projects(self) -> bool:
        """Whether data is read as the latest schema of its subject sees it."""
        return self._uses_latest

    def own_id(self, subject: str, text: str) -> int:
        """The id of a schema, which is registered first where that is wanted."""
        if not self._registers:
            try:
                return self.client.find_id(subject, text)
            except RestClientException as error:
                raise refused(error, f"Error retrieving {self._language.written}{text}") from error
        try:
            return self.client.register(subject, text)
        except RestClientException as error:
            if error.status == CONFLICT:
                error.__cause__ = self._explanation(subject, text)
            raise refused(error, f"Error registering {self._language.written}{text}") from error

    def chosen(self, subject: str, schema: S) -> tuple[int, S]:
        """The schema in the registry to write with instead of ``schema``, and its id."""
        if self._fixed_id >= 0:
            found = self._by_id(self._fixed_id, subject, "Error retrieving schema ID")
            chosen_id, strict, key = self._fixed_id, self._fixed_strict, "id.compatibility.strict"
        else:
            found = self._latest(subject)
            chosen_id, strict, key = found.id, self._latest_strict, "latest.compatibility.strict"
        chosen = self._parse(found)
        differences = self._language.differences(chosen, schema) if strict else []
        if differences:
            what = f"Incompatible schema of subject {subject}: {'; '.join(differences)}. "
            cause = IncompatibleSchemaException(f"{what}Set {key}=false to disable this check")
            raise SerializationException(f"Error serializing {self._language.name} message") from cause
        return chosen_id, chosen

    def written_with(self, schema_id: int, subject: str, side: str) -> tuple[RegisteredSchema, S]:
        """What some data was written with, as it is registered and as a schema."""
        found = self._by_id(
            schema_id, subject, f"Error retrieving {self._language.read.format(side)} for id {schema_id}"
        )
        return found, self._parse(found)

    def version(self, subject: str, registered: RegisteredSchema, side: str, schema_id: int) -> int | None:
        """The version of a schema in its subject; None where it isn't there."""
        try:
            return self.client.find_version(subject, registered.text, registered.references)
        except RestClientException as error:
            raise refused(
                error, f"Error retrieving {self._language.read.format(side)} version for id {schema_id}"
            ) from error

    def latest(self, subject: str) -> tuple[RegisteredSchema, S]:
        """The subject's latest schema."""
        found = self._latest(subject)
        return found, self._parse(found)

    def _latest(self, subject: str) -> RegisteredSchema:
        try:
            return self.client.latest(subject)
        except RestClientException as error:
            raise refused(
                error, f"Error retrieving latest version of {self._language.name} schema of subject {subject}"
            ) from error

    def _by_id(self, schema_id: int, subject: str, doing: str) -> RegisteredSchema:
        try:
            return self.client.schema(schema_id, subject)
        except RestClientException as error:
            raise refused(error, doing) from error

    def _parse(self, found: RegisteredSchema) -> S:
        references: dict[str, str] = {}
        self._collect_references(found, references)
        return self._language.parse(found.text, list(references.items()))

    def _collect_references(self, found: RegisteredSchema, texts: dict[str, str]) -> None:
        """Schemas that refer to one another stand in the registry one by one, in an order without circles."""
        for reference in found.references:
            if reference.name in texts:
                continue
            try:
                part = self.client.schema_version(reference.subject, reference.version)
            except RestClientException as error:
                where = f"version {reference.version} of subject {reference.subject}"
                what = f"the referenced {self._language.name} schema {reference.name}, {where}"
                raise refused(error, f"Error retrieving {what}") from error
            self._collect_references(part, texts)
            texts.setdefault(reference.name, part.text)

    def _explanation(self, subject: str, text: str) -> Exception | None:
        """Where the refused schema and the subject's latest differ, as far as that can be found out."""
        try:
            found = self.client.latest(subject)
            latest, refused_schema = self._parse(found), self._language.parse(text, ())
        except ConnectException as error:
            return error
        differences = self._language.differences(refused_schema, latest)
        differences = differences or self._language.differences(latest, refused_schema)
        where = "; ".join(differences) or "see the registry's own words"
        return IncompatibleSchemaException(
            f"The schema can't follow version {found.version} of subject {subject} under the subject's compatibility "
            f"rule: {where}"
        )
