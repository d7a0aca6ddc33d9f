"""Invented people and places for quickstarts; the same in every run."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import NamedTuple

FIRST_NAMES = (
    *("Ada", "Bruno", "Chidi", "Dana", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jana", "Kofi", "Lena", "Mateo"),
    *("Nadia", "Otto", "Priya", "Quentin", "Rosa", "Sven", "Tala", "Umar", "Vera", "Wanda", "Ximena", "Yusuf", "Zoe"),
)
LAST_NAMES = (
    *("Abara", "Berg", "Castillo", "Dvorak", "Eriksen", "Fontana", "Grau", "Haddad", "Ito", "Jansen", "Kaya"),
    *("Lindholm", "Moreau", "Novak", "Okafor", "Petrov", "Quispe", "Rossi", "Schwarz", "Tanaka", "Ueda", "Vargas"),
    *("Weber", "Xu", "Yilmaz", "Zander"),
)
CITIES = (
    ("Springfield", "IL"),
    ("Riverton", "WY"),
    ("Georgetown", "TX"),
    ("Fairview", "OR"),
    ("Madison", "WI"),
    ("Clinton", "MS"),
    ("Salem", "MA"),
)
GENDERS = ("female", "male", "other")


class Person(NamedTuple):
    """Somebody who doesn't exist."""

    first_name: str
    last_name: str
    gender: str
    number: int

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}{self.number}@example.com".lower()


@cache
def people(size: int) -> tuple[Person, ...]:
    """So many people, in an order that never changes."""
    rng = Random(size)  # noqa: S311  # invented data
    return tuple(
        Person(rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES), rng.choice(GENDERS), number) for number in range(size)
    )


def addresses(size: int, network: str = "10.20") -> list[str]:
    """So many IP addresses of a private network."""
    return [f"{network}.{number // 250}.{number % 250 + 1}" for number in range(size)]


def numbers(size: int, low: int, high: int, seed: int) -> list[int]:
    """So many numbers from ``low`` to ``high``, the same in every run."""
    rng = Random(seed)  # noqa: S311  # invented data
    return [rng.randint(low, high) for _ in range(size)]


def hex_texts(size: int, length: int, seed: int) -> list[str]:
    """So many different texts of hexadecimal digits."""
    rng = Random(seed)  # noqa: S311  # invented data
    return [f"{rng.getrandbits(4 * length):0{length}x}" for _ in range(size)]
