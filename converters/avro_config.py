"""The settings of the Avro converter."""

from __future__ import annotations

from connect.api import ConfigDef, ConfigType, Importance, Key
from converters.registry_config import REGISTRY_CONFIG

_MEDIUM, _LOW = Importance.MEDIUM, Importance.LOW
_ROWS = (
    ("generalized.sum.type.support", False, _MEDIUM, "Name enums and unions in the way that other formats share."),
    ("ignore.default.for.nullables", False, _MEDIUM, "Write null, not the default, where a nullable field is null."),
    ("enhanced.avro.schema.support", False, _MEDIUM, "Write enums as such, and keep the packages of union members."),
    ("scrub.invalid.names", False, _MEDIUM, "Replace the characters of names that Avro doesn't allow."),
    ("connect.meta.data", True, _LOW, "Keep what only Connect knows of a schema as properties of the Avro schema."),
    ("discard.type.doc.default", False, _LOW, "Give docs and defaults to fields rather than to their types."),
    ("allow.optional.map.keys", False, _LOW, "Write maps with optional text keys as Avro maps; no key may be null."),
    ("flatten.singleton.unions", True, _LOW, "Read a union of one branch as that branch."),
)

AVRO_CONFIG = REGISTRY_CONFIG | ConfigDef(
    *(Key(name, ConfigType.BOOLEAN, default, doc, importance) for name, default, importance, doc in _ROWS),
    Key("schemas.cache.config", ConfigType.INT, 1000, "How many schemas are remembered in either direction.", _LOW),
)
