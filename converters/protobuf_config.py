"""The settings of the Protobuf converter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connect.api import Importance
from converters.registry_config import GENERALIZED, IGNORE_DEFAULTS, format_config

_MEDIUM, _LOW = Importance.MEDIUM, Importance.LOW
_ROWS = (
    GENERALIZED,
    IGNORE_DEFAULTS,
    ("enhanced.protobuf.schema.support", False, _MEDIUM, "Keep the packages of names that are read."),
    ("scrub.invalid.names", False, _MEDIUM, "Replace the characters of names that Protobuf doesn't allow."),
    ("int.for.enums", False, _MEDIUM, "Read enums as numbers rather than as their symbols."),
    (
        "optional.for.nullables",
        False,
        _MEDIUM,
        "Write optional fields with the label optional: null stays null.",
    ),
    ("optional.for.proto2", True, _MEDIUM, "Read the label optional in proto2 as well."),
    ("wrapper.for.nullables", False, _MEDIUM, "Write optional simple values as wrapper messages."),
    ("wrapper.for.raw.primitives", True, _MEDIUM, "Read a wrapper message at the top as a simple value."),
    ("generate.struct.for.nulls", False, _MEDIUM, "Read a message that isn't there as one without data."),
    ("generate.index.for.unions", True, _MEDIUM, "Add an index to the names of unions that are read."),
    ("flatten.unions", False, _MEDIUM, "Read the fields of a oneof as fields of its message."),
)

PROTOBUF_CONFIG = format_config(*_ROWS)


class ProtobufOptions(NamedTuple):
    """How data is mapped: the settings of the same names."""

    generalized: bool = False
    ignore_defaults: bool = False
    enhanced: bool = False
    scrub: bool = False
    int_for_enums: bool = False
    optional_for_nullables: bool = False
    optional_for_proto2: bool = True
    wrapper_for_nullables: bool = False
    wrapper_for_raw: bool = True
    struct_for_nulls: bool = False
    index_for_unions: bool = True
    flatten_unions: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> ProtobufOptions:
        """From the parsed settings of the converter."""
        return cls(*(config[name] for name, *_ in _ROWS))
