"""Checks for configuration values; their ``str()`` is what the documentation shows as valid values.

Each is called with the key's name and its parsed value, and raises ConfigException.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from connect.api.errors import ConfigException, config_text


class Range:
    """A number, both bounds included; a bound of None is open.

    >>> str(Range(1)), str(Range(1, 10))
    ('[1,...]', '[1,...,10]')
    """

    def __init__(self, least: float | None = None, most: float | None = None) -> None:
        self.least = least
        self.most = most

    def __call__(self, name: str, value: Any) -> None:
        if value is None:
            raise ConfigException(name, None, "Value must be non-null")
        if self.least is not None and float(value) < float(self.least):
            raise ConfigException(name, value, f"Value must be at least {config_text(self.least)}")
        if self.most is not None and float(value) > float(self.most):
            raise ConfigException(name, value, f"Value must be no more than {config_text(self.most)}")

    def __str__(self) -> str:
        least = [] if self.least is None else [config_text(self.least)]
        most = [] if self.most is None else [config_text(self.most)]
        return f"[{','.join([*least, '...', *most])}]"


class ValidString:
    """One of some strings."""

    def __init__(self, *valid: str) -> None:
        self.valid = valid

    def __call__(self, name: str, value: Any) -> None:
        if value not in self.valid:
            raise ConfigException(name, value, f"String must be one of: {', '.join(self.valid)}")

    def __str__(self) -> str:
        return f"[{', '.join(self.valid)}]"


class CaseInsensitiveValidString:
    """One of some strings, in whatever case."""

    def __init__(self, *valid: str) -> None:
        self.valid = java_hash_order(text.upper() for text in valid)

    def __call__(self, name: str, value: Any) -> None:
        if value is None or value.upper() not in self.valid:
            raise ConfigException(name, value, f"String must be one of (case insensitive): {', '.join(self.valid)}")

    def __str__(self) -> str:
        return f"(case insensitive) [{', '.join(self.valid)}]"


def java_hash_order(texts: Iterable[str], buckets: int = 16) -> list[str]:
    """The order in which a Java HashSet or HashMap lists strings, since error texts and answers show it.

    ``buckets`` is the table's size, a power of two; it grows as the table fills.
    """
    distinct = list(dict.fromkeys(texts))
    while len(distinct) > buckets * 3 // 4:
        buckets *= 2

    def bucket(text: str) -> int:
        code = 0
        for char in text:
            code = (31 * code + ord(char)) & 0xFFFFFFFF
        return (code ^ code >> 16) & (buckets - 1)

    return sorted(distinct, key=bucket)


class ValidList:
    """A list of some strings, or of any when none are named; no duplicates, no empty items.

    ``ConfigDef.parse`` drops duplicates before it asks this check, ``ConfigDef.validate`` doesn't.
    """

    def __init__(self, *valid: str, empty_allowed: bool = True, null_allowed: bool = False) -> None:
        self.valid = valid
        self.empty_allowed = empty_allowed
        self.null_allowed = null_allowed

    def __call__(self, name: str, value: Any) -> None:
        if value is None:
            if self.null_allowed:
                return
            raise ConfigException(f"Configuration '{name}' values must not be null.")
        if not value and not self.empty_allowed:
            valid = f"[{', '.join(self.valid)}]" if self.valid else "any non-empty value"
            raise ConfigException(f"Configuration '{name}' must not be empty. Valid values include: {valid}")
        if len(set(value)) != len(value):
            raise ConfigException(f"Configuration '{name}' values must not be duplicated.")
        for item in value:
            if item == "":
                raise ConfigException(f"Configuration '{name}' values must not be empty.")
            if self.valid:
                ValidString(*self.valid)(name, item)

    def __str__(self) -> str:
        return f"[{', '.join(self.valid)}]" if self.valid else ""


class NonEmptyList:
    """A list with at least one item."""

    def __call__(self, name: str, value: Any) -> None:
        if not value:
            raise ConfigException(name, value, "Empty list")

    def __str__(self) -> str:
        return "non-empty list"


class ListSize:
    """A list of so many items at most."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, name: str, value: Any) -> None:
        if value is not None and len(value) > self.most:
            raise ConfigException(name, value, f"exceeds maximum list size of [{self.most}].")

    def __str__(self) -> str:
        return f"List containing maximum of {self.most} elements"


class NonNull:
    """Any value but null."""

    def __call__(self, name: str, value: Any) -> None:
        if value is None:
            raise ConfigException(name, None, "entry must be non null")

    def __str__(self) -> str:
        return "non-null string"


class NonEmptyString:
    """A string that isn't empty; null will do."""

    def __call__(self, name: str, value: Any) -> None:
        if value == "":
            raise ConfigException(name, value, "String must be non-empty")

    def __str__(self) -> str:
        return "non-empty string"


class NonEmptyStringWithoutControlChars:
    """A string that isn't empty and has no control characters; null will do."""

    def __call__(self, name: str, value: Any) -> None:
        if value is None:
            return
        if value == "":
            raise ConfigException(name, value, "String may not be empty")
        found = [str(ord(char)) for char in value if char < " " or "\x7f" <= char <= "\x9f"]
        if found:
            reason = "String may not contain control sequences but had the following ASCII chars: "
            raise ConfigException(name, value, reason + ", ".join(found))

    def __str__(self) -> str:
        return "non-empty string without ISO control characters"


class LambdaValidator:
    """A function with a text of its own."""

    def __init__(self, check: Callable[[str, Any], None], text: str) -> None:
        self.check = check
        self.text = text

    def __call__(self, name: str, value: Any) -> None:
        self.check(name, value)

    def __str__(self) -> str:
        return self.text


class CompositeValidator:
    """Several checks, of which the first failure counts."""

    def __init__(self, *validators: Callable[[str, Any], None]) -> None:
        self.validators = validators

    def __call__(self, name: str, value: Any) -> None:
        for validator in self.validators:
            validator(name, value)

    def __str__(self) -> str:
        return ", ".join(map(str, self.validators))
