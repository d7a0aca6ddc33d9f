"""What is installed, as REST lists it, and connectors that are named by their Python path alone."""

from __future__ import annotations

from typing import Any

import pytest

from connect.api import ConfigDef, SourceConnector
from connect.herder.plugin_listing import PluginListing
from connect.plugins.builtin import Plugin, PluginKind
from connect.plugins.registry import PluginRegistry
from tests.unit.herder.parts import PluginCallsHere

SINK, SOURCE, CONVERTER = PluginKind.SINK, PluginKind.SOURCE, PluginKind.CONVERTER


class Homemade(SourceConnector):
    VERSION = "7.1"
    CONFIG = ConfigDef()

    def start(self, config: Any) -> None:
        """Nothing to do."""

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return []


def listing(*plugins: Plugin) -> PluginListing:
    registry = PluginRegistry(plugins)
    calls: Any = PluginCallsHere(registry)
    return PluginListing(registry, calls)


def test_sinks_come_before_sources_and_names_before_versions() -> None:
    shown = listing(
        Plugin(SOURCE, "b.Source", "b:S", "1.10"),
        Plugin(SOURCE, "b.Source", "b:S", "1.9"),
        Plugin(SOURCE, "a.Source", "a:S", "2"),
        Plugin(SINK, "z.Sink", "z:S", "1"),
        Plugin(CONVERTER, "c.Converter", "c:C", "1"),
    ).plugins(connectors_only=True)
    assert [(each["class"], each["version"]) for each in shown] == [
        ("z.Sink", "1"),
        ("a.Source", "2"),
        ("b.Source", "1.9"),
        ("b.Source", "1.10"),
    ]


def test_the_same_version_in_two_places_is_listed_once() -> None:
    plugin = Plugin(CONVERTER, "c.Converter", "c:C", "1")
    shown = listing(plugin, plugin._replace(roots=("/elsewhere",))).plugins(connectors_only=False)
    assert shown == [{"class": "c.Converter", "type": "converter", "version": "1"}]


async def test_a_connector_that_no_list_tells_of_is_looked_at() -> None:
    """Its type and version are known from then on."""
    plugins, name = listing(), f"{__name__}.Homemade"
    assert (plugins.connector_type(name), plugins.connector_version(name)) == ("unknown", None)
    await plugins.learn(name)
    assert (plugins.connector_type(name), plugins.connector_version(name)) == ("source", "7.1")


@pytest.mark.parametrize("name", [None, "no.Such", "json.decoder.Nothing"])
async def test_nothing_is_learned_about_what_is_not_there(name: str | None) -> None:
    plugins = listing()
    await plugins.learn(name)
    assert plugins.connector_type(name) == "unknown"
