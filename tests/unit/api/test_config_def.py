"""ConfigDef: recommenders, embedding, listing, and arbitrary input."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key, Recommender, Width, validators
from connect.api.config_def import convert_to_string, parse_type, use_class_finder

COLOR = Key(
    "color",
    ConfigType.STRING,
    "red",
    "What color.",
    Importance.HIGH,
    validators.ValidString("red", "blue"),
    group="Look",
    width=Width.SHORT,
    display_name="Color",
    dependents=("shade",),
)
SHADE = Key(
    "shade",
    ConfigType.INT,
    5,
    recommender=Recommender(
        valid_values=lambda _name, config: [1, 2] if config["color"] == "blue" else [5],
        visible=lambda _name, config: config["color"] == "blue",
    ),
)
SIZE = Key("size", ConfigType.LONG)
DEFINITION = ConfigDef(SHADE, COLOR, SIZE)


@given(
    st.sampled_from(ConfigType),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
)
def test_any_value_is_read_or_refused(type, value):
    with contextlib.suppress(ConfigException):
        convert_to_string(parse_type("k", value, type), type)


@given(st.dictionaries(st.sampled_from(["color", "shade", "size", "other"]), st.none() | st.text()))
def test_validation_never_raises(properties):
    assert [value.name for value in DEFINITION.validate(properties)] == ["shade", "color", "size"]


@pytest.mark.parametrize(("color", "recommended", "visible"), [("blue", [1, 2], True), ("red", [5], False)])
def test_recommenders_see_their_parents_value(color, recommended, visible):
    shade = DEFINITION.validate({"color": color, "size": "1"})[0]
    assert (shade.recommended_values, shade.visible, shade.value) == (recommended, visible, 5)


def test_a_failing_recommender_is_an_error_of_its_key():
    def fail(_name, _config):
        raise ConfigException("no idea")

    key = Key("k", ConfigType.STRING, "", recommender=Recommender(valid_values=fail))
    assert ConfigDef(key).validate({})[0].errors == ["no idea"]


def test_a_key_is_listed_as_in_rest():
    assert COLOR.describe() == {
        "name": "color",
        "type": "STRING",
        "required": False,
        "default_value": "red",
        "importance": "HIGH",
        "documentation": "What color.",
        "group": "Look",
        "order_in_group": -1,
        "width": "SHORT",
        "display_name": "Color",
        "dependents": ["shade"],
    }
    assert (SIZE.describe()["required"], SIZE.describe()["default_value"]) == (True, None)


def test_embedding_prefixes_names_dependents_and_groups():
    embedded = DEFINITION.embedded("transforms.x.", "Transforms: x", 3)
    assert [(key.name, key.group, key.order_in_group) for key in embedded] == [
        ("transforms.x.size", "Transforms: x", 3),
        ("transforms.x.shade", "Transforms: x", 4),
        ("transforms.x.color", "Transforms: x: Look", 5),
    ]
    found = {value.name: value for value in embedded.validate({"transforms.x.color": "green"})}
    assert found["transforms.x.color"].errors == [
        "Invalid value green for configuration color: String must be one of: red, blue"
    ]
    assert found["transforms.x.shade"].recommended_values == [5]


def test_a_bad_default_is_refused_at_once():
    with pytest.raises(ConfigException, match="Value must be at least 0"):
        Key("n", ConfigType.INT, -1, validator=validators.Range(0))


def test_a_key_can_be_defined_once():
    with pytest.raises(ConfigException, match="Configuration size is defined twice"):
        DEFINITION | ConfigDef(SIZE)


def test_classes_are_looked_up_by_the_finder():
    try:
        use_class_finder(lambda name: name == "known")
        assert parse_type("k", " known ", ConfigType.CLASS) == "known"
        with pytest.raises(ConfigException, match=r"Class other could not be found\."):
            parse_type("k", "other", ConfigType.CLASS)
    finally:
        use_class_finder(lambda _name: True)


def test_case_insensitive_strings_are_listed_in_the_order_of_a_hash_set():
    valid = validators.CaseInsensitiveValidString("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
    assert str(valid) == "(case insensitive) [SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT]"


@pytest.mark.parametrize(
    ("validator", "text"),
    [
        (validators.ValidList("a", "b"), "[a, b]"),
        (validators.ValidList("a", empty_allowed=False), "[a]"),
        (validators.ValidList(empty_allowed=False, null_allowed=True), ""),
    ],
)
def test_validators_of_lists_name_what_is_valid(validator: validators.ValidList, text: str) -> None:
    assert str(validator) == text


def test_values_of_other_classes_are_shown_as_java_shows_them() -> None:
    with pytest.raises(ConfigException) as raised:
        parse_type("k", {"n": [1.0, None]}, ConfigType.INT)
    assert str(raised.value) == (
        "Invalid value {n=[1.0, null]} for configuration k: "
        "Expected value to be a 32-bit integer, but it was a java.util.HashMap"
    )
