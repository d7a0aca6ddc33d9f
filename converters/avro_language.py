"""Avro as a language of the schema registry."""

from __future__ import annotations

from connect.api import SerializationException
from converters.avro_compat import incompatibilities
from converters.avro_schema import AvroSchema, SchemaParseException, parse_schema
from converters.registry_schemas import Language, References


def parse_avro(text: str, references: References) -> AvroSchema:
    """A schema with the named schemas that it refers to. Raises SerializationException."""
    names: dict[str, AvroSchema] = {}
    try:
        for name, referred in references:
            if name not in names:
                parse_schema(referred, names)
        return parse_schema(text, names)
    except SchemaParseException as error:
        raise SerializationException("The schema in the registry is no Avro schema") from error


AVRO = Language("AVRO", "Avro", "Avro schema", "Avro {0} schema", parse_avro, incompatibilities)
