"""Finding plugins by name, in this environment and in the folders of plugin.path, without importing them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connect.api import ConfigException, ConnectException, NotFoundException
from connect.plugins.builtin import Plugin, PluginKind
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry, VersionNotFound
from connect.plugins.versions import parse_range

JSON = "org.apache.kafka.connect.json.JsonConverter"
INSERT_FIELD = "org.apache.kafka.connect.transforms.InsertField"


def write_plugin(place: Path, name: str, version: str, *, kind: str = "source") -> None:
    package = name.rpartition(".")[0]
    place.mkdir(parents=True, exist_ok=True)
    (place / "connect-plugins.toml").write_text(
        f'[[plugin]]\nkind = "{kind}"\nname = "{name}"\nclass = "{package}:Source"\nversion = "{version}"\n'
    )
    (place / f"{package}.py").write_text("class Source:\n    pass\n")


@pytest.mark.parametrize("name", [JSON, "JsonConverter", "Json", "converters.json:JsonConverter"])
def test_a_converter_goes_by_several_names(name: str) -> None:
    """Full and simple Java name, the simple name without its suffix, and the Python path."""
    assert PluginRegistry().find(name, PluginKind.CONVERTER).name == JSON


def test_a_name_that_could_be_several_plugins_is_no_alias() -> None:
    registry = PluginRegistry(
        [Plugin(PluginKind.SINK, "a.FileSink", "a:F"), Plugin(PluginKind.SINK, "b.FileSink", "b:F")]
    )
    with pytest.raises(
        ConnectException, match=r"More than one plugin matches alias FileSink: a\.FileSink, b\.FileSink"
    ):
        registry.find("FileSink", PluginKind.SINK)
    assert not registry.knows("FileSink")


def test_a_nested_java_class_has_no_short_name() -> None:
    assert not PluginRegistry().knows("InsertField$Value")
    assert PluginRegistry().knows(f"{INSERT_FIELD}$Value")


def test_the_outer_class_of_nested_plugins_is_known_but_abstract() -> None:
    registry = PluginRegistry()
    assert registry.is_abstract(INSERT_FIELD)
    assert registry.nested(INSERT_FIELD) == [f"{INSERT_FIELD}$Key", f"{INSERT_FIELD}$Value"]


def test_an_unknown_connector_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        NotFoundException, match=r"which name matches no\.Such, available connectors are: .*FileStreamSink"
    ):
        PluginRegistry().find("no.Such", *CONNECTOR_KINDS)


def test_every_folder_of_plugin_path_is_a_place_for_plugins(tmp_path: Path) -> None:
    """The entry itself, and each folder directly inside it."""
    write_plugin(tmp_path, "outer.Source", "1.0")
    write_plugin(tmp_path / "inner", "inner.Source", "2.0")
    registry = PluginRegistry(plugin_path=[str(tmp_path)])
    assert registry.find("outer.Source", *CONNECTOR_KINDS).version == "1.0"
    assert registry.find("inner.Source", *CONNECTOR_KINDS).roots == (str(tmp_path / "inner"),)


def test_packages_installed_into_a_place_announce_plugins_by_entry_points(tmp_path: Path) -> None:
    info = tmp_path / "env" / "site-packages" / "acme-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[connect.plugins]\nsink:acme.Sink = acme.sink:Sink\n")
    plugin = PluginRegistry(plugin_path=[str(tmp_path)]).find("acme.Sink", PluginKind.SINK)
    assert (plugin.target, plugin.version) == ("acme.sink:Sink", "1.5")


def test_of_several_versions_the_newest_is_taken_unless_told_otherwise(tmp_path: Path) -> None:
    write_plugin(tmp_path / "old", "two.Source", "1.9")
    write_plugin(tmp_path / "new", "two.Source", "1.10")
    registry = PluginRegistry(plugin_path=[str(tmp_path)])
    assert registry.find("two.Source", *CONNECTOR_KINDS).version == "1.10"
    assert registry.find("two.Source", *CONNECTOR_KINDS, version=parse_range("[1,1.10)")).version == "1.9"
    with pytest.raises(VersionNotFound, match=r"version range \[3,3\], available versions: \[1\.9, 1\.10\]"):
        registry.find("two.Source", *CONNECTOR_KINDS, version=parse_range("3"))


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "connect-plugins.toml").write_text("[[plugin]]\nkind = 'nothing'\nname = 'x'\nclass = 'x:X'\n")
    with pytest.raises(ConfigException, match=r"Can't read the plugin manifest .*connect-plugins\.toml"):
        _ = PluginRegistry(plugin_path=[str(tmp_path)]).plugins


def test_a_folder_that_is_missing_is_left_out(tmp_path: Path) -> None:
    assert PluginRegistry(plugin_path=[str(tmp_path / "none")]).plugins


def test_a_python_class_is_found_by_its_file_without_being_imported(tmp_path: Path) -> None:
    """Looking a name up runs no code of the package, not even its __init__."""
    package = tmp_path / "loud"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "source.py").write_text("")
    write_plugin(tmp_path, "known.Source", "1")
    registry = PluginRegistry(plugin_path=[str(tmp_path)])
    assert registry.find("loud.source.Source", *CONNECTOR_KINDS).target == "loud.source:Source"
    assert not registry.knows("loud.sink.Sink")
