"""A distributed herder on stores in memory, and a group that does what the test says."""

from __future__ import annotations

import asyncio
from typing import Any

from connect.herder.distributed.herder import DistributedHerder, WorkerAddress
from connect.herder.distributed.protocol import Assignment, Protocol, Work, encode_assignment
from connect.herder.plugin_listing import PluginListing
from connect.herder.validation import ConnectorValidation
from connect.kafka.membership import GroupListener, Joined
from connect.loggers import Loggers
from connect.plugins.registry import process_plugins
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.metrics.worker_metrics import WorkerMetrics
from connect.storage.config_store import MemoryConfigBackingStore
from connect.storage.status_store import MemoryStatusBackingStore
from tests.unit.herder.parts import FakeWorker, PluginCallsHere

ME, OTHER = "me", "other"
OTHER_URL = "http://other:1/"


class FakeMembership:
    """Notes what is asked of it; ``form`` lets the group form as a test wants it."""

    def __init__(self, group: GroupListener) -> None:
        self.group = group
        self.asked: list[str] = []
        self.generation = 0
        self.rejoin_pending = False

    def start(self) -> None:
        self.asked.append("start")

    def leave(self) -> None:
        self.asked.append("leave")

    def stop(self) -> None:
        self.asked.append("stop")

    def request_rejoin(self) -> None:
        self.asked.append("rejoin")

    def rejoin_at(self, when: float) -> None:
        self.asked.append("rejoin later")

    def leave_for(self, seconds: float) -> None:
        self.asked.append(f"leave for {seconds:g} s")

    def taken(self) -> list[str]:
        """What was asked since the last time."""
        asked, self.asked = self.asked, []
        return asked

    async def form(
        self,
        assigned: Work | None = None,
        *,
        revoked: Work | None = None,
        leader: str = ME,
        offset: int = -1,
        protocol: Protocol = Protocol.COMPATIBLE,
        delay: int = 0,
        error: int = 0,
    ) -> bool:
        """A round of the group; False when the worker would not join."""
        url = "http://me:1/" if leader == ME else OTHER_URL
        told = Assignment(leader, url, offset, assigned or Work(), revoked or Work(), delay, error)
        self.generation += 1
        data = encode_assignment(protocol, told)
        joined = Joined(self.generation, ME, protocol.group_name, data)

        def play() -> bool:
            if not self.group.before_join():
                return False
            self.group.joined(joined)
            return True

        return await asyncio.to_thread(play)

    async def lose(self, silent_seconds: float) -> None:
        """The worker falls out of the group."""
        await asyncio.to_thread(self.group.lost, silent_seconds)


def work(*items: str) -> Work:
    """``work("a", "a-0")`` is connector a and its first task."""
    tasks = [item.rsplit("-", 1) for item in items if "-" in item]
    return Work(
        tuple(item for item in items if "-" not in item), tuple(ConnectorTaskId(name, int(n)) for name, n in tasks)
    )


def start_distributed(**properties: str) -> tuple[DistributedHerder, FakeWorker, FakeMembership]:
    """A worker that is about to join. Call it on the event loop."""
    configs = MemoryConfigBackingStore()
    calls: Any = PluginCallsHere(process_plugins())
    made: list[FakeMembership] = []

    def membership(group: GroupListener) -> FakeMembership:
        made.append(FakeMembership(group))
        return made[0]

    worker_properties = {"connect.protocol": "compatible", **properties}
    herder = DistributedHerder(
        WorkerAddress("me:1", "http://me:1/"),
        worker_properties,
        configs,
        MemoryStatusBackingStore(),
        PluginListing(process_plugins(), calls),
        ConnectorValidation(calls, worker_properties, ConfigTransformer(worker_properties), "group"),
        Loggers(),
        membership,
        lambda connector, _config, count: made[0].asked.append(f"fence {count} of {connector}"),
    )
    fake: Any = FakeWorker(herder)
    fake.stop_seconds = 1.0
    fake.tasks = {}
    fake.metrics = WorkerMetrics(60)
    configs.set_listener(herder)
    configs.start()
    herder.start(fake)
    herder.join()
    return herder, fake, made[0]
