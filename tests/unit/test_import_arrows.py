"""The dependency arrows of the tree, watched: plugins see the API alone, one folder alone sees the Kafka clients."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KAFKA_CLIENTS = ("confluent_kafka", "kafka")
PLUGINS = ("connectors", "transforms", "converters")
# Who may import what of connect/, from the top down; a layer may import itself and everything to its right.
LAYERS = ("testing", "cli", "rest", "herder", "runtime", "storage", "kafka", "plugins", "api")
# Names that several layers share and that import nothing above the API themselves.
SHARED = ("connect.logging", "connect.properties", "connect.runtime.ids")


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def is_under(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(*PLUGINS), ids=relative)
def test_plugins_import_the_api_and_their_own_package_alone(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    foreign = [
        name
        for name in imports(path)
        if is_under(name, "connect", *PLUGINS) and name != "connect" and not is_under(name, "connect.api", package)
    ]
    assert foreign == []


@pytest.mark.parametrize("path", modules("connect", *PLUGINS), ids=relative)
def test_only_the_door_imports_the_kafka_clients(path: Path) -> None:
    if path.is_relative_to(ROOT / "connect" / "kafka"):
        return
    assert [name for name in imports(path) if is_under(name, *KAFKA_CLIENTS)] == []


@pytest.mark.parametrize("path", modules("connect/api"), ids=relative)
def test_the_api_depends_on_nothing_of_ours(path: Path) -> None:
    assert [
        name for name in imports(path) if is_under(name, "connect", *PLUGINS) and not is_under(name, "connect.api")
    ] == []


@pytest.mark.parametrize("path", modules(*(f"connect/{layer}" for layer in LAYERS)), ids=relative)
def test_layers_import_downwards(path: Path) -> None:
    layer = path.relative_to(ROOT / "connect").parts[0]
    above = [f"connect.{name}" for name in LAYERS[: LAYERS.index(layer)]]
    upwards = [name for name in imports(path) if is_under(name, *above) and not is_under(name, *SHARED)]
    assert upwards == []
