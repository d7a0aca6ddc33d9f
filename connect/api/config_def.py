"""Configuration keys: one declaration feeds parsing, validation over REST, documentation and defaults."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connect.api.config_types import ConfigType, Password, convert_to_string, parse_type, use_class_finder
from connect.api.errors import ConfigException
from connect.api.validators import LambdaValidator, ValidList

__all__ = [
    "NO_DEFAULT",
    "ConfigDef",
    "ConfigType",
    "ConfigValue",
    "Importance",
    "Key",
    "Password",
    "Recommender",
    "Validator",
    "Width",
    "convert_to_string",
    "parse_type",
    "use_class_finder",
]


class Importance(enum.Enum):
    """How much a user needs to know about a key."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Width(enum.Enum):
    """A hint for forms."""

    NONE = "NONE"
    SHORT = "SHORT"
    MEDIUM = "MEDIUM"
    LONG = "LONG"


class _NoDefault:
    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT: Final = _NoDefault()
"""The default of a key that must be given."""

Validator = Callable[[str, Any], None]
"""``(name, value)``; raises ConfigException when the value won't do. Its ``str()`` is shown in the documentation."""


@dataclass(frozen=True, slots=True)
class Recommender:
    """Suggests values for a key and says whether it matters, given all the parsed values so far."""

    valid_values: Callable[[str, Mapping[str, Any]], Sequence[Any]] = lambda _name, _config: ()
    visible: Callable[[str, Mapping[str, Any]], bool] = lambda _name, _config: True


@dataclass(frozen=True, slots=True)
class Key:
    """One configuration key. Raises ConfigException when its default isn't valid.

    ``dependents`` names the keys whose recommenders look at this one; ``order_in_group`` sorts a form.
    """

    name: str
    type: ConfigType
    default: Any = NO_DEFAULT
    doc: str = ""
    importance: Importance = Importance.MEDIUM
    validator: Validator | None = None
    group: str | None = None
    order_in_group: int = -1
    width: Width = Width.NONE
    display_name: str | None = None
    dependents: tuple[str, ...] = ()
    recommender: Recommender | None = None
    internal: bool = False

    def __post_init__(self) -> None:
        if not self.required:
            object.__setattr__(self, "default", parse_type(self.name, self.default, self.type))
            if self.validator is not None:
                self.validator(self.name, self.default)

    @property
    def required(self) -> bool:
        """True when the key has no default."""
        return self.default is NO_DEFAULT

    def describe(self) -> dict[str, Any]:
        """The key as ``GET /connector-plugins/<class>/config`` lists it."""
        return {
            "name": self.name,
            "type": self.type.value,
            "required": self.required,
            "default_value": None if self.required else convert_to_string(self.default, self.type),
            "importance": self.importance.value,
            "documentation": self.doc,
            "group": self.group,
            "order_in_group": self.order_in_group,
            "width": self.width.value,
            "display_name": self.name if self.display_name is None else self.display_name,
            "dependents": list(self.dependents),
        }


@dataclass(slots=True)
class ConfigValue:
    """What validation found about one key: the parsed value (None when unreadable), suggestions, error texts."""

    name: str
    value: Any = None
    recommended_values: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    visible: bool = True


class ConfigDef:
    """An ordered set of keys."""

    def __init__(self, *keys: Key) -> None:
        self.keys: dict[str, Key] = {}
        for key in keys:
            if key.name in self.keys:
                raise ConfigException(f"Configuration {key.name} is defined twice.")
            self.keys[key.name] = key

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys.values())

    def __contains__(self, name: object) -> bool:
        return name in self.keys

    def __or__(self, other: ConfigDef) -> ConfigDef:
        """The keys of both, in order; a key in both is an error of the programmer."""
        return ConfigDef(*self, *other)

    def groups(self) -> list[str]:
        """The groups in the order of their first use."""
        return list(dict.fromkeys(key.group for key in self if key.group is not None))

    def sorted_keys(self) -> list[Key]:
        """The keys as a form shows them: by group, order in group, required ones first, importance, name."""
        groups = {group: position for position, group in enumerate(self.groups())}
        ranks = {importance: rank for rank, importance in enumerate(Importance)}

        def position(key: Key) -> tuple[int, int, bool, int, str]:
            group = -1 if key.group is None else groups[key.group]
            return group, key.order_in_group, not key.required, ranks[key.importance], key.name

        return sorted(self, key=position)

    def embedded(self, prefix: str, group: str, starting_order: int = 0) -> ConfigDef:
        """These keys as part of another definition: names under ``prefix``, groups under ``group``, in form order."""
        return ConfigDef(
            *(
                replace(
                    key,
                    name=prefix + key.name,
                    validator=_embedded_validator(prefix, key.validator),
                    group=group if key.group is None else f"{group}: {key.group}",
                    order_in_group=starting_order + index,
                    display_name=key.name if key.display_name is None else key.display_name,
                    dependents=tuple(prefix + dependent for dependent in key.dependents),
                    recommender=_embedded_recommender(prefix, key.recommender),
                )
                for index, key in enumerate(self.sorted_keys())
            )
        )

    def parse(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Read all keys of this definition from ``properties``; unknown properties are left out.

        Raises ConfigException for a missing key without default, an unreadable value or one that its validator refuses.
        """
        undefined = self._undefined_dependents()
        if undefined:
            names = ",".join(undefined)
            raise ConfigException(f"Some configurations in are referred in the dependents, but not defined: {names}")
        return {key.name: _parse_key(key, properties) for key in self}

    def validate(self, properties: Mapping[str, Any]) -> list[ConfigValue]:
        """Read every key and collect what is wrong with it; never raises for bad input.

        In order of definition, after names that are only known as dependents. A key without a parent is read before
        its dependents, so that their recommenders see its value.
        """
        undefined = self._undefined_dependents()
        values = {name: ConfigValue(name) for name in (*undefined, *self.keys)}
        for name in undefined:
            values[name].errors.append(f"{name} is referred in the dependents, but not defined.")
            values[name].visible = False
        order = self._parents_first()
        parsed: dict[str, Any] = {}
        for key in order:
            parsed[key.name] = _read_key(key, properties, values[key.name])
        for key in order:
            if key.recommender is not None:
                _recommend(key.recommender, parsed, values[key.name])
        return list(values.values())

    def _undefined_dependents(self) -> list[str]:
        return list(dict.fromkeys(name for key in self for name in key.dependents if name not in self.keys))

    def _parents_first(self) -> list[Key]:
        """Every key that can be reached from one without a parent, once per way to reach it."""
        order: list[Key] = []

        def visit(key: Key, parents: tuple[str, ...]) -> None:
            order.append(key)
            for name in key.dependents:
                if name in self.keys and name not in parents:
                    visit(self.keys[name], (*parents, name))

        children = {name for key in self for name in key.dependents}
        for key in self:
            if key.name not in children:
                visit(key, (key.name,))
        return order


def _parse_key(key: Key, properties: Mapping[str, Any]) -> Any:
    value = _given_or_default(key, properties)
    if isinstance(key.validator, ValidList) and value is not None:
        value = list(dict.fromkeys(value))
    if key.validator is not None:
        key.validator(key.name, value)
    return value


def _given_or_default(key: Key, properties: Mapping[str, Any]) -> Any:
    if key.name in properties:
        return parse_type(key.name, properties[key.name], key.type)
    if key.required:
        raise ConfigException(f'Missing required configuration "{key.name}" which has no default value.')
    return key.default


def _read_key(key: Key, properties: Mapping[str, Any], result: ConfigValue) -> Any:
    """The value, None where it can't be read; the validator has its say about that None too, as in Java."""
    value = None
    try:
        value = _given_or_default(key, properties)
    except ConfigException as error:
        result.errors.append(str(error))
    if key.validator is not None:
        try:
            key.validator(key.name, value)
        except ConfigException as error:
            result.errors.append(str(error))
    result.value = value
    return value


def _recommend(recommender: Recommender, parsed: Mapping[str, Any], result: ConfigValue) -> None:
    try:
        recommended = list(recommender.valid_values(result.name, parsed))
        if result.recommended_values:
            recommended = [value for value in recommended if value in result.recommended_values]
        result.recommended_values = recommended
        result.visible = recommender.visible(result.name, parsed)
    except ConfigException as error:
        result.errors.append(str(error))


def _embedded_validator(prefix: str, validator: Validator | None) -> Validator | None:
    if validator is None:
        return None
    check = validator
    return LambdaValidator(lambda name, value: check(name.removeprefix(prefix), value), str(validator))


def _embedded_recommender(prefix: str, recommender: Recommender | None) -> Recommender | None:
    if recommender is None:
        return None
    base = recommender

    def inner(config: Mapping[str, Any]) -> dict[str, Any]:
        return {name.removeprefix(prefix): value for name, value in config.items() if name.startswith(prefix)}

    return Recommender(
        valid_values=lambda name, config: base.valid_values(name.removeprefix(prefix), inner(config)),
        visible=lambda name, config: base.visible(name.removeprefix(prefix), inner(config)),
    )
