"""The parser of syslog messages beside other Python libraries; those that aren't installed are left out."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from benchmarks.alone.converters import measure
from benchmarks.case import Measured
from benchmarks.syslog_sender import message
from connectors.syslog.dates import Dates
from connectors.syslog.parser import Parser

_NEW = "RFC 5424, 200 B, structured data"
_PLAIN = "RFC 5424, 200 B"
_OLD = "RFC 3164, 120 B"
_CEF = "CEF, 220 B"
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


def measure_all(size: int, seconds: float) -> list[Measured]:
    """Microseconds per message."""
    made = samples(size)
    lines = []
    for name, (make, kinds) in _LIBRARIES.items():
        try:
            parse = make()
        except ImportError:
            continue  # it isn't ours to bring
        lines += [Measured(name, kind, _time(parse, made[kind], seconds), None) for kind in kinds]
    return lines


def _time(parse: Callable[[bytes], object], messages: list[bytes], seconds: float) -> float:
    def work() -> None:
        for each in messages:
            parse(each)

    return measure(work, len(messages), seconds)
