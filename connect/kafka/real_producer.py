"""The client's producer, with fatal errors that can be told."""

from __future__ import annotations

from typing import Any

import confluent_kafka

from connect.kafka.door import KafkaError, KafkaException


class RealProducer(confluent_kafka.Producer):
    """``poll`` and ``flush`` raise what is fatal as ``KafkaException``.

    The client sets that exception first and calls delivery callbacks then, which fail in the interpreter for having an
    exception pending: all that came out was a SystemError.
    """

    def poll(self, *arguments: Any) -> int:
        try:
            return int(super().poll(*arguments))
        except SystemError as error:
            raise self._fatal(error) from None

    def flush(self, *arguments: Any) -> int:
        try:
            return int(super().flush(*arguments))
        except SystemError as error:
            raise self._fatal(error) from None

    def _fatal(self, error: SystemError) -> KafkaException:
        """What is wrong, as every call of a producer with a fatal error tells it."""
        try:
            self.abort_transaction(0)
        except KafkaException as told:
            if told.args[0].fatal():
                return told
        return KafkaException(KafkaError(KafkaError._FATAL, str(error), True))
