"""A source with many tasks that can be told, one by one and while they run, to go wrong.

Task N writes its process and thread to ``folder/N.at`` when it starts, sends a record, and then does what
``folder/N.todo`` says: ``raise``, ``exit`` or ``hang`` (which also looks for the file ``folder/N.freed``).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from connect.api import (
    ConfigDef,
    ConfigType,
    ConnectException,
    Key,
    SourceConnector,
    SourceRecord,
    SourceTask,
)


class ManySourceTask(SourceTask):
    def start(self, config: Mapping[str, str]) -> None:
        self._folder, self._number, self._topic = Path(config["folder"]), config["number"], config["topic"]
        self._sent = False
        print(f"task {self._number} is here")
        path = self._folder / f"{self._number}.at"
        path.with_suffix(".new").write_text(f"{os.getpid()} {threading.current_thread().name}")
        path.with_suffix(".new").rename(path)

    def poll(self) -> Sequence[SourceRecord] | None:
        todo = self._folder / f"{self._number}.todo"
        if todo.exists():
            what = todo.read_text()
            todo.unlink()
            self._go_wrong(what)
        if self._sent:
            self.context.wait(0.1)
            return None
        self._sent = True
        return [SourceRecord({"task": self._number}, {"o": 1}, self._topic, value=self._number)]

    def _go_wrong(self, what: str) -> None:
        match what:
            case "raise":
                raise ConnectException("no luck")
            case "exit":
                os._exit(7)
            case "hang":
                while not (self._folder / f"{self._number}.freed").exists():
                    threading.Event().wait(0.05)

    def stop(self) -> None:
        (self._folder / f"{self._number}.stopped").touch()


class ManySource(SourceConnector):
    CONFIG = ConfigDef(Key("folder", ConfigType.STRING), Key("topic", ConfigType.STRING))

    def start(self, config: Mapping[str, str]) -> None:
        self._config = config

    def task_class(self) -> type[ManySourceTask]:
        return ManySourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [{**self._config, "number": str(number)} for number in range(max_tasks)]

    def stop(self) -> None: ...
