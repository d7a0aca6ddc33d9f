"""The keys that the spool directory sources share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from connect.api import NO_DEFAULT, ConfigDef, ConfigException, ConfigType, Importance, Key, Width
from connect.api.java_regex import ValidJavaRegex
from connect.api.validators import Range, ValidString

_Type, _High, _Medium, _Low = ConfigType, Importance.HIGH, Importance.MEDIUM, Importance.LOW

SORT_ATTRIBUTES = ("NameAsc", "NameDesc", "LengthAsc", "LengthDesc", "LastModifiedAsc", "LastModifiedDesc")


def _absolute(name: str, value: Any) -> None:
    if value and not Path(value).is_absolute():
        raise ConfigException(name, value, f"'{name}' must be an absolute path.")


def _extension(name: str, value: Any) -> None:
    if not re.fullmatch(r".*\..+", value or ""):
        raise ConfigException(name, rf"'{value}' does not match pattern '^.*\..+$'.")


class ValidConstant(ValidString):
    """One constant of an enumeration, or several, refused with the original's text."""

    def __init__(self, enumeration: str, *constants: str) -> None:
        super().__init__(*constants)
        self._enumeration = enumeration

    def __call__(self, name: str, value: Any) -> None:
        for text in value if isinstance(value, list) else [value]:
            if text not in self.valid:
                known = ", ".join(self.valid)
                reason = f"'{text}' is not a valid value for {self._enumeration}. Valid values are {known}."
                raise ConfigException(name, reason)


def keys(group: str, *rows: tuple[Any, ...], width: Width = Width.NONE) -> ConfigDef:
    """A definition from rows of ``(name, type, default, importance, documentation[, validator[, display name]])``."""
    return ConfigDef(
        *(
            Key(
                name,
                config_type,
                default,
                doc,
                importance,
                rest[0] if rest else None,
                group=group,
                width=width,
                display_name=rest[1] if len(rest) > 1 else None,
            )
            for name, config_type, default, importance, doc, *rest in rows
        )
    )


COMMON = (
    keys(
        "General",
        ("topic", _Type.STRING, NO_DEFAULT, _High, "The topic to write to."),
        ("batch.size", _Type.INT, 1000, _Low, "How many records one poll returns at most.", Range(1)),
        (
            "empty.poll.wait.ms",
            _Type.LONG,
            500,
            _Low,
            "How long to pause, in milliseconds, when there is nothing to read.",
            Range(1),
        ),
    )
    | keys(
        "File System",
        (
            "cleanup.policy",
            _Type.STRING,
            "MOVE",
            _Medium,
            (
                "What happens to a file when Kafka has all its records: MOVE to finished.path, MOVEBYDATE to a folder "
                "there named after the day of its last change, DELETE, or NONE (it stays and is not read again)."
            ),
            ValidConstant("CleanupPolicy", "NONE", "DELETE", "MOVE", "MOVEBYDATE"),
        ),
        ("input.path", _Type.STRING, NO_DEFAULT, _High, "The directory to watch; writable.", _absolute),
        ("finished.path", _Type.STRING, "", _High, "Where finished files go, for MOVE and MOVEBYDATE.", _absolute),
        ("error.path", _Type.STRING, NO_DEFAULT, _High, "Where files go that can't be read.", _absolute),
        (
            "input.file.pattern",
            _Type.STRING,
            NO_DEFAULT,
            _High,
            "A regular expression for whole file names.",
            ValidJavaRegex(),
        ),
        (
            "halt.on.error",
            _Type.BOOLEAN,
            True,
            _High,
            (
                "Whether the task fails on a bad file, or puts it into error.path and goes on. A bad row makes the "
                "file bad only when errors.tolerance is none."
            ),
        ),
        (
            "file.minimum.age.ms",
            _Type.LONG,
            0,
            _Low,
            "Files written to more recently than that many milliseconds ago are left alone.",
            Range(0),
        ),
        (
            "processing.file.extension",
            _Type.STRING,
            ".PROCESSING",
            _Low,
            "What is added to a file's name to name the flag file that marks it as being read.",
            _extension,
        ),
    )
    | keys(
        "Timestamps",
        (
            "timestamp.mode",
            _Type.STRING,
            "PROCESS_TIME",
            _Medium,
            (
                "Where the record's timestamp comes from: timestamp.field (FIELD), the file's last change (FILE_TIME), "
                "or the time of sending (PROCESS_TIME)."
            ),
            ValidConstant("TimestampMode", "FIELD", "FILE_TIME", "PROCESS_TIME"),
        ),
    )
    | keys(
        "File System",
        (
            "files.sort.attributes",
            _Type.LIST,
            "NameAsc",
            _Low,
            "In which order files are read.",
            ValidConstant("FileAttribute", *SORT_ATTRIBUTES),
        ),
    )
    | keys(
        "General",
        ("task.index", _Type.INT, 0, _Low, "Set by the connector: which of its tasks this is.", Range(0)),
        ("task.count", _Type.INT, 1, _Low, "Set by the connector: how many tasks there are.", Range(1)),
    )
    | keys(
        "File System",
        (
            "task.partitioner",
            _Type.STRING,
            "ByName",
            _Medium,
            "How files are shared among tasks: by a hash of the name.",
            ValidConstant("TaskPartitioner", "ByName"),
        ),
        ("input.path.walk.recursively", _Type.BOOLEAN, False, _Low, "Whether folders below input.path are read too."),
        (
            "cleanup.policy.maintain.relative.path",
            _Type.BOOLEAN,
            False,
            _Low,
            "Whether a file from a folder below input.path keeps that folder's name below its new place.",
        ),
        (
            "file.buffer.size.bytes",
            _Type.INT,
            131072,
            _Low,
            "How many bytes are read at a time.",
            Range(1),
        ),
    )
)

CHARSET = keys("File System", ("file.charset", _Type.STRING, "UTF-8", _Low, "The character set."))

OWN = keys(
    "File System",
    (
        "file.identity",
        _Type.STRING,
        "NAME_SIZE_TIME",
        _Low,
        (
            "What makes a file the one whose offset is stored: its name, size and time of change (a new file under an "
            "old name is read from its start), or only its NAME."
        ),
        ValidString("NAME", "NAME_SIZE_TIME"),
    ),
    (
        "file.settle.ms",
        _Type.LONG,
        1000,
        _Low,
        "A file is only taken for complete when it was not written to for that many milliseconds.",
        Range(0),
    ),
    (
        "processing.file.stale.ms",
        _Type.LONG,
        3_600_000,
        _Low,
        "A flag file that another connector left behind is ignored after that many milliseconds.",
        Range(0),
    ),
    ("file.headers.enabled", _Type.BOOLEAN, True, _Low, "Whether records carry headers with file name and position."),
)
"""Keys that the original doesn't have."""

SCHEMA = (
    keys(
        "Schema",
        ("key.schema", _Type.STRING, "", _High, "The schema of keys, as JSON."),
        ("value.schema", _Type.STRING, "", _High, "The schema of values, as JSON."),
        width=Width.LONG,
    )
    | keys(
        "Schema Generation",
        ("schema.generation.enabled", _Type.BOOLEAN, False, _Medium, "Whether schemas are made from the files found."),
        ("schema.generation.key.fields", _Type.LIST, "", _Medium, "The fields that make the key."),
        (
            "schema.generation.key.name",
            _Type.STRING,
            "com.github.jcustenborder.kafka.connect.model.Key",
            _Medium,
            "The name of the key's schema.",
        ),
        (
            "schema.generation.value.name",
            _Type.STRING,
            "com.github.jcustenborder.kafka.connect.model.Value",
            _Medium,
            "The name of the value's schema.",
        ),
    )
    | keys(
        "Timestamps",
        ("parser.timestamp.timezone", _Type.STRING, "UTC", _Low, "The time zone of dates without one."),
        (
            "parser.timestamp.date.formats",
            _Type.LIST,
            "yyyy-MM-dd'T'HH:mm:ss,yyyy-MM-dd' 'HH:mm:ss",
            _Low,
            "Patterns of dates as java.text.SimpleDateFormat reads them, tried in order.",
        ),
        ("timestamp.field", _Type.STRING, "", _Medium, "The field for timestamp.mode=FIELD: a required Timestamp."),
    )
)

OWN_SCHEMA = keys(
    "Schema",
    (
        "parser.lenient",
        _Type.BOOLEAN,
        False,
        _Low,
        (
            "Whether values that don't fit are changed silently, as the original does (the boolean 'yes' is false), "
            "instead of making the row a bad one (or, for a number in a JSON text field, taking its text)."
        ),
    ),
) | keys(
    "Schema Generation",
    (
        "schema.generation.types",
        _Type.STRING,
        "STRING",
        _Medium,
        (
            "Which types generated schemas have: text (STRING), or those that all values of the sample have (INFER): "
            "booleans, 64 bit integers, doubles, dates and timestamps where nothing of the text is lost, else text."
        ),
        ValidString("STRING", "INFER"),
    ),
    (
        "schema.generation.sample.rows",
        _Type.INT,
        10_000,
        _Low,
        "How many rows of each of the first five files are looked at to infer types.",
        Range(1),
    ),
    (
        "schema.generation.misfit",
        _Type.STRING,
        "ROW",
        _Low,
        (
            "What a value leads to that doesn't have the inferred type: its row is a bad one (ROW), or the column is "
            "text in the whole file (FILE): every file is then read once more before its first row is sent."
        ),
        ValidString("ROW", "FILE"),
    ),
)
