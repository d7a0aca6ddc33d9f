"""Quickstarts of what networks log: syslog, devices, firewalls."""

from __future__ import annotations

from collections.abc import Callable

from connectors.datagen.notation import Node, between, count, matching, one_of, record
from connectors.datagen.people import addresses, hex_texts, people


def _syslog_logs() -> Node:
    messages = (
        "Accepted publickey for deploy",
        "Failed password for invalid user admin",
        "session opened for user root",
        "Out of memory: killed process",
        "link is down",
        "connection reset by peer",
    )
    return record(
        "datagen.example.syslog_logs",
        name=one_of(("syslog",)),
        type=one_of(("RFC5424", "RFC3164", "CEF")),
        message=one_of(messages),
        host=one_of([f"host-{number}.example.com" for number in range(10)]),
        version=one_of(("1", "2")),
        tag=one_of(("sshd", "kernel", "cron", "nginx")),
        level=between(0, 8),
        facility=one_of(("auth", "daemon", "kern", "local0", "user")),
        severity=between(0, 8),
        appName=one_of(("sshd", "kernel", "cron", "nginx")),
        remoteAddress=one_of(addresses(20)),
        rawMessage=one_of([f"<34>1 - {message}" for message in messages]),
        processId=matching("[1-9][0-9]{3}"),
        messageId=matching("ID[0-9]{2}"),
        deviceVendor=one_of(("Acme", "Globex", "Initech")),
        deviceProduct=one_of(("Firewall", "Gateway", "Sensor")),
        deviceVersion=one_of(("1.0", "1.1", "2.0")),
        ts=count(1609459200000, 1000),
    )


def _device_information() -> Node:
    macs = [":".join(text[place : place + 2] for place in range(0, 12, 2)) for text in hex_texts(50, 12, 11)]
    return record(
        "datagen.example.device_information",
        device_ip=one_of(addresses(100)),
        mac_address=one_of(macs),
        owner=one_of([person.full_name for person in people(100)]),
    )


def _endpoint(name: str) -> Node:
    return record(f"siem.{name}", ip=one_of(addresses(100)), port=between(1024, 65536))


def _siem_logs() -> Node:
    return record(
        "siem.siem_logs",
        hostname=one_of([f"fw-{number:03d}.example.com" for number in range(100)]),
        action=one_of(("allow", "deny")),
        l4=one_of(("tcp",)),
        access_group=one_of(("admins", "guests", "partners", "servers", "staff")),
        source=_endpoint("source"),
        destination=_endpoint("destination"),
    )


QUICKSTARTS: dict[str, tuple[str, Callable[[], Node]]] = {
    "syslog_logs": ("host", _syslog_logs),
    "device_information": ("device_ip", _device_information),
    "siem_logs": ("hostname", _siem_logs),
}
