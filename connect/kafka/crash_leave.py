"""A dead worker leaves its group: what would be its last request, made by a process that has outlived it.

Without it the group waits for the end of the dead member's session. Whoever carries it out has made sure that worker
and tasks are dead: their work begins elsewhere at once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import orjson

from connect.api.errors import ConfigException
from connect.kafka.door import KafkaException
from connect.kafka.group_admin import PythonGroupAdmin

log = logging.getLogger(__name__)


def last_will(properties: Mapping[str, str], group: str, member_id: str | None) -> bytes:
    """The will of a member of a group, reached with those client properties; nothing when it isn't one."""
    if member_id is None:
        return b""
    return orjson.dumps({"properties": dict(properties), "group": group, "member": member_id})


def carry_out(will: bytes) -> None:
    """Let the dead member leave; when that fails, the group finds out by itself."""
    told = orjson.loads(will)
    group, member_id = told["group"], told["member"]
    try:
        PythonGroupAdmin(told["properties"]).remove_members(group, [member_id])
        log.warning("The worker was killed: its member %s has left the group %s", member_id, group)
    except (ConfigException, KafkaException) as error:
        log.warning(
            "The worker was killed, and its member %s could not leave the group %s: %s", member_id, group, error
        )
