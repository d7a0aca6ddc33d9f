"""The topics that connectors have used, as far as the worker keeps track of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connect.herder.entities import Json
from connect.herder.errors import Forbidden
from connect.runtime.ids import ConnectorTaskId
from connect.storage.status import TopicStatus
from connect.storage.status_store import StatusBackingStore

_TRACKING, _RESET = "topic.tracking.enable", "topic.tracking.allow.reset"


class ConnectorTopics:
    """Notes, shows and forgets topics; they live in the status store."""

    def __init__(self, statuses: StatusBackingStore, worker: Mapping[str, str]) -> None:
        self._statuses = statuses
        self._are_tracked = worker.get(_TRACKING, "true").lower() == "true"
        self._may_be_reset = worker.get(_RESET, "true").lower() == "true"

    def note(self, task_id: ConnectorTaskId, topics: Iterable[str]) -> None:
        """A task has used those topics for the first time."""
        if self._are_tracked:
            for topic in topics:
                self._statuses.put_topic(TopicStatus.now(topic, task_id))

    def of(self, connector: str) -> Json:
        """The topics of a connector, which need not exist. Raises Forbidden when they are not tracked."""
        self._require_tracking()
        return {connector: {"topics": sorted(status.topic for status in self._statuses.topic_statuses(connector))}}

    def reset(self, connector: str) -> None:
        """Forget the topics of a connector on a user's behalf. Raises Forbidden."""
        self._require_tracking()
        if not self._may_be_reset:
            raise Forbidden("Topic tracking reset is disabled.")
        self.forget(connector)

    def forget(self, connector: str) -> None:
        """Forget the topics of a connector."""
        for status in self._statuses.topic_statuses(connector):
            self._statuses.delete_topic(connector, status.topic)

    def _require_tracking(self) -> None:
        if not self._are_tracked:
            raise Forbidden("Topic tracking is disabled.")
