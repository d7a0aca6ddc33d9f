"""The connectors: Confluent's, and the three of the community plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from connect.api import ConfigDef, ConfigException, ConfigValue, ExactlyOnceSupport, SourceConnector
from connectors.syslog import community_config, config
from connectors.syslog.task import (
    MessageSourceTask,
    SSLTCPSyslogSourceTask,
    SyslogSourceTask,
    TCPSyslogSourceTask,
    UDPSyslogSourceTask,
)


class _SyslogConnector(SourceConnector):
    """What the four share: they check their settings and leave listening to their tasks."""

    TASK: ClassVar[type[SyslogSourceTask]]

    def start(self, config: Mapping[str, str]) -> None:
        self._settings = self.TASK().read_settings(config, "")
        self._config = dict(config)

    def task_class(self) -> type[SyslogSourceTask]:
        return self.TASK

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        count = max_tasks if self._settings.listening.share_port else 1
        return [{**self._config, "task.index": str(index)} for index in range(count)]

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport:
        spooled = bool(config.get("syslog.spool.directory"))
        return ExactlyOnceSupport.SUPPORTED if spooled else ExactlyOnceSupport.UNSUPPORTED

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        found = cls.CONFIG.validate(config)
        if not any(value.errors for value in found):
            try:
                cls.TASK().read_settings(config, "")
            except ConfigException as error:
                _blame(found, error)
        return found


def _blame(found: list[ConfigValue], error: ConfigException) -> None:
    """Put the error to the key that its text names, or to the port when it names none."""
    text = str(error)
    named = [value for value in found if f" for configuration {value.name}: " in text]
    blamed = named or [value for value in found if value.name == "syslog.port"]
    blamed[0].errors.append(text)


class SyslogSourceConnector(_SyslogConnector):
    """Receives syslog messages over UDP, TCP or TLS: RFC 5424, RFC 3164 and CEF, told apart message by message.

    The port is opened on the worker that runs the task. While Kafka is slow, reading pauses: TCP senders then wait, and
    UDP datagrams are dropped once the kernel's buffer is full, which `GET /metrics` counts. What waits in memory is
    lost when the task stops; `syslog.spool.directory` keeps it on disk.
    """

    CONFIG: ConfigDef = config.CONFIG
    TASK = MessageSourceTask
    EXAMPLE = {
        "name": "syslog",
        "config": {"syslog.listener": "TCP", "syslog.port": "5140", "topic": "syslog"},
    }


class UDPSyslogSourceConnector(_SyslogConnector):
    """Receives syslog messages over UDP and takes their header apart: facility, level, date and host."""

    CONFIG: ConfigDef = community_config.COMMON
    TASK = UDPSyslogSourceTask
    EXAMPLE = {"name": "syslog-udp", "config": {"syslog.port": "5140", "kafka.topic": "syslog"}}


class TCPSyslogSourceConnector(_SyslogConnector):
    """Receives syslog messages over TCP and takes their header apart: facility, level, date and host."""

    CONFIG: ConfigDef = community_config.TCP
    TASK = TCPSyslogSourceTask
    EXAMPLE = {"name": "syslog-tcp", "config": {"syslog.port": "5140", "kafka.topic": "syslog"}}


class SSLTCPSyslogSourceConnector(_SyslogConnector):
    """Receives syslog messages over TLS and takes their header apart: facility, level, date and host."""

    CONFIG: ConfigDef = community_config.SSL_TCP
    TASK = SSLTCPSyslogSourceTask
    EXAMPLE = {
        "name": "syslog-tls",
        "config": {
            "syslog.port": "6514",
            "kafka.topic": "syslog",
            "syslog.keystore": "/etc/connect/syslog.p12",
            "syslog.keystore.password": "secret",
        },
    }
