"""``conformance.RichSource``: a source that does nothing, with keys of every type, groups and recommenders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connect.api import (
    ConfigDef,
    ConfigType,
    ConfigValue,
    Importance,
    Key,
    Recommender,
    SourceConnector,
    SourceRecord,
    SourceTask,
    Width,
)
from connect.api.config_def import NO_DEFAULT
from connect.api.validators import CaseInsensitiveValidString, NonEmptyString, Range, ValidString

HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW


def _rich_keys() -> list[Key]:
    boolean, integer, short, long = ConfigType.BOOLEAN, ConfigType.INT, ConfigType.SHORT, ConfigType.LONG
    string, double, listing, clazz = ConfigType.STRING, ConfigType.DOUBLE, ConfigType.LIST, ConfigType.CLASS
    modes = ValidString("bulk", "incrementing", "timestamp")
    columns = Recommender(lambda _name, _config: ["id", "seq"], lambda _name, c: c.get("mode") == "incrementing")
    json_converter = "org.apache.kafka.connect.json.JsonConverter"
    return [
        Key("mode", string, NO_DEFAULT, "How tables are read.", HIGH, modes, "Mode", 1, Width.MEDIUM,
            "Table Loading Mode", ("increment.column",)),
        Key("increment.column", string, "", "The column that grows.", MEDIUM, None, "Mode", 2, Width.SHORT,
            "Increment Column", (), columns),
        Key("poll.interval.ms", integer, 5000, "Time between polls.", HIGH, Range(1), "Connector", 1, Width.SHORT,
            "Poll Interval (ms)"),
        Key("ratio", double, 0.5, "A ratio.", LOW, Range(0, 1), "Connector", 2, Width.NONE, "Ratio"),
        Key("max.bytes", long, 1048576, "A size.", LOW, None, "Connector", 3, Width.LONG, "Max Bytes"),
        Key("level", short, 7, "A level.", LOW),
        Key("enabled", boolean, True, "A switch.", LOW),
        Key("tables", listing, "", "Tables.", MEDIUM, None, "Database", 1, Width.LONG, "Tables"),
        Key("format.class", clazz, json_converter, "A class.", LOW),
        Key("password", ConfigType.PASSWORD, None, "A secret.", MEDIUM, None, "Database", 2, Width.SHORT, "Password"),
        Key("case", string, "UPPER", "Letters.", LOW, CaseInsensitiveValidString("UPPER", "LOWER")),
        Key("topic.prefix", string, NO_DEFAULT, "Begin of topic names.", HIGH, NonEmptyString()),
    ]  # fmt: skip


class RichSource(SourceConnector):
    """Has a key of every type."""

    VERSION = "1.2.3"
    CONFIG = ConfigDef(*_rich_keys())

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        values = super().validate(config)
        if config.get("mode") == "incrementing" and not config.get("increment.column"):
            column = next(value for value in values if value.name == "increment.column")
            column.errors.append("increment.column must be set when mode is incrementing")
        return values

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)

    def task_class(self) -> type[SourceTask]:
        return RichSourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [dict(self._config)]


class RichSourceTask(SourceTask):
    VERSION = "1.2.3"
    JAVA_CLASS = "conformance.RichSourceTask"

    def start(self, config: Mapping[str, str]) -> None:
        self._config = config

    def poll(self) -> Sequence[SourceRecord] | None:
        self.context.wait(1.0)
        return None

    def stop(self) -> None:
        """There is nothing to release."""
