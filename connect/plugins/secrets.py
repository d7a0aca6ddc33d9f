"""Config providers: ``${provider:path:key}`` in a configuration stands for a value that is kept elsewhere.

Values are filled in when a configuration is used, and never written anywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from connect.api import ConfigException
from connect.properties import load_properties
from connect.provided_secrets import remember

_VARIABLE = re.compile(r"\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}")
_PROVIDERS = "config.providers"


def contains_variable(text: str) -> bool:
    """Whether a value refers to a config provider."""
    return _VARIABLE.search(text) is not None


class ConfigProvider(Protocol):
    """Looks values up."""

    def get(self, path: str, key: str) -> str | None:
        """The value of a key at a path; None when there is none. Raises ConfigException."""


class _AllowedPaths:
    def __init__(self, params: Mapping[str, str]) -> None:
        listed = [part.strip() for part in params.get("allowed.paths", "").split(",") if part.strip()]
        self._allowed = [Path(part).resolve() for part in listed]

    def check(self, path: str) -> Path:
        resolved = Path(path).resolve()
        if self._allowed and not any(resolved.is_relative_to(allowed) for allowed in self._allowed):
            raise ConfigException(f"The path {path} is not among the provider's allowed.paths")
        return resolved


class FileConfigProvider:
    """Keys of a properties file."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._paths = _AllowedPaths(params)

    def get(self, path: str, key: str) -> str | None:
        """The value of a key in the file at ``path``."""
        if not path:
            return None
        try:
            return load_properties(self._paths.check(path)).get(key)
        except (OSError, ValueError) as error:
            raise ConfigException(f"Could not read properties from file {path}: {error}") from None


class DirectoryConfigProvider:
    """Files of a directory: the file's name is the key, its content the value."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._paths = _AllowedPaths(params)

    def get(self, path: str, key: str) -> str | None:
        """The content of file ``key`` in the directory ``path``."""
        if not path:
            return None
        directory = self._paths.check(path)
        file = directory / key
        if file.parent != directory or not file.is_file():
            return None
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ConfigException(f"Could not read file {key} of {path}: {error}") from None


class EnvVarConfigProvider:
    """Environment variables; ``allowlist.pattern`` limits which."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._allowed = re.compile(params.get("allowlist.pattern", ".*"))

    def get(self, path: str, key: str) -> str | None:
        """The variable's value; there are no paths."""
        if path or not self._allowed.fullmatch(key):
            return None
        return os.environ.get(key)


_BUILTIN = {
    provider.__name__: provider for provider in (FileConfigProvider, DirectoryConfigProvider, EnvVarConfigProvider)
}


class ConfigTransformer:
    """Replaces variables by their values."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        """Takes the providers from ``config.providers*`` of the worker. Raises ConfigException for an unknown one."""
        names = [name.strip() for name in properties.get(_PROVIDERS, "").split(",") if name.strip()]
        self._providers: dict[str, ConfigProvider] = {name: self._make(properties, name) for name in names}

    @staticmethod
    def _make(properties: Mapping[str, str], name: str) -> ConfigProvider:
        prefix = f"{_PROVIDERS}.{name}."
        class_name = properties.get(f"{prefix}class", "")
        provider = _BUILTIN.get(class_name.rsplit(".", 1)[-1])
        if provider is None:
            raise ConfigException(f"{prefix}class", class_name, f"expected one of {', '.join(_BUILTIN)}")
        start = f"{prefix}param."
        return provider({key[len(start) :]: value for key, value in properties.items() if key.startswith(start)})

    def transform(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with all known variables replaced; unknown ones stay as they are."""
        return {
            key: _VARIABLE.sub(self._replace, value) if isinstance(value, str) and "${" in value else value
            for key, value in config.items()
        }

    def _replace(self, match: re.Match[str]) -> str:
        provider, path, key = match.groups()
        found = self._providers[provider].get(path or "", key) if provider in self._providers else None
        if found is None:
            return match.group(0)
        remember(found, match.group(0))
        return found
