"""The settings of the JSON Schema converter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connect.api import ConfigDef, ConfigType, Importance, Key
from connect.api.validators import CaseInsensitiveValidString
from converters.registry_config import GENERALIZED, IGNORE_DEFAULTS, format_config

_MEDIUM, _LOW = Importance.MEDIUM, Importance.LOW

JSON_SCHEMA_CONFIG = format_config(
    GENERALIZED,
    IGNORE_DEFAULTS,
    ("object.additional.properties", True, _MEDIUM, "Allow other members in the schemas of objects."),
    ("use.optional.for.nonrequired", False, _MEDIUM, "Read members that aren't required as optional."),
    ("json.fail.invalid.schema", False, _MEDIUM, "Refuse data that doesn't fit the schema in the registry."),
    ("flatten.singleton.unions", True, _LOW, "Read a union of one branch as that branch."),
) | ConfigDef(
    Key(
        "decimal.format",
        ConfigType.STRING,
        "BASE64",
        "How Decimals are written: BASE64 of their bytes, or NUMERIC as numbers. Both are read.",
        _LOW,
        CaseInsensitiveValidString("BASE64", "NUMERIC"),
    ),
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
