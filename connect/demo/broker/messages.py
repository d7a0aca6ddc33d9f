"""Which requests the broker answers, in which versions, and what they look like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from connect.demo.broker.wire import Format, parse


class ErrorCode(IntEnum):
    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    UNKNOWN_TOPIC_OR_PARTITION = 3
    INVALID_TOPIC_EXCEPTION = 17
    ILLEGAL_GENERATION = 22
    INCONSISTENT_GROUP_PROTOCOL = 23
    UNKNOWN_MEMBER_ID = 25
    REBALANCE_IN_PROGRESS = 27
    UNSUPPORTED_VERSION = 35
    TOPIC_ALREADY_EXISTS = 36
    INVALID_PARTITIONS = 37
    INVALID_REPLICATION_FACTOR = 38
    INVALID_REQUEST = 42
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
    NON_EMPTY_GROUP = 68
    GROUP_ID_NOT_FOUND = 69
    INVALID_RECORD = 87


@dataclass(frozen=True)
class Api:
    """One kind of request: ``first`` to ``last`` are the versions of it that are spoken here."""

    key: int
    name: str
    first: int
    last: int
    request: Format
    response: Format


def _api(key: int, name: str, versions: tuple[int, int], request: str, response: str) -> Api:
    return Api(key, name, *versions, parse(request), parse(response))


_APIS = (
    _api(
        0,
        "produce",
        (3, 8),
        "transactional_id:nstr acks:i16 timeout_ms:i32 topics:[name:str partitions:[index:i32 records:nbytes]]",
        """topics:[name:str partitions:[index:i32 error_code:i16 base_offset:i64 log_append_time_ms:i64
           log_start_offset:i64@5 record_errors:[batch_index:i32 message:nstr]@8 error_message:nstr@8]]
           throttle_time_ms:i32""",
    ),
    _api(
        1,
        "fetch",
        (4, 11),
        """replica_id:i32 max_wait_ms:i32 min_bytes:i32 max_bytes:i32 isolation_level:i8 session_id:i32@7
           session_epoch:i32@7 topics:[name:str partitions:[index:i32 current_leader_epoch:i32@9 fetch_offset:i64
           log_start_offset:i64@5 partition_max_bytes:i32]] forgotten_topics:[name:str partitions:[i32]]@7
           rack_id:str@11""",
        """throttle_time_ms:i32 error_code:i16@7 session_id:i32@7 topics:[name:str partitions:[index:i32 error_code:i16
           high_watermark:i64 last_stable_offset:i64 log_start_offset:i64@5 aborted:[producer_id:i64 first_offset:i64]
           preferred_read_replica:i32@11 records:nbytes]]""",
    ),
    _api(
        2,
        "list_offsets",
        (1, 5),
        """replica_id:i32 isolation_level:i8@2
           topics:[name:str partitions:[index:i32 current_leader_epoch:i32@4 timestamp:i64]]""",
        """throttle_time_ms:i32@2
           topics:[name:str partitions:[index:i32 error_code:i16 timestamp:i64 offset:i64 leader_epoch:i32@4]]""",
    ),
    _api(
        3,
        "metadata",
        (1, 5),
        "topics:[str] allow_auto_topic_creation:bool@4",
        """throttle_time_ms:i32@3 brokers:[node_id:i32 host:str port:i32 rack:nstr] cluster_id:nstr@2 controller_id:i32
           topics:[error_code:i16 name:str is_internal:bool partitions:[error_code:i16 index:i32 leader_id:i32
           replicas:[i32] isr:[i32] offline_replicas:[i32]@5]]""",
    ),
    _api(
        8,
        "offset_commit",
        (2, 7),
        """group_id:str generation_id:i32 member_id:str group_instance_id:nstr@7 retention_time_ms:i64@2-4
           topics:[name:str partitions:[index:i32 offset:i64 leader_epoch:i32@6 metadata:nstr]]""",
        "throttle_time_ms:i32@3 topics:[name:str partitions:[index:i32 error_code:i16]]",
    ),
    _api(
        9,
        "offset_fetch",
        (1, 5),
        "group_id:str topics:[name:str partitions:[i32]]",
        """throttle_time_ms:i32@3 topics:[name:str partitions:[index:i32 offset:i64 leader_epoch:i32@5 metadata:nstr
           error_code:i16]] error_code:i16@2""",
    ),
    _api(
        10,
        "find_coordinator",
        (0, 2),
        "key:str key_type:i8@1",
        "throttle_time_ms:i32@1 error_code:i16 error_message:nstr@1 node_id:i32 host:str port:i32",
    ),
    _api(
        11,
        "join_group",
        (0, 5),
        """group_id:str session_timeout_ms:i32 rebalance_timeout_ms:i32@1 member_id:str group_instance_id:nstr@5
           protocol_type:str protocols:[name:str metadata:bytes]""",
        """throttle_time_ms:i32@2 error_code:i16 generation_id:i32 protocol_name:str leader:str member_id:str
           members:[member_id:str group_instance_id:nstr@5 metadata:bytes]""",
    ),
    _api(
        12,
        "heartbeat",
        (0, 3),
        "group_id:str generation_id:i32 member_id:str group_instance_id:nstr@3",
        "throttle_time_ms:i32@1 error_code:i16",
    ),
    _api(
        13,
        "leave_group",
        (0, 3),
        "group_id:str member_id:str@0-2 members:[member_id:str group_instance_id:nstr]@3",
        "throttle_time_ms:i32@1 error_code:i16 members:[member_id:str group_instance_id:nstr error_code:i16]@3",
    ),
    _api(
        14,
        "sync_group",
        (0, 3),
        """group_id:str generation_id:i32 member_id:str group_instance_id:nstr@3
           assignments:[member_id:str assignment:bytes]""",
        "throttle_time_ms:i32@1 error_code:i16 assignment:bytes",
    ),
    _api(
        15,
        "describe_groups",
        (0, 4),
        "groups:[str] include_authorized_operations:bool@3",
        """throttle_time_ms:i32@1 groups:[error_code:i16 group_id:str group_state:str protocol_type:str
           protocol_data:str members:[member_id:str group_instance_id:nstr@4 client_id:str client_host:str
           metadata:bytes assignment:bytes] authorized_operations:i32@3]""",
    ),
    _api(
        16,
        "list_groups",
        (0, 2),
        "",
        "throttle_time_ms:i32@1 error_code:i16 groups:[group_id:str protocol_type:str]",
    ),
    _api(
        18,
        "api_versions",
        (0, 2),
        "",
        "error_code:i16 api_keys:[api_key:i16 min_version:i16 max_version:i16] throttle_time_ms:i32@1",
    ),
    _api(
        19,
        "create_topics",
        (2, 4),
        """topics:[name:str num_partitions:i32 replication_factor:i16 assignments:[partition:i32 broker_ids:[i32]]
           configs:[name:str value:nstr]] timeout_ms:i32 validate_only:bool""",
        "throttle_time_ms:i32 topics:[name:str error_code:i16 error_message:nstr]",
    ),
    _api(
        20,
        "delete_topics",
        (1, 3),
        "topic_names:[str] timeout_ms:i32",
        "throttle_time_ms:i32 topics:[name:str error_code:i16]",
    ),
    _api(
        22,
        "init_producer_id",
        (0, 1),
        "transactional_id:nstr transaction_timeout_ms:i32",
        "throttle_time_ms:i32 error_code:i16 producer_id:i64 producer_epoch:i16",
    ),
    _api(
        32,
        "describe_configs",
        (1, 3),
        """resources:[resource_type:i8 resource_name:str configuration_keys:[str]] include_synonyms:bool
           include_documentation:bool@3""",
        """throttle_time_ms:i32 results:[error_code:i16 error_message:nstr resource_type:i8 resource_name:str
           configs:[name:str value:nstr read_only:bool config_source:i8 is_sensitive:bool
           synonyms:[name:str value:nstr source:i8] config_type:i8@3 documentation:nstr@3]]""",
    ),
    _api(
        42,
        "delete_groups",
        (0, 1),
        "groups:[str]",
        "throttle_time_ms:i32 results:[group_id:str error_code:i16]",
    ),
    _api(
        47,
        "offset_delete",
        (0, 0),
        "group_id:str topics:[name:str partitions:[index:i32]]",
        "error_code:i16 throttle_time_ms:i32 topics:[name:str partitions:[index:i32 error_code:i16]]",
    ),
)

APIS: dict[int, Api] = {api.key: api for api in _APIS}
BY_NAME: dict[str, Api] = {api.name: api for api in _APIS}

REQUEST_HEADER = parse("api_key:i16 api_version:i16 correlation_id:i32 client_id:nstr")
RESPONSE_HEADER = parse("correlation_id:i32")
