"""The Avro schemas of subjects: registered, looked up, compared with what is to be written, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConnectException, SerializationException
from converters.avro_compat import incompatibilities
from converters.avro_schema import AvroSchema, SchemaParseException, parse_schema
from converters.registry_client import CONFLICT, RegisteredSchema, RegistryClient
from converters.registry_errors import IncompatibleSchemaException, RestClientException, refused


class AvroRegistry:
    """Which schema to write a subject's data with, and which one some data was written with.

    All methods raise the exceptions that :func:`converters.registry_errors.explained` knows.
    """

    def __init__(self, config: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self.client = RegistryClient(config, given, "AVRO")
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
                raise refused(error, f"Error retrieving Avro schema{text}") from error
        try:
            return self.client.register(subject, text)
        except RestClientException as error:
            if error.status == CONFLICT:
                error.__cause__ = self._explanation(subject, text)
            raise refused(error, f"Error registering Avro schema{text}") from error

    def chosen(self, subject: str, schema: AvroSchema) -> tuple[int, AvroSchema]:
        """The schema in the registry to write with instead of ``schema``, and its id."""
        if self._fixed_id >= 0:
            found = self._by_id(self._fixed_id, subject, "Error retrieving schema ID")
            chosen_id, strict, key = self._fixed_id, self._fixed_strict, "id.compatibility.strict"
        else:
            found = self._latest(subject)
            chosen_id, strict, key = found.id, self._latest_strict, "latest.compatibility.strict"
        chosen = self._parse(found)
        differences = incompatibilities(chosen, schema) if strict else []
        if differences:
            what = f"Incompatible schema of subject {subject}: {'; '.join(differences)}. "
            cause = IncompatibleSchemaException(f"{what}Set {key}=false to disable this check")
            raise SerializationException("Error serializing Avro message") from cause
        return chosen_id, chosen

    def written_with(self, schema_id: int, subject: str, side: str) -> tuple[RegisteredSchema, AvroSchema]:
        """What some data was written with, as it is registered and as a schema."""
        found = self._by_id(schema_id, subject, f"Error retrieving Avro {side} schema for id {schema_id}")
        return found, self._parse(found)

    def version(self, subject: str, registered: RegisteredSchema, side: str, schema_id: int) -> int | None:
        """The version of a schema in its subject; None where it isn't there."""
        try:
            return self.client.find_version(subject, registered.text, registered.references)
        except RestClientException as error:
            raise refused(error, f"Error retrieving Avro {side} schema version for id {schema_id}") from error

    def latest(self, subject: str) -> tuple[RegisteredSchema, AvroSchema]:
        """The subject's latest schema."""
        found = self._latest(subject)
        return found, self._parse(found)

    def _latest(self, subject: str) -> RegisteredSchema:
        try:
            return self.client.latest(subject)
        except RestClientException as error:
            raise refused(error, f"Error retrieving latest version of Avro schema of subject {subject}") from error

    def _by_id(self, schema_id: int, subject: str, doing: str) -> RegisteredSchema:
        try:
            return self.client.schema(schema_id, subject)
        except RestClientException as error:
            raise refused(error, doing) from error

    def _parse(self, found: RegisteredSchema) -> AvroSchema:
        names: dict[str, AvroSchema] = {}
        try:
            self._define_references(found, names)
            return parse_schema(found.text, names)
        except SchemaParseException as error:
            raise SerializationException("The schema in the registry is no Avro schema") from error

    def _define_references(self, found: RegisteredSchema, names: dict[str, AvroSchema]) -> None:
        """Schemas that refer to one another stand in the registry one by one, in an order without circles."""
        for reference in found.references:
            if reference.name in names:
                continue
            try:
                part = self.client.schema_version(reference.subject, reference.version)
            except RestClientException as error:
                where = f"version {reference.version} of subject {reference.subject}"
                raise refused(
                    error, f"Error retrieving the referenced Avro schema {reference.name}, {where}"
                ) from error
            self._define_references(part, names)
            if reference.name not in names:
                parse_schema(part.text, names)

    def _explanation(self, subject: str, text: str) -> Exception | None:
        """Where the refused schema and the subject's latest differ, as far as that can be found out."""
        try:
            found = self.client.latest(subject)
            latest, refused_schema = self._parse(found), parse_schema(text)
        except ConnectException as error:
            return error
        differences = incompatibilities(refused_schema, latest) or incompatibilities(latest, refused_schema)
        where = "; ".join(differences) or "see the registry's own words"
        return IncompatibleSchemaException(
            f"The schema can't follow version {found.version} of subject {subject} under the subject's compatibility "
            f"rule: {where}"
        )
