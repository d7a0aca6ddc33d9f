"""The Markdown of the project, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(page for folder in ("docs", "compose", "benchmarks") for page in (ROOT / folder).rglob("*.md")),
    ]
)

_FENCE = re.compile(r"^```(\S*)[ \t]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")


class Block(NamedTuple):
    """A fenced block that is marked ``run``: its language, the file that it is (if it is named), and its text."""

    language: str
    file: str
    text: str


def runnable_blocks(page: Path) -> list[Block]:
    """The blocks that are marked ``run``, in order: ```` ```python run name.py ````."""
    found = []
    for language, info, text in _FENCE.findall(page.read_text(encoding="utf-8")):
        mark, *names = info.split() or [""]
        if mark == "run":
            found.append(Block(language, names[0] if names else "", text))
    return found


def relative_links(page: Path) -> Iterator[str]:
    """The targets of links within the project."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in _LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
