"""What only kafka-python's admin client can do to consumer groups: forget single offsets, and remove members.

It is imported when it is first needed, since it takes long to load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from connect.kafka import python_client
from connect.kafka.door import KafkaError, KafkaException

T = TypeVar("T")


class PythonGroupAdmin:
    """Each call has a connection of its own: they are rare."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        """Raises ConfigException for a login that kafka-python can't perform."""
        self._settings = python_client.settings(properties)

    def delete_offsets(self, group: str, partitions: Iterable[tuple[str, int]]) -> None:
        """Forget what a group has committed for those partitions; nothing else. Raises KafkaException."""
        from kafka import TopicPartition

        wanted = [TopicPartition(*partition) for partition in partitions]
        answers = self._ask(lambda admin: admin.delete_group_offsets(group, wanted))
        for error in answers.values():
            _check(error.errno)

    def remove_members(self, group: str, member_ids: Iterable[str]) -> None:
        """Let members leave a group that can't do so themselves any more. Raises KafkaException."""
        from kafka.admin import MemberToRemove

        members = [MemberToRemove(member_id=member) for member in member_ids]
        self._ask(lambda admin: admin.remove_group_members(group, members))

    def _ask(self, question: Callable[[Any], T]) -> T:
        from kafka.admin import KafkaAdminClient
        from kafka.errors import KafkaError as PythonKafkaError

        try:
            admin = KafkaAdminClient(**self._settings)
            try:
                return question(admin)
            finally:
                admin.close()
        except PythonKafkaError as error:
            raise KafkaException(KafkaError(getattr(error, "errno", KafkaError._FAIL), str(error))) from error


def _check(code: int) -> None:
    if code:
        raise KafkaException(KafkaError(code))
