"""Puts a task together: plugin instances, clients, error handling, and the loop that drives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api import ConfigDef, ConnectException, Connector, SinkTask, SourceTask
from connect.kafka.connect_clients import ConnectClients, is_exactly_once
from connect.kafka.door import ConsumerClient, KafkaDoor
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry
from connect.runtime.commit_rules import CommitRules
from connect.runtime.connector_config import SINK_CONFIG, SOURCE_CONFIG
from connect.runtime.conversion import SinkConversion, SourceConversion
from connect.runtime.errors.reporters import LogReporter
from connect.runtime.errors.tolerance import DropBudget, ErrorPolicy, ErrorReporter, ToleranceOperator
from connect.runtime.exactly_once import Boundary, ExactlyOnce, OffsetTarget, TransactionPlan
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.plugins_of_task import make_chain, make_converters, task_facts
from connect.runtime.progress import Progress
from connect.runtime.rate_limits import RateLimits
from connect.runtime.record_producer import RecordProducer
from connect.runtime.sink_consumer import ConsumerSettings, SinkConsumer
from connect.runtime.sink_path import SinkPath
from connect.runtime.sink_task import WorkerSinkTask
from connect.runtime.source_delivery import AtLeastOnce, commit_record, overrides_commit_record
from connect.runtime.source_task import SourcePath, WorkerSourceTask
from connect.runtime.task_context import WorkerSinkTaskContext, WorkerSourceTaskContext
from connect.runtime.task_link import OffsetClient, TaskControl, TaskReporter
from connect.runtime.task_rules import TaskRules
from connect.runtime.topic_selection import TopicSelection
from connect.runtime.topics import DeadLetterTopic, TopicCreation
from connect.runtime.transaction_context import WorkerTransactionContext

_DEFAULT_FLUSH_INTERVAL_MS = "60000"
_DEFAULT_FLUSH_TIMEOUT_MS = "5000"
_DEAD_LETTER_CONFIG = ConfigDef(
    *(key for key in SINK_CONFIG if key.name.startswith("errors.deadletterqueue.")),
)
"""Ours also for sources."""
_DEFAULT_REFRESH_MS = "60000"
_PER_ERROR_REPORTS = {"librdkafka.delivery.report.only.error": "true"}


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """What a task is started with. Configurations are resolved (no variables left) and never written anywhere.

    ``connector`` is the connector's configuration, ``task`` the task's own, ``worker`` the worker's properties.
    """

    task_id: ConnectorTaskId
    connector: Mapping[str, str]
    task: Mapping[str, str]
    worker: Mapping[str, str]
    group_id: str | None

    def milliseconds(self, key: str, default: str) -> float:
        """A worker setting in ms, as seconds."""
        return int(self.worker.get(key, default)) / 1000


class TaskBuilder:
    """Builds the loop of one task."""

    def __init__(
        self,
        spec: TaskSpec,
        registry: PluginRegistry,
        kafka: KafkaDoor,
        offsets: OffsetClient,
        control: TaskControl,
        reporter: TaskReporter,
        progress: Progress,
        limits: RateLimits,
    ) -> None:
        self._spec = spec
        self._registry = registry
        self._kafka = kafka
        exactly_once = spec.group_id is not None and is_exactly_once(spec.worker)
        self._clients = ConnectClients(spec.worker, spec.group_id, exactly_once)
        self._offsets = offsets
        self._control = control
        self._reporter = reporter
        self._progress = progress
        self._limits = limits
        self._facts: dict[str, Any] = {}
        self._rules = TaskRules.read(spec.worker, spec.connector)
        limits.set(self._rules.records_per_second, self._rules.bytes_per_second)

    def facts(self) -> dict[str, Any]:
        """Kind, classes and versions of the task's plugins, as metrics show them."""
        return self._facts

    def build(self) -> Callable[[], None]:
        """The loop, ready to run; it raises what makes the task fail. Raises ConnectException, ConfigException."""
        connector_class: type[Connector] = self._registry.load(
            self._spec.connector["connector.class"], *CONNECTOR_KINDS
        )
        task = connector_class().task_class()()
        self._facts = task_facts(self._registry, self._spec.connector, self._spec.worker, task)
        if isinstance(task, SourceTask):
            return self._build_source(task)
        if isinstance(task, SinkTask):
            return self._build_sink(task)
        raise TypeError(f"{type(task).__qualname__} is neither a SourceTask nor a SinkTask")

    def _build_source(self, task: SourceTask) -> Callable[[], None]:
        spec = self._spec
        config = SOURCE_CONFIG.parse(spec.connector)
        dead_letters = self._dead_letters(_DEAD_LETTER_CONFIG.parse(spec.connector))
        worker_task: WorkerSourceTask
        tolerance = self._tolerance(config, dead_letters.reporters(), lambda s: worker_task.wait_for_stop(s))
        exactly_once = self._clients.exactly_once
        transactions = WorkerTransactionContext() if exactly_once and _boundary(config) is Boundary.CONNECTOR else None
        creation = TopicCreation(
            spec.worker,
            spec.connector,
            lambda: self._kafka.admin(self._clients.task_admin(spec.task_id, spec.connector)),
        )
        path = SourcePath(
            chain=make_chain(self._registry, spec.connector),
            conversion=SourceConversion(make_converters(self._registry, spec.connector, spec.worker), tolerance),
            delivery=(
                self._exactly_once(task, config, transactions, dead_letters.flush)
                if exactly_once
                else self._at_least_once(
                    task,
                    (lambda f: worker_task.tolerate_delivery_failure(f)) if tolerance.policy.tolerate_all else None,
                    dead_letters.flush,
                )
            ),
            tolerance=tolerance,
            ensure_topic=creation.ensure,
        )
        worker_task = WorkerSourceTask(
            spec.task_id, task, path, self._control, self._reporter, self._progress, self._limits
        )
        task.initialize(WorkerSourceTaskContext(spec.task, self._control, tolerance, self._offsets, transactions))
        return lambda: worker_task.run(spec.task)

    def _at_least_once(
        self,
        task: SourceTask,
        tolerate: Callable[[ConnectException], None] | None,
        before_commit: Callable[[], None],
    ) -> AtLeastOnce:
        spec = self._spec
        follows = overrides_commit_record(task)
        properties = self._clients.source_producer(spec.task_id, spec.connector)
        producer = RecordProducer(
            lambda: self._kafka.producer(properties if follows else properties | _PER_ERROR_REPORTS),
            self._control,
            acknowledge=(lambda r, m: commit_record(spec.task_id, task, r, m)) if follows else None,
            tolerate=tolerate,
        )
        self._progress.gauges["source-record-active-count"] = lambda: producer.queued
        return AtLeastOnce(
            spec.task_id,
            task,
            producer,
            self._offsets,
            self._progress,
            CommitRules(
                spec.milliseconds("offset.flush.interval.ms", _DEFAULT_FLUSH_INTERVAL_MS),
                spec.milliseconds("offset.flush.timeout.ms", _DEFAULT_FLUSH_TIMEOUT_MS),
                before_commit,
            ),
            self._control,
        )

    def _exactly_once(
        self,
        task: SourceTask,
        config: Mapping[str, Any],
        context: WorkerTransactionContext | None,
        before_commit: Callable[[], None],
    ) -> ExactlyOnce:
        spec = self._spec
        follows = overrides_commit_record(task)
        properties = self._clients.exactly_once_producer(spec.task_id, spec.connector)
        worker_topic = spec.worker.get("offset.storage.topic", "")
        topic = config["offsets.storage.topic"] or worker_topic
        interval = config["transaction.boundary.interval.ms"]
        delivery: ExactlyOnce
        producer = RecordProducer(
            lambda: self._kafka.producer(properties if follows else properties | _PER_ERROR_REPORTS),
            self._control,
            acknowledge=(lambda r, m: delivery.acknowledge(r, m)) if follows else None,
        )
        self._progress.gauges["source-record-active-count"] = lambda: producer.queued
        delivery = ExactlyOnce(
            spec.task_id,
            task,
            producer,
            OffsetTarget(topic, self._offsets if topic != worker_topic else None, self._offsets.fence),
            self._progress,
            TransactionPlan(
                _boundary(config),
                spec.milliseconds("offset.flush.interval.ms", _DEFAULT_FLUSH_INTERVAL_MS)
                if interval is None
                else interval / 1000,
                context,
            ),
            before_commit=before_commit,
        )
        return delivery

    def _build_sink(self, task: SinkTask) -> Callable[[], None]:
        spec = self._spec
        config = SINK_CONFIG.parse(spec.connector)
        dead_letters = self._dead_letters(config)
        tolerance = self._tolerance(config, dead_letters.reporters(), self._control.wait_for_stop)
        properties = self._clients.sink_consumer(spec.task_id, spec.connector)

        def create_consumer(on_commit: Any) -> ConsumerClient:
            return self._kafka.consumer(properties, on_commit)

        worker_task = WorkerSinkTask(
            spec.task_id,
            task,
            SinkPath(
                conversion=SinkConversion(make_converters(self._registry, spec.connector, spec.worker), tolerance),
                chain=make_chain(self._registry, spec.connector),
                tolerance=tolerance,
                put_alone=self._rules.put_alone and tolerance.policy.tolerate_all,
            ),
            SinkConsumer(
                create_consumer,
                TopicSelection(spec.connector, _refresh_seconds(properties)),
                ConsumerSettings.read(properties),
                self._progress,
            ),
            self._control,
            self._reporter,
            self._progress,
            self._limits,
            CommitRules(
                spec.milliseconds("offset.flush.interval.ms", _DEFAULT_FLUSH_INTERVAL_MS),
                spec.milliseconds("offset.flush.timeout.ms", _DEFAULT_FLUSH_TIMEOUT_MS),
                dead_letters.flush,
            ),
        )
        task.initialize(WorkerSinkTaskContext(spec.task, self._control, tolerance, worker_task))
        return lambda: worker_task.run(spec.task)

    def _dead_letters(self, config: Mapping[str, Any]) -> DeadLetterTopic:
        spec = self._spec
        return DeadLetterTopic(
            spec.task_id,
            config,
            lambda: self._kafka.admin(self._clients.dead_letter_admin(spec.connector)),
            lambda: self._kafka.producer(self._clients.dead_letter_producer(spec.task_id, spec.connector)),
            self._progress,
        )

    def _tolerance(
        self, config: Mapping[str, Any], reporters: Sequence[ErrorReporter], wait: Callable[[float], bool]
    ) -> ToleranceOperator:
        found = list(reporters)
        if config["errors.log.enable"]:
            include = config["errors.log.include.messages"]
            found.append(LogReporter(self._spec.task_id, self._progress, include_messages=include))
        budget = DropBudget(self._rules.drop_max_count, self._rules.drop_max_percent)
        policy = ErrorPolicy.from_config(config)
        return ToleranceOperator(policy, found, self._progress, wait, budget)


def _boundary(config: Mapping[str, Any]) -> Boundary:
    return Boundary(config["transaction.boundary"].lower())


def _refresh_seconds(consumer: Mapping[str, str]) -> float:
    """How often topics are listed for a pattern: Java's setting where it is given, else more often than Java does."""
    return int(consumer.get("metadata.max.age.ms", _DEFAULT_REFRESH_MS)) / 1000
