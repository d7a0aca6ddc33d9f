"""The settings of the Avro converter."""

from __future__ import annotations

from connect.api import Importance
from converters.registry_config import GENERALIZED, IGNORE_DEFAULTS, format_config

_MEDIUM, _LOW = Importance.MEDIUM, Importance.LOW
_ROWS = (
    GENERALIZED,
    IGNORE_DEFAULTS,
    ("enhanced.avro.schema.support", False, _MEDIUM, "Write enums as such, and keep the packages of union members."),
    ("scrub.invalid.names", False, _MEDIUM, "Replace the characters of names that Avro doesn't allow."),
    ("connect.meta.data", True, _LOW, "Keep what only Connect knows of a schema as properties of the Avro schema."),
    ("discard.type.doc.default", False, _LOW, "Give docs and defaults to fields rather than to their types."),
    ("allow.optional.map.keys", False, _LOW, "Write maps with optional text keys as Avro maps; no key may be null."),
    ("flatten.singleton.unions", True, _LOW, "Read a union of one branch as that branch."),
)

AVRO_CONFIG = format_config(*_ROWS)
