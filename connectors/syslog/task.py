"""The tasks: they listen, and turn what has arrived into batches of records."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from connect.api import Computed, DataException, RecordBatch, Repeated, SourceOrigin, SourceTask
from connectors.syslog import community_config, config
from connectors.syslog.arrivals import Arrivals
from connectors.syslog.blocks import Block, MemoryQueue
from connectors.syslog.receiver import Receiver
from connectors.syslog.settings import Queueing, TaskSettings, Transport
from connectors.syslog.spool import Spool, offset_of

log = logging.getLogger(__name__)

_COUNTERS = {
    "received": "messages-received-total",
    "dropped": "messages-dropped-by-kernel-total",
    "refused": "senders-refused-total",
    "cut": "messages-cut-total",
    "discarded": "messages-discarded-at-stop-total",
}
_REPORT_SECONDS = 1.0
SPOOL = "spool"


class SyslogSourceTask(SourceTask):
    """Listens on one port. Sub-classes say how their settings are read."""

    COMMITS_WHILE_POLLING = False  # a poll changes what a commit may release
    _receiver: Receiver | None = None
    _store: MemoryQueue | Spool | None = None

    @abstractmethod
    def read_settings(self, properties: Mapping[str, str], spool_name: str) -> TaskSettings:
        """The configuration as it is needed here. Raises ConfigException."""

    def start(self, config: Mapping[str, str]) -> None:
        name = quote(f"{config.get('name', 'syslog')}-{config.get('task.index', '0')}", safe="")
        self._settings = settings = self.read_settings(config, name)
        self._reported: Counter[str] = Counter()
        self._next_report = 0.0
        self._segment = self._sent_segment = 0
        self._store = self._open_store(settings.queueing)
        receiver = Receiver(settings.listening, self._store)
        receiver.start()
        self._receiver = receiver
        where = settings.listening
        log.info(
            "Listening on %s port %d of %s", where.transport.value, receiver.port, where.address or "all addresses"
        )

    def _open_store(self, queueing: Queueing) -> MemoryQueue | Spool:
        if queueing.spool is None:
            return MemoryQueue(queueing.messages, queueing.memory)
        spool = Spool(queueing.spool, queueing.spool_bytes)
        self._store = spool
        self._spooled = {SPOOL: spool.id}
        spool.open(self.context.offset_storage_reader.offset(self._spooled))
        return spool

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._receiver is not None
        return self._receiver.port

    def poll_batch(self) -> Sequence[RecordBatch] | None:
        assert self._store is not None
        assert self._receiver is not None
        self._sent_segment = self._segment
        self._report_counts()
        blocks = self._store.take(self._settings.batch_size)
        if not blocks:
            self._receiver.raise_failure()
            self._store.wait(self._settings.wait_seconds)
            blocks = self._store.take(self._settings.batch_size)
        if self._settings.report_oversized and any(block.cut for block in blocks):
            return self._batches_without_oversized(blocks)
        return [self._batch(blocks)] if blocks else None

    def _batches_without_oversized(self, blocks: list[Block]) -> list[RecordBatch] | None:
        """The records before and behind each message that was cut, which goes to the error handling."""
        kept: list[Block] = []
        for block in blocks:
            rest, taken = block, 0
            for index in sorted(block.cut):
                before, rest = rest.split(index - taken)
                bad, rest = rest.split(1)
                taken = index + 1
                kept += [before] if before.messages else []
                self._report_oversized(bad)
            kept += [rest] if rest.messages else []
        return [self._batch(kept)] if kept else None

    def _report_oversized(self, block: Block) -> None:
        longest = self._settings.listening.limits.longest_message
        error = DataException(f"A message is longer than {longest} bytes; this is its beginning")
        self.context.report_errant_record(error, raw=block.messages[0], where=block.peer.address)

    def _batch(self, blocks: list[Block]) -> RecordBatch:
        settings = self._settings
        settings.dates.refresh()
        names = None
        if settings.names is not None:
            names = settings.names.resolve(block.peer.address for block in blocks)
        arrivals = Arrivals(blocks, settings.charset, names)
        messages = list(map(settings.parser.parse, arrivals.texts))
        millis = [
            received if message.millis is None else message.millis
            for message, received in zip(messages, arrivals.received, strict=True)
        ]
        values = settings.values
        return RecordBatch(
            settings.topic,
            values.rows(messages, arrivals, millis),
            values.value_schema,
            origin=self._origin(blocks, len(messages)),
            keys=values.keys(messages, arrivals),
            key_schema=values.key_schema,
            timestamps=[max(0, each) for each in millis],
        )

    def _origin(self, blocks: list[Block], size: int) -> SourceOrigin:
        place = blocks[-1].place
        if place is None:
            return SourceOrigin(Repeated(None, size), Repeated(None, size))
        self._segment = place.segment
        places = [(block, index) for block in blocks for index in range(len(block.messages))]
        return SourceOrigin(Repeated(self._spooled, size), Computed(places, lambda each: offset_of(*each)))

    def commit(self) -> None:
        # The batch that was polled last may not have been sent when the task is stopping: its segment stays.
        if isinstance(self._store, Spool):
            self._store.release(self._sent_segment)

    def _report_counts(self) -> None:
        now = time.monotonic()
        if now >= self._next_report and self._receiver is not None:
            self._next_report = now + _REPORT_SECONDS
            for name, metric in _COUNTERS.items():
                more = self._receiver.counts[name] - self._reported[name]
                self._reported[name] += more
                self.context.count(metric, more)

    def stop(self) -> None:
        store, receiver = self._store, self._receiver
        if receiver is not None:
            receiver.stop()
            if isinstance(store, MemoryQueue) and len(store):
                receiver.counts["discarded"] = len(store)
                log.warning("%d messages that had arrived are lost with the stop of the task: no spool", len(store))
            self._next_report = 0.0
            self._report_counts()
        if store is not None:
            store.close()
        self._receiver = self._store = None


class MessageSourceTask(SyslogSourceTask):
    """The task of ``SyslogSourceConnector``."""

    def read_settings(self, properties: Mapping[str, str], spool_name: str) -> TaskSettings:
        return config.task_settings(properties, spool_name)


class UDPSyslogSourceTask(SyslogSourceTask):
    """The community plugin's task for UDP."""

    def read_settings(self, properties: Mapping[str, str], spool_name: str) -> TaskSettings:
        return community_config.task_settings(Transport.UDP, community_config.COMMON, properties, spool_name)


class TCPSyslogSourceTask(SyslogSourceTask):
    """The community plugin's task for TCP."""

    def read_settings(self, properties: Mapping[str, str], spool_name: str) -> TaskSettings:
        return community_config.task_settings(Transport.TCP, community_config.TCP, properties, spool_name)


class SSLTCPSyslogSourceTask(SyslogSourceTask):
    """The community plugin's task for TLS."""

    def read_settings(self, properties: Mapping[str, str], spool_name: str) -> TaskSettings:
        return community_config.task_settings(Transport.TCPSSL, community_config.SSL_TCP, properties, spool_name)
