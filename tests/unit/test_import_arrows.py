"""The dependency arrows of the tree, watched: plugins see the API alone, one folder alone sees the Kafka clients."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
KAFKA_CLIENTS = ("confluent_kafka", "kafka")
PLUGINS = ("connectors", "transforms", "converters")
# Who may import what of connect/, from the top down; a layer may import itself and everything to its right.
LAYERS = ("testing", "cli", "rest", "herder", "runtime", "storage", "kafka", "plugins", "api")
# Names that several layers share and that import nothing above the API themselves.
SHARED = ("connect.logging", "connect.properties", "connect.runtime.ids")


def modules(*folders: str) -> list[Path]:
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    assert found
    return found


def statements(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All of them, the nested included: no import hides in an expression."""
    for node in nodes:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from statements(getattr(node, part, ()))


@cache
def imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in statements(ast.parse(path.read_text()).body):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def is_under(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offending(paths: Iterable[Path], is_foreign: Callable[[Path, str], bool]) -> dict[str, list[str]]:
    """What modules import that is foreign to them."""
    found = {str(path.relative_to(ROOT)): [name for name in imports(path) if is_foreign(path, name)] for path in paths}
    return {path: names for path, names in found.items() if names}


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT / "connect").parts[0]


def test_plugins_import_the_api_and_their_own_package_alone() -> None:
    def is_foreign(path: Path, name: str) -> bool:
        ours = is_under(name, "connect", *PLUGINS) and name != "connect"
        return ours and not is_under(name, "connect.api", package_of(path))

    assert offending(modules(*PLUGINS), is_foreign) == {}


def test_only_the_door_imports_the_kafka_clients() -> None:
    outside = [path for path in modules("connect", *PLUGINS) if not path.is_relative_to(ROOT / "connect" / "kafka")]
    assert offending(outside, lambda _, name: is_under(name, *KAFKA_CLIENTS)) == {}


def test_the_api_depends_on_nothing_of_ours() -> None:
    def is_foreign(_: Path, name: str) -> bool:
        return is_under(name, "connect", *PLUGINS) and not is_under(name, "connect.api")

    assert offending(modules("connect/api"), is_foreign) == {}


def test_layers_import_downwards() -> None:
    def is_above(path: Path, name: str) -> bool:
        above = [f"connect.{layer}" for layer in LAYERS[: LAYERS.index(layer_of(path))]]
        return is_under(name, *above) and not is_under(name, *SHARED)

    assert offending(modules(*(f"connect/{layer}" for layer in LAYERS)), is_above) == {}
