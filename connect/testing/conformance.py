"""Test classes that check what users of connectors rely on; derive from one, say how to make input, run pytest.

All tests run the connector under the worker's own loops, against Kafka in memory. ``tmp_path`` is pytest's folder for
the test; it reaches every method that a deriving class defines, to keep files, databases and the like in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from connect.api import ConfigException, ConfigValue, ConnectException, Connector
from connect.kafka.door import KafkaError, Message
from connect.kafka.fake import FakeKafka
from connect.plugins.registry import CONNECTOR_KINDS, process_plugins
from connect.runtime.ids import State
from connect.testing.connector_run import ConnectorRun
from connect.testing.offsets import MemoryOffsets

_SCALARS = (str, int, float, bool, type(None))


class ConnectorConformance:
    """What sources and sinks share: settings are checked, and a stop is a stop."""

    stop_seconds: ClassVar[float] = 5.0
    """How long a task may take to stop (``task.shutdown.graceful.timeout.ms`` of a worker is 5 s)."""
    wait_seconds: ClassVar[float] = 20.0
    """How long to wait for records."""

    def config(self, tmp_path: Path) -> dict[str, str]:
        """A valid configuration, with ``connector.class``; called once or more per test."""
        raise NotImplementedError

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        """Changes to ``config`` that must be refused, by validation or by ``start``."""
        return ()

    def test_the_configuration_is_valid(self, tmp_path: Path) -> None:
        assert _errors(self.config(tmp_path)) == {}

    def test_a_missing_setting_is_named(self, tmp_path: Path) -> None:
        config = self.config(tmp_path)
        for key in _class(config).CONFIG:
            if key.required and key.name in config:
                errors = _errors({name: value for name, value in config.items() if name != key.name})
                assert key.name in errors, f"Leaving '{key.name}' out is not reported: {errors}"

    def test_bad_settings_are_refused(self, tmp_path: Path) -> None:
        for change in self.bad_configs(tmp_path):
            config = {**self.config(tmp_path), **change}
            if _errors(config):
                continue
            run = ConnectorRun(config)
            refused: BaseException | None = None
            try:
                run.start()
                run.wait_until(lambda run=run: run.failure is not None, self.wait_seconds, f"{change} to be refused")
            except AssertionError:
                refused = run.failure
            except Exception as error:  # noqa: BLE001  # which one is what is tested
                refused = error
            finally:
                run.stop()
            refused = refused or run.failure
            assert isinstance(refused, (ConfigException, ConnectException)), f"{change} ended in {refused!r}"

    def start(self, tmp_path: Path, **options: Any) -> ConnectorRun:
        """A run of the configuration, started."""
        return ConnectorRun(self.config(tmp_path), **options).start()

    def stop(self, run: ConnectorRun) -> None:
        """End a run; fails when that takes too long, or when the connector has failed."""
        run.stop(self.stop_seconds)
        assert run.failure is None, f"The connector failed: {run.failure!r}"


class PushSourceConformance(ConnectorConformance):
    """A source to which others send: what nobody has taken is not for the connector to remember."""

    topic: ClassVar[str]
    """Where the records go."""

    def add_input(self, tmp_path: Path, first: int, count: int) -> None:
        """Make ``count`` more records appear at the source, the ``first``-th being the first of them (from 0)."""
        raise NotImplementedError

    def make_ready(self, run: ConnectorRun, tmp_path: Path) -> None:
        """Wait until a started source takes input; sources that poll need nothing."""

    def test_records_arrive(self, tmp_path: Path) -> None:
        run = self.start(tmp_path)
        self.make_ready(run, tmp_path)
        self.add_input(tmp_path, 0, 20)
        messages = run.wait_for_messages(self.topic, 20, self.wait_seconds)
        self.stop(run)
        assert len(messages) == 20
        assert len(_contents(messages)) == 20

    def test_it_stops_while_nothing_comes(self, tmp_path: Path) -> None:
        run = self.start(tmp_path)
        self.make_ready(run, tmp_path)
        self.stop(run)
        assert run.messages(self.topic) == []

    def test_it_goes_on_after_a_pause(self, tmp_path: Path) -> None:
        run = self.start(tmp_path)
        self.make_ready(run, tmp_path)
        self.add_input(tmp_path, 0, 5)
        run.wait_for_messages(self.topic, 5, self.wait_seconds)
        run.pause()
        run.wait_until(lambda: set(run.states()) == {State.PAUSED}, self.wait_seconds, "the tasks to pause")
        run.pause(False)
        self.add_input(tmp_path, 5, 5)
        run.wait_for_messages(self.topic, 10, self.wait_seconds)
        self.stop(run)


class SourceConformance(PushSourceConformance):
    """A source that reads, and goes on where it was after a restart."""

    def test_offsets_are_plain(self, tmp_path: Path) -> None:
        self.add_input(tmp_path, 0, 3)
        offsets = MemoryOffsets()
        run = self.start(tmp_path, offsets=offsets)
        run.wait_for_messages(self.topic, 3, self.wait_seconds)
        self.stop(run)
        assert offsets.stored(), "No record carries a source partition and offset"
        for part in (part for pair in offsets.stored() for part in pair):
            for name, value in part.items():
                assert isinstance(value, _SCALARS), (
                    f"'{name}' of {part} is a {type(value).__name__}: REST can't alter it"
                )

    def test_a_restart_goes_on_without_gap_or_repetition(self, tmp_path: Path) -> None:
        kafka, offsets = FakeKafka(), MemoryOffsets()
        sent = 0
        for count in (5, 3, 1):
            self.add_input(tmp_path, sent, count)
            sent += count
            run = self.start(tmp_path, kafka=kafka, offsets=offsets)
            run.wait_for_messages(self.topic, sent, self.wait_seconds)
            self.stop(run)
        messages = kafka.messages(self.topic)
        assert (len(messages), len(_contents(messages))) == (sent, sent)

    def test_nothing_is_lost_when_it_dies_before_offsets_are_stored(self, tmp_path: Path) -> None:
        self.add_input(tmp_path, 0, 5)
        offsets = MemoryOffsets()
        offsets.refusing = True
        first = self.start(tmp_path, offsets=offsets)
        seen = _contents(first.wait_for_messages(self.topic, 5, self.wait_seconds))
        first.stop(self.stop_seconds)
        offsets.refusing = False
        self.add_input(tmp_path, 5, 2)
        second = self.start(tmp_path, offsets=offsets)
        again = _contents(second.wait_for_messages(self.topic, 7, self.wait_seconds))
        self.stop(second)
        assert seen < again


class SinkConformance(ConnectorConformance):
    """A sink: what it has committed is delivered, and what it has not comes again."""

    topic: ClassVar[str] = "input"
    """A topic that ``config`` names in ``topics``."""
    repeats_are_recognised: ClassVar[bool] = False
    """True for a sink that knows records that come again, so that each is delivered once."""

    def record(self, number: int) -> tuple[bytes | None, bytes | None]:
        """Key and value of the ``number``-th record (from 0), as the converters of ``config`` want them."""
        return None, json.dumps({"number": number}).encode()

    def delivered(self, tmp_path: Path) -> Sequence[Any]:
        """What has arrived at the target, in a form that can be compared."""
        raise NotImplementedError

    def make_settled(self, tmp_path: Path) -> None:
        """Make what was delivered visible to ``delivered``, where that needs something (a refresh, say)."""

    def test_all_records_are_delivered_and_committed(self, tmp_path: Path) -> None:
        kafka = FakeKafka({self.topic: 1})
        self._produce(kafka, 0, 20)
        run = self._start_sink(tmp_path, kafka)
        run.wait_until(lambda: run.committed(self.topic) == 20, self.wait_seconds, "20 records to be committed")
        assert len(self._settled(tmp_path)) == 20
        self.stop(run)

    def test_a_restart_goes_on_without_gap_or_repetition(self, tmp_path: Path) -> None:
        kafka = FakeKafka({self.topic: 1})
        for first, count in ((0, 5), (5, 3)):
            self._produce(kafka, first, count)
            run = self._start_sink(tmp_path, kafka)
            self._wait_until_delivered(run, tmp_path, first + count)
            self.stop(run)
        assert run.committed(self.topic) == 8
        assert len(self._settled(tmp_path)) == 8

    def test_nothing_is_lost_when_offsets_are_not_committed(self, tmp_path: Path) -> None:
        kafka = FakeKafka({self.topic: 1})
        self._produce(kafka, 0, 5)
        kafka.fail("commit", KafkaError.COORDINATOR_NOT_AVAILABLE, times=1000)
        first = self._start_sink(tmp_path, kafka)
        self._wait_until_delivered(first, tmp_path, 5)
        first.stop(self.stop_seconds)
        again = FakeKafka({self.topic: 1})
        self._produce(again, 0, 7)
        second = self._start_sink(tmp_path, again)
        second.wait_until(lambda: second.committed(self.topic) == 7, self.wait_seconds, "7 records to be committed")
        self.stop(second)
        delivered = self._settled(tmp_path)
        distinct = {json.dumps(item, sort_keys=True, default=repr) for item in delivered}
        assert len(distinct) == 7
        assert not self.repeats_are_recognised or len(delivered) == 7

    def test_it_stops_while_nothing_comes(self, tmp_path: Path) -> None:
        run = self._start_sink(tmp_path, FakeKafka({self.topic: 1}))
        self.stop(run)

    def _start_sink(self, tmp_path: Path, kafka: FakeKafka) -> ConnectorRun:
        return self.start(tmp_path, kafka=kafka)

    def _produce(self, kafka: FakeKafka, first: int, count: int) -> None:
        for number in range(first, first + count):
            key, value = self.record(number)
            kafka.append(self.topic, value, key)

    def _wait_until_delivered(self, run: ConnectorRun, tmp_path: Path, count: int) -> None:
        run.wait_until(
            lambda: len(self._settled(tmp_path)) >= count, self.wait_seconds, f"{count} records to be delivered"
        )

    def _settled(self, tmp_path: Path) -> Sequence[Any]:
        self.make_settled(tmp_path)
        return self.delivered(tmp_path)


def _class(config: Mapping[str, str]) -> type[Connector]:
    found: type[Connector] = process_plugins().load(config["connector.class"], *CONNECTOR_KINDS)
    return found


def _errors(config: Mapping[str, str]) -> dict[str, list[str]]:
    """The errors that validation reports, by key."""
    values: list[ConfigValue] = _class(config).validate({"name": "tested", "tasks.max": "1", **config})
    return {value.name: list(value.errors) for value in values if value.errors}


def _contents(messages: Iterable[Message]) -> set[tuple[bytes | None, bytes | None]]:
    return {(message.key(), message.value()) for message in messages}
