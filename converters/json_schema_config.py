"""The settings of the JSON Schema converter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connect.api import ConfigDef, ConfigType, Importance, Key
from connect.api.validators import CaseInsensitiveValidString
from converters.registry_config import REGISTRY_CONFIG

_BOOLEAN, _MEDIUM, _LOW = ConfigType.BOOLEAN, Importance.MEDIUM, Importance.LOW

JSON_SCHEMA_CONFIG = REGISTRY_CONFIG | ConfigDef(
    Key("generalized.sum.type.support", _BOOLEAN, False, "Name enums and unions as all formats do.", _MEDIUM),
    Key("ignore.default.for.nullables", _BOOLEAN, False, "Write null, not the default, for a null.", _MEDIUM),
    Key("object.additional.properties", _BOOLEAN, True, "Allow other members in the schemas of objects.", _MEDIUM),
    Key("use.optional.for.nonrequired", _BOOLEAN, False, "Read members that aren't required as optional.", _MEDIUM),
    Key(
        "json.fail.invalid.schema", _BOOLEAN, False, "Refuse data that doesn't fit the schema in the registry.", _MEDIUM
    ),
    Key(
        "decimal.format",
        ConfigType.STRING,
        "BASE64",
        "How Decimals are written: BASE64 of their bytes, or NUMERIC as numbers. Both are read.",
        _LOW,
        CaseInsensitiveValidString("BASE64", "NUMERIC"),
    ),
    Key("flatten.singleton.unions", _BOOLEAN, True, "Read a union of one branch as that branch.", _LOW),
    Key("schemas.cache.config", ConfigType.INT, 1000, "How many schemas are remembered in either direction.", _LOW),
)


class JsonSchemaOptions(NamedTuple):
    """How data is mapped: the settings of the same names."""

    generalized: bool = False
    ignore_defaults: bool = False
    additional_properties: bool = True
    optional_if_not_required: bool = False
    decimals_as_numbers: bool = False
    flatten: bool = True

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> JsonSchemaOptions:
        """From the parsed settings of the converter."""
        return cls(
            config["generalized.sum.type.support"],
            config["ignore.default.for.nullables"],
            config["object.additional.properties"],
            config["use.optional.for.nonrequired"],
            config["decimal.format"].upper() == "NUMERIC",
            config["flatten.singleton.unions"],
        )
