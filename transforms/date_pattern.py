"""The language of ``java.text.SimpleDateFormat`` patterns: how a pattern is cut up, and the English names it uses."""

from __future__ import annotations

from typing import NamedTuple

ERAS = ("BC", "AD")
LONG_ERAS = ("Before Christ", "Anno Domini")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
HALF_DAYS = ("AM", "PM")

LETTERS = "GyMdkHmsSEDFwWahKzZYuXL"
_NUMBERS = frozenset("ydkHmsSDFwWhKYu")


class Item(NamedTuple):
    """A run of one pattern letter, or (``letter`` empty) text that stands for itself."""

    letter: str
    length: int
    text: str = ""

    @property
    def is_number(self) -> bool:
        """True when the item is written and read in digits."""
        if self.letter in ("M", "L"):
            return self.length <= 2
        return self.letter in _NUMBERS


def read_pattern(pattern: str) -> list[Item]:
    """Cut a pattern into its items. Raises ValueError with Java's text when it makes no sense.

    >>> [item.letter or item.text for item in read_pattern("yyyy 'o''clock'")]
    ['y', ' ', "o'clock"]
    """
    items: list[Item] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "'":
            text, position = _quoted(pattern, position + 1)
            items.append(Item("", 0, text))
        elif _is_illegal(char):
            raise ValueError(f"Illegal pattern character '{char}'")
        elif char in LETTERS:
            end = position
            while end < len(pattern) and pattern[end] == char:
                end += 1
            items.append(Item(char, end - position))
            position = end
            if char == "X" and items[-1].length > 3 and not _is_illegal(pattern[end : end + 1]):
                raise ValueError(f"invalid ISO 8601 format: length={items[-1].length}")
        else:
            items.append(Item("", 0, char))
            position += 1
    return items


def _is_illegal(char: str) -> bool:
    return char.isascii() and char.isalpha() and char not in LETTERS


def _quoted(pattern: str, position: int) -> tuple[str, int]:
    """The text whose opening quote lies before ``position``, and where the pattern goes on after it."""
    if pattern.startswith("'", position):
        return "'", position + 1
    text = ""
    while position < len(pattern):
        if not pattern.startswith("'", position):
            text += pattern[position]
            position += 1
        elif pattern.startswith("''", position):
            text += "'"
            position += 2
        else:
            return text, position + 1
    raise ValueError("Unterminated quote")
