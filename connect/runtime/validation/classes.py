"""Whether a class may stand where a plugin is expected."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from connect.api import ConfigException, ConnectException, Converter, HeaderConverter, Predicate, Transformation
from connect.plugins.builtin import PluginKind
from connect.plugins.java_classes import BASES, is_java_class
from connect.plugins.registry import PluginRegistry
from connect.plugins.versions import VersionRange


@dataclass(frozen=True, slots=True)
class Role:
    """A place for a plugin: its kind, the base class that it must have, and that base class's name in Java."""

    kind: PluginKind
    base: type[Any]
    name: str

    def load(self, registry: PluginRegistry, name: str, version: VersionRange | None = None) -> type[Any]:
        """The class of that name, which can be instantiated. Raises ConfigException with what is wrong with it."""
        full = registry.canonical(name)
        if registry.is_abstract(full):
            self._refuse_abstract(registry, full)
        if is_java_class(full):
            raise self._foreign(full)
        try:
            candidates = registry.candidates(name)
            kinds = [self.kind] if any(plugin.kind is self.kind for plugin in candidates) else list(PluginKind)
            found = registry.load(name, *kinds, version=version)
        except ConnectException as error:
            raise ConfigException(str(error)) from error
        if not (inspect.isclass(found) and issubclass(found, self.base)):
            raise self._foreign(full)
        if inspect.isabstract(found):
            raise ConfigException("This class is abstract and cannot be created.")
        return found

    def _refuse_abstract(self, registry: PluginRegistry, name: str) -> None:
        nested = registry.nested(name)
        kinds = {plugin.kind for each in nested for plugin in registry.candidates(each)}
        if BASES.get(name) != self.name and self.kind not in kinds:
            raise self._foreign(name)
        hint = f" Did you mean {', '.join(nested)}?" if nested else ""
        raise ConfigException(f"This class is abstract and cannot be created.{hint}")

    def _foreign(self, name: str) -> ConfigException:
        return ConfigException(f"Class class {name} does not implement the {self.name} interface")


CONVERTER = Role(PluginKind.CONVERTER, Converter, "Converter")
HEADER_CONVERTER = Role(PluginKind.HEADER_CONVERTER, HeaderConverter, "HeaderConverter")
TRANSFORMATION = Role(PluginKind.TRANSFORMATION, Transformation, "Transformation")
PREDICATE = Role(PluginKind.PREDICATE, Predicate, "Predicate")
