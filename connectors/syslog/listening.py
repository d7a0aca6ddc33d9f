"""Opening the port."""

from __future__ import annotations

import errno
import ipaddress
import logging
import socket

from connect.api import ConnectException
from connectors.syslog.settings import Listening, Transport
from connectors.syslog.udp import enlarge_buffer

log = logging.getLogger(__name__)

_PRIVILEGED = 1024


def open_socket(listening: Listening) -> socket.socket:
    """The socket, bound and, for TCP, listening. Raises ConnectException, which says what is in the way."""
    family, address = _family_and_address(listening.address)
    datagrams = listening.transport is Transport.UDP
    sock = socket.socket(family, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # "::" takes IPv4 as well
        if not datagrams:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT are no obstacle
        if listening.share_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _set_buffer(sock, listening, datagrams=datagrams)
        sock.setblocking(False)
        sock.bind((address, listening.port))
        if not datagrams:
            sock.listen(listening.backlog)
    except OSError as error:
        sock.close()
        raise ConnectException(_refusal(listening, error)) from error
    return sock


def _set_buffer(sock: socket.socket, listening: Listening, *, datagrams: bool) -> None:
    given = enlarge_buffer(sock, listening.receive_buffer)
    if datagrams and given < listening.receive_buffer:
        log.warning(
            "The system gives a receive buffer of %d bytes and not socket.rcvbuf.bytes=%d: net.core.rmem_max limits it",
            given,
            listening.receive_buffer,
        )


def _family_and_address(text: str) -> tuple[socket.AddressFamily, str]:
    if not text:
        return (socket.AF_INET6, "::") if socket.has_dualstack_ipv6() else (socket.AF_INET, "0.0.0.0")  # noqa: S104
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return _resolved(text)
    return (socket.AF_INET if address.version == 4 else socket.AF_INET6), str(address)


def _resolved(name: str) -> tuple[socket.AddressFamily, str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ConnectException(f"Couldn't find the address of {name!r} to listen on: {error.strerror}") from error
    return family, str(address[0])


def _refusal(listening: Listening, error: OSError) -> str:
    kind = "UDP" if listening.transport is Transport.UDP else "TCP"
    where = f"{kind} port {listening.port} of {listening.address or 'all addresses'}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use by another program or connector on this worker"
    if error.errno == errno.EACCES and listening.port < _PRIVILEGED:
        return f"The worker has no right to listen on {where}: ports below {_PRIVILEGED} need CAP_NET_BIND_SERVICE"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This worker has no address {listening.address} to listen on"
    return f"Couldn't listen on {where}: {error.strerror}"
