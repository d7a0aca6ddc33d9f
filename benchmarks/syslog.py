"""Syslog: the parser beside other Python libraries, and a source task end to end. ``python -m benchmarks.syslog``.

``parsers`` measures CPU time of one core; libraries that aren't installed are left out. ``udp`` and ``tcp`` send
messages of 200 bytes to a worker (values as JSON without schemas) and count what Kafka has.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable

from benchmarks import data
from benchmarks.subjects import PYTHON, Subject
from benchmarks.syslog_sender import message
from connectors.syslog.dates import Dates
from connectors.syslog.parser import Parser
from tests.services import KafkaBroker
from tests.services.process import free_port
from tests.waiting import wait_until

_NEW = "RFC 5424, 200 B, structured data"
_PLAIN = "RFC 5424, 200 B"
_OLD = "RFC 3164, 120 B"
_CEF = "CEF, 220 B"
_SETTLE_SECONDS = 15.0
_OURS = "connectors.syslog"


def samples(count: int) -> dict[str, list[bytes]]:
    """Messages of each kind."""
    plain = "<165>1 2026-10-11T22:14:15.{:06}Z host.example.com app 1234 ID47 - request {} served"
    old = "<38>Oct 11 22:14:{:02} web1 sshd[{}]: Accepted publickey for deploy from 192.0.2.10 port 50022 ssh2: RSA"
    cef = (
        "<134>Oct 11 22:14:{:02} fw1 CEF:0|Acme|Firewall|1.0|100|Connection blocked|5|src=192.0.2.1 dst=198.51.100.7 "
        "spt={} dpt=443 act=blocked msg=Blocked by a rule rt=1760220855000"
    )
    return {
        _NEW: [message(i) for i in range(count)],
        _PLAIN: [plain.format(i % 1_000_000, i).ljust(200, ".").encode() for i in range(count)],
        _OLD: [old.format(i % 60, i).ljust(120, ".").encode() for i in range(count)],
        _CEF: [cef.format(i % 60, i).ljust(220, ".").encode() for i in range(count)],
    }


def _ours() -> Callable[[bytes], object]:
    parse = Parser(Dates()).parse
    return lambda data: parse(data.decode())


def _rfc5424_parser() -> Callable[[bytes], object]:
    parse = importlib.import_module("syslog_rfc5424_parser").SyslogMessage.parse
    return lambda data: parse(data.decode())


def _syslogmp() -> Callable[[bytes], object]:
    parse: Callable[[bytes], object] = importlib.import_module("syslogmp").parse
    return parse


_LIBRARIES: dict[str, tuple[Callable[[], Callable[[bytes], object]], tuple[str, ...]]] = {
    _OURS: (_ours, (_NEW, _PLAIN, _OLD, _CEF)),
    "syslog-rfc5424-parser": (_rfc5424_parser, (_NEW, _PLAIN)),
    "syslogmp": (_syslogmp, (_OLD,)),
}


def measure_parsers(count: int) -> None:
    """Print messages per second of CPU time, the best of five runs."""
    made = samples(count)
    few = {kind: messages[: count // 20] for kind, messages in made.items()}
    for name, (make, kinds) in _LIBRARIES.items():
        try:
            parse = make()
        except ImportError:
            print(f"{name:24} not installed: pip install {name}")
            continue
        for kind in kinds:
            print(f"{name:24} {kind:34} {_best(parse, (made if name == _OURS else few)[kind]):12,.0f} messages/s")


def _best(parse: Callable[[bytes], object], messages: list[bytes]) -> float:
    best = 0.0
    for _ in range(5):
        began = time.process_time()
        for each in messages:
            parse(each)
        best = max(best, len(messages) / (time.process_time() - began))
    return best


def measure_task(broker: KafkaBroker, transport: str, count: int, rate: int) -> None:
    """Print how many of ``count`` messages arrived, how fast, and the CPU time of all the worker's processes."""
    topic, port = f"bench-{uuid.uuid4()}", free_port()
    servers = broker.bootstrap_servers
    data.create_topic(servers, topic)
    with Subject(PYTHON, broker) as subject, data.end_offset(servers, topic) as arrived:
        config = {
            "connector.class": "io.confluent.connect.syslog.SyslogSourceConnector",
            "tasks.max": "1",
            "topic": topic,
            "syslog.port": str(port),
            "syslog.listener": transport.upper(),
            "socket.rcvbuf.bytes": "4000000",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        }
        subject.create(topic, config)
        subject.wait_until_running(topic)
        cpu = subject.cpu_seconds()
        command = [sys.executable, "-m", "benchmarks.syslog_sender", transport, str(port), str(count), f"--rate={rate}"]
        with subprocess.Popen(command):
            wait_until(arrived, timeout=120)
            began = time.perf_counter()
            seen, last = _until_quiet(arrived, count)
        used = subject.cpu_seconds() - cpu
        memory = subject.pss_megabytes()
    seconds = last - began
    share, each = used / seconds * 100, used / seen * 1e6
    print(
        f"{transport}: {seen:,} of {count:,} arrived, {seen / seconds:,.0f} messages/s, {share:.0f} % of a core "
        f"({each:.1f} µs CPU per message, all processes), PSS {memory:.0f} MB"
    )


def _until_quiet(arrived: Callable[[], int], wanted: int) -> tuple[int, float]:
    """How many arrived, and when the last did."""
    seen, last = arrived(), time.perf_counter()
    while seen < wanted and time.perf_counter() - last < _SETTLE_SECONDS:
        time.sleep(0.02)
        now = arrived()
        if now > seen:
            seen, last = now, time.perf_counter()
    return seen, last


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["parsers", "udp", "tcp"], metavar="parsers|udp|tcp")
    parser.add_argument("--messages", type=int, default=600_000)
    parser.add_argument("--rate", type=int, default=70_000, help="of UDP, messages per second")
    options = parser.parse_args()
    if "parsers" in options.cases:
        measure_parsers(100_000)
    transports = [case for case in options.cases if case != "parsers"]
    if transports:
        with KafkaBroker() as broker:
            for transport in transports:
                measure_task(broker, transport, options.messages, options.rate)


if __name__ == "__main__":
    main()
