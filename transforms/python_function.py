"""PythonFunction: a function of one's own as transformation."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    ConnectException,
    ConnectRecord,
    DataException,
    Importance,
    Key,
    RecordBatch,
    Transformation,
    to_batches,
)
from connect.api.record import R

_KEY = "function"


class PythonFunction(Transformation):
    """Pass each record through a Python function, which returns a record, None to drop it, or a list of records.

    Configured as ``connect.transforms.Python``. The function gets a record as connectors see it and makes a changed
    copy: ``record.replace(value={**record.value, "seen": True})``. What it raises counts as the record's failure.
    """

    EXAMPLE = {
        "config": {"function": "shop_records:percent"},
        "module": {
            "name": "shop_records",
            "source": "def percent(record):\n"
            '    """The stars as a percentage; ratings without stars are dropped."""\n'
            '    if record.value["stars"] is None:\n'
            "        return None\n"
            '    return record.replace(value={**record.value, "percent": record.value["stars"] * 20})\n',
        },
        "input": {"value": {"user_id": 3, "stars": 4}},
        "output": {"value": {"user_id": 3, "stars": 4, "percent": 80}},
    }

    CONFIG = ConfigDef(
        Key(
            _KEY,
            ConfigType.STRING,
            doc="The function, as module:function; the module must be importable by the worker.",
            importance=Importance.HIGH,
        )
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        self._name: str = self.CONFIG.parse(config)[_KEY]
        self._function = _load(self._name)

    def apply(self, record: R) -> R | None:
        made = self._call(record)
        if len(made) > 1:
            raise DataException(f"{self._name} returned {len(made)} records where one is expected")
        return made[0] if made else None  # type: ignore[return-value]  # a record of the kind that it got

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        made: list[ConnectRecord] = []
        positions: list[int] = []
        for index, position in enumerate(batch.positions):
            records = self._call(batch.record(index))
            made += records
            positions += [position] * len(records)
        return to_batches(made, batch.origin, positions)

    def _call(self, record: ConnectRecord) -> list[ConnectRecord]:
        """The records that the function makes of one."""
        try:
            result = self._function(record)
        except ConnectException:
            raise
        except Exception as error:
            raise DataException(f"{self._name} failed: {type(error).__name__}: {error}") from error
        records = list(result) if isinstance(result, list | tuple) else [] if result is None else [result]
        for made in records:
            if type(made) is not type(record):
                raise DataException(
                    f"{self._name} returned {type(made).__name__} where {type(record).__name__}, None or a list of "
                    f"{type(record).__name__} is expected"
                )
        return records


def _load(name: str) -> Callable[[ConnectRecord], Any]:
    """The function of that name. Raises ConfigException with what is wrong with it."""
    module, colon, attributes = name.partition(":")
    if not (module and colon and attributes):
        raise ConfigException(_KEY, name, "Expected module:function")
    try:
        function = functools.reduce(getattr, attributes.split("."), importlib.import_module(module))
    except (ImportError, AttributeError, ValueError, TypeError, SyntaxError) as error:
        raise ConfigException(_KEY, name, str(error)) from error
    if not callable(function):
        raise ConfigException(_KEY, name, f"{attributes} is not a function")
    return function
