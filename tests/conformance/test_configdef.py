"""ConfigDef against recorded behaviour: reading, validating and writing configuration values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connect.api import validators
from connect.api.config_def import (
    NO_DEFAULT,
    ConfigDef,
    ConfigType,
    Key,
    Password,
    Validator,
    convert_to_string,
    parse_type,
    use_class_finder,
)
from connect.api.errors import ConfigException, ConnectException
from connect.plugins.builtin import BUILTIN
from tests.conformance.vectors import Json, case_id, check_error, decode_value, encode_value, load_cases, same

NUMBER_TAGS = {ConfigType.INT: "INT32", ConfigType.SHORT: "INT16", ConfigType.LONG: "INT64"}
VALIDATORS: dict[str, Any] = {
    "validString": lambda spec: validators.ValidString(*spec["values"]),
    "caseInsensitiveValidString": lambda spec: validators.CaseInsensitiveValidString(*spec["values"]),
    "validList": lambda spec: validators.ValidList(*spec["values"]),
    "validListNonEmpty": lambda spec: validators.ValidList(*spec["values"], empty_allowed=False),
    "anyNonDuplicateValues": lambda spec: validators.ValidList(
        empty_allowed=spec["emptyAllowed"], null_allowed=spec["nullAllowed"]
    ),
    "nonEmptyString": lambda _spec: validators.NonEmptyString(),
    "nonEmptyStringWithoutControlChars": lambda _spec: validators.NonEmptyStringWithoutControlChars(),
    "nonNull": lambda _spec: validators.NonNull(),
    "listSize": lambda spec: validators.ListSize(spec["max"]),
}


@pytest.fixture(autouse=True)
def recorded_classes() -> Iterator[None]:
    """Let the classes be found that Java found when the cases were recorded: its own and Kafka's."""
    names = {plugin.name for plugin in BUILTIN}
    use_class_finder(lambda name: name in names or name.startswith("java."))
    yield
    use_class_finder(lambda _name: True)


@pytest.mark.parametrize("case", load_cases("configdef/validate.jsonl"), ids=case_id)
def test_configdef(case: Json) -> None:
    expected = case["expect"]
    if "error" in expected:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            OPERATIONS[case["op"]](case)
        check_error(raised.value, expected["error"])
    else:
        actual = OPERATIONS[case["op"]](case)
        if "configs" in expected:
            expected = {"configs": sorted(expected["configs"], key=lambda config: config["name"])}
        assert same(actual, expected), f"{actual} instead of {expected}"


def read(case: Json) -> Json:
    kind = ConfigType[case["type"]]
    value = decode(case["value"]) if isinstance(case["value"], dict) else case["value"]
    return {"value": encode(parse_type(case["name"], value, kind), kind)}


def write(case: Json) -> Json:
    return {"string": convert_to_string(decode(case["value"]), ConfigType[case["type"]])}


def validate(case: Json) -> Json:
    definition = make_definition(case["keys"])
    configs = [
        {
            "name": result.name,
            "value": encode(result.value, definition.keys[result.name].type) if result.name in definition else None,
            "errors": result.errors,
            "visible": result.visible,
        }
        for result in definition.validate(case["props"])
    ]
    return {"configs": sorted(configs, key=lambda config: str(config["name"]))}


def parse(case: Json) -> Json:
    definition = make_definition(case["keys"])
    values = definition.parse(case["props"])
    return {"values": {name: encode(value, definition.keys[name].type) for name, value in values.items()}}


def validator_text(case: Json) -> Json:
    return {"string": str(make_validator(case["validator"], ConfigType[case["type"]]))}


def make_definition(keys: list[Json]) -> ConfigDef:
    return ConfigDef(*map(make_key, keys))


def make_key(spec: Json) -> Key:
    kind = ConfigType[spec["type"]]
    return Key(
        spec["name"],
        kind,
        spec.get("default", NO_DEFAULT),
        validator=make_validator(spec["validator"], kind) if "validator" in spec else None,
        dependents=tuple(spec.get("dependents", ())),
    )


def make_validator(spec: Json, type: ConfigType) -> Validator:
    kind = spec["kind"]
    if kind in ("atLeast", "between"):
        bounds = (spec["min"], spec.get("max"))
        if type is ConfigType.DOUBLE:
            bounds = tuple(None if bound is None else float(bound) for bound in bounds)
        return validators.Range(*bounds)
    if kind == "composite":
        return validators.CompositeValidator(*(make_validator(part, type) for part in spec["of"]))
    made: Validator = VALIDATORS[kind](spec)
    return made


def decode(encoded: Json | None) -> Any:
    if encoded is not None and encoded["t"] in ("CLASS", "PASSWORD"):
        return encoded["v"] if encoded["t"] == "CLASS" else Password(encoded["v"])
    return decode_value(encoded)


def encode(value: Any, type: ConfigType) -> Json | None:
    """Python has one class for several of Java's; the key's type tells which is meant."""
    if isinstance(value, Password):
        return {"t": "PASSWORD", "v": value.value}
    if value is not None and type is ConfigType.CLASS:
        return {"t": "CLASS", "v": value}
    if value is not None and type in NUMBER_TAGS:
        return {"t": NUMBER_TAGS[type], "v": value}
    return encode_value(value)


OPERATIONS = {
    "parseType": read,
    "convertToString": write,
    "validate": validate,
    "parse": parse,
    "validatorText": validator_text,
}
