"""The topics of the broker and every request about them: create, delete, describe, produce, fetch, list offsets."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from connect.demo.broker.log import PartitionLog, RejectedRecords
from connect.demo.broker.messages import ErrorCode
from connect.demo.broker.wire import Message

NODE_ID = 1
_LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_TOPIC_RESOURCE = 2
_SET_FOR_THE_TOPIC, _BY_DEFAULT = 1, 5
_DEFAULT_CONFIGS = {"cleanup.policy": "delete", "retention.ms": "-1", "min.insync.replicas": "1"}


@dataclass
class Topic:
    partitions: list[PartitionLog]
    configs: dict[str, str] = field(default_factory=dict)


class Topics:
    """Topics by name; answers requests that are already decoded, with what is to be encoded."""

    def __init__(self, address: tuple[str, int], default_partitions: int = 1) -> None:
        self._address = address
        self._default_partitions = default_partitions
        self._topics: dict[str, Topic] = {}
        self._producer_ids = count(1)
        self._grown = asyncio.Event()

    # --- the topics themselves

    async def metadata(self, request: Message) -> Message:
        names = request["topics"]
        if names is None:
            names = list(self._topics)
        create = request.get("allow_auto_topic_creation", True)
        return {
            "throttle_time_ms": 0,
            "brokers": [{"node_id": NODE_ID, "host": self._address[0], "port": self._address[1], "rack": None}],
            "cluster_id": "connect-demo",
            "controller_id": NODE_ID,
            "topics": [self._describe(name, create) for name in names],
        }

    def _describe(self, name: str, create: bool) -> Message:
        error = ErrorCode.NONE
        if name not in self._topics:
            error = self._create(name, -1, {}) if create else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        partitions = [] if error else self._topics[name].partitions
        alone = [NODE_ID]
        return {
            "error_code": error,
            "name": name,
            "is_internal": False,
            "partitions": [
                {
                    "error_code": ErrorCode.NONE,
                    "index": index,
                    "leader_id": NODE_ID,
                    "replicas": alone,
                    "isr": alone,
                    "offline_replicas": [],
                }
                for index in range(len(partitions))
            ],
        }

    async def create_topics(self, request: Message) -> Message:
        return {"throttle_time_ms": 0, "topics": [self._create_one(t, request) for t in request["topics"]]}

    def _create_one(self, topic: Message, request: Message) -> Message:
        configs = {c["name"]: c["value"] for c in topic["configs"] if c["value"] is not None}
        partitions = len(topic["assignments"]) or topic["num_partitions"]
        if topic["replication_factor"] not in (-1, 1):
            code = ErrorCode.INVALID_REPLICATION_FACTOR
            message = f"Replication factor {topic['replication_factor']} is larger than the one broker there is."
        else:
            code = self._create(topic["name"], partitions, configs, only_check=request["validate_only"])
            message = code.name.replace("_", " ").capitalize() + f": {topic['name']}"
        return {"name": topic["name"], "error_code": code, "error_message": message if code else None}

    def _create(self, name: str, partitions: int, configs: dict[str, str], only_check: bool = False) -> ErrorCode:
        if not _LEGAL_NAME.fullmatch(name) or name in (".", ".."):
            return ErrorCode.INVALID_TOPIC_EXCEPTION
        if name in self._topics:
            return ErrorCode.TOPIC_ALREADY_EXISTS
        if partitions == 0 or partitions < -1:
            return ErrorCode.INVALID_PARTITIONS
        if not only_check:
            number = self._default_partitions if partitions == -1 else partitions
            self._topics[name] = Topic([PartitionLog() for _ in range(number)], configs)
        return ErrorCode.NONE

    def delete(self, name: str) -> ErrorCode:
        return ErrorCode.NONE if self._topics.pop(name, None) else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION

    async def describe_configs(self, request: Message) -> Message:
        return {"throttle_time_ms": 0, "results": [self._describe_configs(r) for r in request["resources"]]}

    def _describe_configs(self, resource: Message) -> Message:
        code, configs = ErrorCode.NONE, []
        if resource["resource_type"] == _TOPIC_RESOURCE:
            topic = self._topics.get(resource["resource_name"])
            if topic is None:
                code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            else:
                values = _DEFAULT_CONFIGS | topic.configs
                wanted = resource["configuration_keys"]
                configs = [_entry(k, v, k in topic.configs) for k, v in values.items() if wanted is None or k in wanted]
        return {
            "error_code": code,
            "error_message": f"Unknown topic: {resource['resource_name']}" if code else None,
            "resource_type": resource["resource_type"],
            "resource_name": resource["resource_name"],
            "configs": configs,
        }

    # --- records

    async def init_producer_id(self, request: Message) -> Message:
        if request["transactional_id"] is not None:
            return {
                "throttle_time_ms": 0,
                "error_code": ErrorCode.INVALID_REQUEST,
                "producer_id": -1,
                "producer_epoch": -1,
            }
        number = next(self._producer_ids)
        return {"throttle_time_ms": 0, "error_code": ErrorCode.NONE, "producer_id": number, "producer_epoch": 0}

    async def produce(self, request: Message) -> Message | None:
        topics = [
            {"name": t["name"], "partitions": [self._append(t["name"], p) for p in t["partitions"]]}
            for t in request["topics"]
        ]
        self._grown.set()
        self._grown = asyncio.Event()
        return {"topics": topics, "throttle_time_ms": 0} if request["acks"] else None

    def _append(self, topic: str, partition: Message) -> Message:
        code, offset, message = ErrorCode.NONE, -1, None
        log = self._log(topic, partition["index"])
        if log is None:
            code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        else:
            try:
                offset = log.append(partition["records"] or b"")
            except RejectedRecords as error:
                code, message = error.code, str(error)
        return {
            "index": partition["index"],
            "error_code": code,
            "base_offset": offset,
            "log_append_time_ms": -1,
            "log_start_offset": 0,
            "record_errors": [],
            "error_message": message,
        }

    async def fetch(self, request: Message) -> Message:
        """Answer when ``min_bytes`` are there, something is wrong, or ``max_wait_ms`` have passed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request["max_wait_ms"] / 1000
        while True:
            grown = self._grown
            topics, size, failed = self._read(request)
            patience = deadline - loop.time()
            if failed or size >= request["min_bytes"] or patience <= 0:
                return {"throttle_time_ms": 0, "error_code": ErrorCode.NONE, "session_id": 0, "topics": topics}
            try:
                await asyncio.wait_for(grown.wait(), patience)
            except TimeoutError:
                deadline = 0.0

    def _read(self, request: Message) -> tuple[list[Message], int, bool]:
        room, size, failed = request["max_bytes"], 0, False
        topics: list[Message] = []
        for topic in request["topics"]:
            partitions: list[Message] = []
            for wanted in topic["partitions"]:
                answer = self._read_partition(topic["name"], wanted, min(room, wanted["partition_max_bytes"]), size > 0)
                partitions.append(answer)
                size += len(answer["records"])
                room -= len(answer["records"])
                failed = failed or answer["error_code"] != ErrorCode.NONE
            topics.append({"name": topic["name"], "partitions": partitions})
        return topics, size, failed

    def _read_partition(self, topic: str, wanted: Message, room: int, has_records: bool) -> Message:
        log, records, code = self._log(topic, wanted["index"]), b"", ErrorCode.NONE
        if log is None:
            code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        elif room > 0 or not has_records:
            # The first batch is sent whatever its size, or a reader with a small limit would never get past it.
            try:
                records = log.read(wanted["fetch_offset"], room)
            except RejectedRecords as error:
                code = error.code
        end = log.end if log else -1
        return {
            "index": wanted["index"],
            "error_code": code,
            "high_watermark": end,
            "last_stable_offset": end,
            "log_start_offset": 0,
            "aborted": None,
            "preferred_read_replica": -1,
            "records": records,
        }

    async def list_offsets(self, request: Message) -> Message:
        topics = [
            {"name": t["name"], "partitions": [self._find_offset(t["name"], p) for p in t["partitions"]]}
            for t in request["topics"]
        ]
        return {"throttle_time_ms": 0, "topics": topics}

    def _find_offset(self, topic: str, wanted: Message) -> Message:
        log = self._log(topic, wanted["index"])
        offset, timestamp = log.offset_for(wanted["timestamp"]) if log else (-1, -1)
        code = ErrorCode.NONE if log else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return {
            "index": wanted["index"],
            "error_code": code,
            "timestamp": timestamp,
            "offset": offset,
            "leader_epoch": -1,
        }

    def _log(self, topic: str, index: int) -> PartitionLog | None:
        partitions = self._topics[topic].partitions if topic in self._topics else []
        return partitions[index] if 0 <= index < len(partitions) else None


def _entry(name: str, value: Any, is_set: bool) -> Message:
    return {
        "name": name,
        "value": value,
        "read_only": False,
        "config_source": _SET_FOR_THE_TOPIC if is_set else _BY_DEFAULT,
        "is_sensitive": False,
        "synonyms": [],
        "config_type": 0,
        "documentation": None,
    }
