"""What the API exports is what its page lists, both ways."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from connect import api
from connect.api import validators, values

LISTED = re.findall(r"^- `([\w.]+)`: .", (Path(__file__).parents[3] / "docs" / "api.md").read_text(), re.MULTILINE)


def public_names(module: ModuleType) -> list[str]:
    own = [name for name, item in vars(module).items() if getattr(item, "__module__", None) == module.__name__]
    return [f"{module.__name__.rpartition('.')[2]}.{name}" for name in own if not name.startswith("_")]


def test_the_page_lists_what_the_api_exports() -> None:
    assert sorted(LISTED) == sorted([*api.__all__, *public_names(values), *public_names(validators)])
