"""Which plugins get a page, and what is on it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from connect.api import ConfigDef
from connect.plugins.builtin import BUILTIN, Plugin, PluginKind
from connect.plugins.registry import load_class

KINDS = {
    PluginKind.SOURCE: "connector",
    PluginKind.SINK: "connector",
    PluginKind.TRANSFORMATION: "transformation",
    PluginKind.PREDICATE: "predicate",
    PluginKind.CONVERTER: "converter",
    PluginKind.HEADER_CONVERTER: "converter",
}
"""The folder of each kind of plugin that has pages."""


@dataclass(frozen=True)
class Documented:
    """One page: the plugins on it, which share a class or its base, and that class."""

    kind: str
    name: str
    plugins: tuple[Plugin, ...]
    cls: Any

    @property
    def path(self) -> str:
        """The page, below ``docs/reference``."""
        return f"{self.kind}/{self.name}.md"

    @property
    def config(self) -> ConfigDef:
        """The settings."""
        found: ConfigDef = getattr(self.cls, "CONFIG", ConfigDef())
        return found

    @property
    def example(self) -> dict[str, Any]:
        """The class's ``EXAMPLE`` (see :mod:`docs.examples`)."""
        found: dict[str, Any] = self.cls.EXAMPLE
        return found

    @property
    def text(self) -> str:
        """The class's docstring."""
        return docstring(self.cls)

    @property
    def promise(self) -> str:
        """Its first paragraph, on one line."""
        return " ".join(self.text.split("\n\n")[0].split())


def docstring(cls: Any) -> str:
    """A class's docstring as Markdown."""
    return inspect.cleandoc(cls.__doc__).replace("``", "`")


def documented() -> list[Documented]:
    """All pages, by kind and name."""
    found: dict[tuple[str, str], list[Plugin]] = {}
    for plugin in BUILTIN:
        if plugin.kind in KINDS:
            name = plugin.name.partition("$")[0].rpartition(".")[2]
            found.setdefault((KINDS[plugin.kind], name), []).append(plugin)
    order = list(dict.fromkeys(KINDS.values()))
    return [
        Documented(kind, name, tuple(plugins), _described_class(plugins))
        for (kind, name), plugins in sorted(found.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]


def _described_class(plugins: list[Plugin]) -> Any:
    """The plugins' class; the common base of a class for keys and one for values."""
    cls = load_class(plugins[0])
    return cls.__bases__[0] if "$" in plugins[0].name else cls
