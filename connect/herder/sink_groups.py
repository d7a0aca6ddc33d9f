"""Changes the committed offsets of sinks' consumer groups. All calls wait for the brokers.

The consumers of tasks that were just stopped leave their group a moment later. A task that had to be killed leaves
nobody behind who could: its member would stay until its session times out, so that it is taken out of the group.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from connect.api import ConnectException
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.consumer_groups import (
    GroupOffsets,
    alter_group_offsets,
    delete_group,
    group_members,
    group_offsets,
    is_busy,
)
from connect.kafka.door import AdminClient, GroupAdmin, KafkaDoor, KafkaException
from connect.runtime.ids import ConnectorTaskId

log = logging.getLogger(__name__)

T = TypeVar("T")
Wanted = Mapping[tuple[str, int], int | None]
ADMIN_SECONDS = 30.0
BUSY_SECONDS = 30.0
_KILLED_SECONDS = 3.0
"""How long after tasks are killed their members may still be about to leave."""
_PAUSE_SECONDS = 0.1
_BUSY = (
    " either because its tasks haven't stopped completely yet or it was resumed meanwhile. Try again once it is "
    "stopped; if that never helps, a worker that still runs one of its tasks has to be restarted."
)


class SinkGroups:
    """The groups of this worker's sinks. Methods raise ConnectException with what went wrong."""

    def __init__(self, door: KafkaDoor, clients: ConnectClients) -> None:
        self._door = door
        self._clients = clients
        self._stop_seconds = int(clients.worker.get("task.shutdown.graceful.timeout.ms", "5000")) / 1000

    def offsets(self, connector: str, config: Mapping[str, str]) -> GroupOffsets:
        """What is committed."""
        failure = f"Failed to retrieve consumer group offsets for sink connector {connector}"
        return self._with_group(connector, config, lambda group: group.offsets(), failure)

    def alter(self, connector: str, config: Mapping[str, str], wanted: Wanted) -> None:
        """Set committed offsets; None forgets one."""
        if any(offset is not None and offset < 0 for offset in wanted.values()):
            raise ConnectException(f"Failed to modify offsets for sink connector {connector}")
        failure = f"Failed to alter consumer group offsets for connector {connector}"
        if any(not topic or number < 0 for topic, number in wanted):
            raise ConnectException(failure)
        self._with_group(connector, config, lambda group: group.alter(wanted), failure)

    def forget(self, connector: str, config: Mapping[str, str]) -> None:
        """Delete the whole group; an unknown one is fine."""
        failure = f"Failed to reset consumer group offsets for connector {connector}"
        self._with_group(connector, config, lambda group: group.delete(), failure)

    def _with_group(self, connector: str, config: Mapping[str, str], action: Callable[[_Group], T], failure: str) -> T:
        group = self._group(connector, config)
        began = time.monotonic()
        evicted = False
        while True:
            try:
                return action(group)
            except KafkaException as error:
                waited = time.monotonic() - began
                if not is_busy(error) or waited > BUSY_SECONDS:
                    log.warning("%s: %s", failure, error)
                    raise ConnectException(failure + (_BUSY if is_busy(error) else "")) from error
            if waited > self._stop_seconds + _KILLED_SECONDS and not evicted:
                evicted = True
                self._evict(group, failure)
            time.sleep(_PAUSE_SECONDS)

    def _evict(self, group: _Group, failure: str) -> None:
        try:
            group.evict()
        except KafkaException as error:
            log.warning("%s: members of the group could not be removed: %s", failure, error)

    def _group(self, connector: str, config: Mapping[str, str]) -> _Group:
        admin = self._clients.connector_admin(connector, config)
        client = self._clients.sink_consumer(ConnectorTaskId(connector, 0), config)["client.id"]
        return _Group(
            self._clients.sink_group_id(connector, config),
            self._door.admin(admin),
            lambda: self._door.group_admin(admin),
            client.removesuffix("0"),
        )


class _Group:
    """One group. Methods raise KafkaException."""

    def __init__(
        self, name: str, admin: AdminClient, make_group_admin: Callable[[], GroupAdmin], client_prefix: str
    ) -> None:
        """``client_prefix``: how the client ids of the connector's own consumers begin, before the task's number."""
        self._name = name
        self._admin = admin
        self._make_group_admin = make_group_admin
        self._client_prefix = client_prefix

    def offsets(self) -> GroupOffsets:
        return group_offsets(self._admin, self._name, ADMIN_SECONDS)

    def alter(self, wanted: Wanted) -> None:
        forgotten = [partition for partition, offset in wanted.items() if offset is None]
        if forgotten:
            known = self.offsets()
            forgotten = [partition for partition in forgotten if partition in known]
        if forgotten:
            self._make_group_admin().delete_offsets(self._name, forgotten)
        kept = {partition: offset for partition, offset in wanted.items() if offset is not None}
        if kept:
            alter_group_offsets(self._admin, self._name, kept, ADMIN_SECONDS)

    def delete(self) -> None:
        delete_group(self._admin, self._name, ADMIN_SECONDS)

    def evict(self) -> None:
        """Remove the members that are this connector's own consumers."""
        members = group_members(self._admin, self._name, ADMIN_SECONDS)
        own = [member for member, client in members.items() if self._is_own(client)]
        if own:
            log.warning("Group %s: removing members that stopped tasks left behind: %s", self._name, ", ".join(own))
            self._make_group_admin().remove_members(self._name, own)

    def _is_own(self, client: str) -> bool:
        number = client.removeprefix(self._client_prefix)
        return client.startswith(self._client_prefix) and (not number or number.isdecimal())
