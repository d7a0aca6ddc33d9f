"""Syslog messages → topic, sent by a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks import bare, data
from benchmarks.case import Case, Setting, Side
from benchmarks.cases.copying import fresh_name, new_topic
from benchmarks.cases.names import JSON, STRING
from benchmarks.figures import CPU, PSS, RATE, Figures
from benchmarks.subjects import Subject
from tests.services.process import free_port
from tests.waiting import wait_until

_CLASS = "io.confluent.connect.syslog.SyslogSourceConnector"
_UDP_PER_SECOND = 50_000
_SETTLE_SECONDS = 2.0


def tcp(subject: Subject, setting: Setting) -> Figures:
    """RFC 5424 messages of 200 bytes over TCP, as fast as they are taken → topic, as JSON without schemas."""
    return _received(subject, setting, "tcp")


def udp(subject: Subject, setting: Setting) -> Figures:
    """The same over UDP, 50,000 a second: how many arrive."""
    return _received(subject, setting, "udp")


def _received(subject: Subject, setting: Setting, transport: str) -> Figures:
    topic, port = fresh_name(), free_port()
    config = {
        "connector.class": _CLASS,
        "tasks.max": "1",
        "topic": topic,
        "syslog.port": str(port),
        "syslog.listener": transport.upper(),
        "socket.rcvbuf.bytes": "4000000",
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
        "key.converter": STRING,
    }
    command = [sys.executable, "-m", "benchmarks.syslog_sender", transport, str(port), str(setting.records)]
    servers = setting.broker.bootstrap_servers
    with new_topic(setting, topic), data.end_offset(servers, topic) as count:
        subject.create(topic, config)
        subject.wait_until_running(topic)
        cpu = subject.cpu_seconds()
        with subprocess.Popen([*command, f"--rate={_UDP_PER_SECOND}"]):
            wait_until(count, timeout=120, look_every=0.005)
            began = time.perf_counter()
            arrived, last = _until_quiet(count, setting.records)
        used = subject.cpu_seconds() - cpu
        figures = {
            RATE: arrived / (last - began),
            CPU: used / arrived * 1e6,
            "arrived %": arrived / setting.records * 100,
            PSS: subject.pss_megabytes(),
        }
        subject.delete(topic)
    return figures


def _until_quiet(count: data.Counter, wanted: int) -> tuple[int, float]:
    """How many arrived, and when the last did."""
    arrived, last = count(), time.perf_counter()
    while arrived < wanted and time.perf_counter() - last < _SETTLE_SECONDS:
        time.sleep(0.02)
        now = count()
        if now > arrived:
            arrived, last = now, time.perf_counter()
    return arrived, last


CASES = (
    Case(
        "syslog-tcp",
        tcp,
        150_000,
        side=Side.PLUGIN,
        needs=_CLASS,
        limits=(bare.producer,),
        bound="The parser, in the task's Python thread; the sender takes a part of the other processor.",
    ),
    Case(
        "syslog-udp",
        udp,
        150_000,
        side=Side.PLUGIN,
        needs=_CLASS,
        bound="The sender's rate; above it the kernel drops datagrams that find the socket's buffer full.",
    ),
)
