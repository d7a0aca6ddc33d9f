"""topic → Elasticsearch: a real server, one that only answers, and three transformations on the way."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import orjson
import requests

from benchmarks import bare, data
from benchmarks.alone.converters import ratings
from benchmarks.case import Case, Setting, Side
from benchmarks.cases.copying import fresh_name, until
from benchmarks.cases.names import JSON, STRING, TRANSFORMS
from benchmarks.figures import Figures
from benchmarks.subjects import Subject
from tests.services import Elasticsearch8, Server
from tests.services.process import accepts_connections

_CLASS = "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector"
_CHAIN = {
    "transforms": "insert,drop,cast",
    "transforms.insert.type": f"{TRANSFORMS}.InsertField$Value",
    "transforms.insert.static.field": "source",
    "transforms.insert.static.value": "benchmark",
    "transforms.drop.type": f"{TRANSFORMS}.ReplaceField$Value",
    "transforms.drop.exclude": "route_id",
    "transforms.cast.type": f"{TRANSFORMS}.Cast$Value",
    "transforms.cast.spec": "user_id:string",
}
_BULK, _SENDERS = 2000, 5
_LOOK_EVERY_SECONDS = 0.1  # the server has to do with every look
_INDEX = {"settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}}}
"""Nothing is made searchable before it is asked for."""


class Search(Elasticsearch8):
    """A server that may compile, with memory for indexing."""

    name: ClassVar[str] = "Elasticsearch"

    def prepare(self) -> None:
        """Later files of options go first."""
        folder = self.config_folder / "jvm.options.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "use.options").write_text("-Xms1g\n-Xmx1g\n-XX:TieredStopAtLevel=4\n")
        super().prepare()


class AnsweringServer(Server):
    """bulk_endpoint as a process."""

    name: ClassVar[str] = "answering server"

    def prepare(self) -> None:
        """Nothing to prepare."""

    def command(self) -> list[str]:
        """A Python of its own."""
        return [sys.executable, "-m", "benchmarks.bulk_endpoint", str(self.port)]

    def is_ready(self) -> bool:
        """It listens."""
        return accepts_connections(self.port)

    @property
    def address(self) -> str:
        """For clients."""
        return f"http://127.0.0.1:{self.port}"


def _filled(setting: Setting) -> str:
    """A topic of ratings as JSON, made once for all runs of a case."""
    if "ratings" not in setting.topics:
        topic = setting.topics["ratings"] = fresh_name()
        servers = setting.broker.bootstrap_servers
        data.create_topic(servers, topic)
        data.fill_topic(servers, topic, _documents(setting.records))
        setting.stack.callback(data.delete_topic, servers, topic)
    return setting.topics["ratings"]


def _documents(count: int) -> Iterator[bytes]:
    made = [orjson.dumps(each) for each in ratings(min(count, 50_000))]
    return (made[number % len(made)] for number in range(count))


def _config(address: str, topic: str, extra: Mapping[str, str]) -> dict[str, str]:
    return {
        "connector.class": _CLASS,
        "tasks.max": "1",
        "topics": topic,
        "connection.url": address,
        "key.ignore": "true",
        "schema.ignore": "true",
        "batch.size": str(_BULK),
        "read.timeout.ms": "60000",
        "key.converter": STRING,
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
        **extra,
    }


def _indexed(subject: Subject, setting: Setting, extra: Mapping[str, str]) -> Figures:
    """What the server has indexed is counted; once that is enough, what a search finds: a retry indexes again."""
    topic, name = _filled(setting), fresh_name()
    url = setting.server(Search).url
    requests.put(f"{url}/{topic}", json=_INDEX, timeout=30).raise_for_status()

    def count() -> int:
        answer = requests.get(f"{url}/{topic}/_stats/indexing", timeout=30).json()
        indexed = int(answer["_all"]["primaries"]["indexing"]["index_total"])
        return indexed if indexed < setting.records else _found(url, topic)

    config = _config(url, topic, extra)
    figures = until(
        subject,
        setting.records,
        setting.records,
        count,
        lambda: subject.create(name, config),
        look_every=_LOOK_EVERY_SECONDS,
    )
    subject.delete(name)
    requests.delete(f"{url}/{topic}", timeout=30).raise_for_status()
    _end(setting, topic)
    return figures


def _found(url: str, index: str) -> int:
    requests.post(f"{url}/{index}/_refresh", timeout=60).raise_for_status()
    return int(requests.get(f"{url}/{index}/_count", timeout=30).json()["count"])


def _end(setting: Setting, topic: str) -> None:
    if setting.at_end is not None:
        setting.at_end(topic)


def real(subject: Subject, setting: Setting) -> Figures:
    """topic → Elasticsearch 8: ratings of 145 bytes, JSON without schemas, ids from the coordinates."""
    return _indexed(subject, setting, {})


def chain(subject: Subject, setting: Setting) -> Figures:
    """topic → InsertField, ReplaceField, Cast → Elasticsearch 8."""
    return _indexed(subject, setting, _CHAIN)


def _answered(subject: Subject, setting: Setting, extra: Mapping[str, str]) -> Figures:
    topic, name = _filled(setting), fresh_name()
    address = setting.server(AnsweringServer).address

    def total() -> int:
        return int(requests.get(f"{address}/_benchmark/count", timeout=30).text)

    before = total()
    config = _config(address, topic, extra)
    figures = until(
        subject, setting.records, setting.records, lambda: total() - before, lambda: subject.create(name, config)
    )
    subject.delete(name)
    _end(setting, topic)
    return figures


def answers_only(subject: Subject, setting: Setting) -> Figures:
    """topic → a server that only answers: what the worker does, without Elasticsearch's own work."""
    return _answered(subject, setting, {})


def answers_only_chain(subject: Subject, setting: Setting) -> Figures:
    """topic → InsertField, ReplaceField, Cast → a server that only answers."""
    return _answered(subject, setting, _CHAIN)


def bare_bulk(setting: Setting, topic: str) -> dict[str, Figures]:
    """The same documents in bodies made before, by five connections at a time, to an index of their own."""
    url = setting.server(Search).url
    count = min(setting.records, 100_000)
    documents = list(_documents(count))
    bodies = [_body(documents[start : start + _BULK]) for start in range(0, count, _BULK)]
    requests.put(f"{url}/bare", json=_INDEX, timeout=30).raise_for_status()
    with ThreadPoolExecutor(_SENDERS) as senders, requests.Session() as session:

        def post(body: bytes) -> None:
            headers = {"Content-Type": "application/x-ndjson"}
            session.post(f"{url}/bare/_bulk", data=body, headers=headers, timeout=60).raise_for_status()

        figures = bare.timed(count, lambda: list(senders.map(post, bodies)))
    requests.delete(f"{url}/bare", timeout=30).raise_for_status()
    return {"bare bulk requests": figures}


def _body(documents: Sequence[bytes]) -> bytes:
    return b"".join(b'{"index":{}}\n' + document + b"\n" for document in documents)


_SERVER_BOUND = "The server parses and indexes every document on the same processors; the worker mostly waits."
_ALONE = "JSON to Python's objects and back again, in the task's Python thread; requests go beside it."
_LIMITS = (bare.consumer, bare_bulk)
CASES = (
    Case("elasticsearch", real, 100_000, side=Side.PLUGIN, needs=_CLASS, limits=_LIMITS, bound=_SERVER_BOUND),
    Case("elasticsearch-3-smts", chain, 60_000, side=Side.PLUGIN, needs=_CLASS, limits=_LIMITS, bound=_SERVER_BOUND),
    Case(
        "elasticsearch-answers-only",
        answers_only,
        400_000,
        side=Side.PLUGIN,
        needs=_CLASS,
        limits=(bare.consumer,),
        bound=_ALONE,
    ),
    Case(
        "elasticsearch-answers-only-3-smts",
        answers_only_chain,
        400_000,
        side=Side.PLUGIN,
        needs=_CLASS,
        limits=(bare.consumer,),
        bound=_ALONE,
    ),
)
