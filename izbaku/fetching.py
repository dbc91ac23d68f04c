"""Reading an address of the web on behalf of somebody else: nothing of this server's own network, and not for ever."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Timer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

LIMIT = 10_000_000
WAIT_SECONDS = 20.0
WHOLE_SECONDS = 60.0

Judge = Callable[[IPv4Address | IPv6Address], bool]


class Unreachable(ValueError):
    """The address gave nothing that can be used; the message says why, in one line."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the whole world may reach it: not this machine, not its network, not a cloud's own services."""
    mapped = getattr(address, "ipv4_mapped", None)
    return is_public(mapped) if mapped else address.is_global and not address.is_multicast


def fetch(address: str, may_reach: Judge = is_public) -> bytes:
    """The bytes of an http or https address; raises Unreachable.

    Every connection is checked and made to the very address that was checked, redirects included; a name that
    answers differently the second time gains nothing. At most 10 MB, at most a minute.
    """
    deadline = time.monotonic() + WHOLE_SECONDS
    try:
        with _opener(may_reach, deadline).open(address, timeout=WAIT_SECONDS) as answer:
            data = bytearray()
            while chunk := answer.read1(65536):
                data += chunk
                if len(data) > LIMIT:
                    raise Unreachable(f"{address} is larger than {LIMIT // 1_000_000} MB.")
                if time.monotonic() > deadline:
                    raise Unreachable(f"{address} answers too slowly.")
    except Unreachable:
        raise
    except URLError as error:
        if isinstance(error, HTTPError):
            error.close()
        raise Unreachable(f"{address} cannot be fetched: {' '.join(str(error.reason).split())}") from error
    except (HTTPException, OSError, ValueError) as error:
        raise Unreachable(f"{address} does not answer as a web server does.") from error
    return bytes(data)


def _opener(may_reach: Judge, deadline: float) -> OpenerDirector:
    """Opens http and https only, also where an answer sends us on. No proxy: it would look names up out of sight."""
    opener = OpenerDirector()
    for handler in (
        UnknownHandler(),
        _Http(may_reach, deadline),
        _Https(may_reach, deadline),
        HTTPDefaultErrorHandler(),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


class _Bounds:
    """Where a connection may go, and until when it may take to answer."""

    def __init__(self, may_reach: Judge, deadline: float) -> None:
        super().__init__()
        self.may_reach = may_reach
        self.deadline = deadline

    def bind(self, connection: HTTPConnection) -> HTTPConnection:
        connection._create_connection = self.connect  # type: ignore[attr-defined]
        # A server that sends its headers letter by letter never runs into the wait for the next letter.
        timer = Timer(max(0.0, self.deadline - time.monotonic()), _hang_up, [connection])
        timer.daemon = True
        timer.start()
        return connection

    def connect(self, address: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:
        reached: OSError = OSError(f"{address[0]} has no address")
        for _family, _kind, _protocol, _name, found in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            if not self.may_reach(ip_address(str(found[0]).partition("%")[0])):
                reached = OSError(f"{address[0]} is not an address of the public web")
                continue
            try:
                return socket.create_connection((str(found[0]), int(found[1])), timeout, source_address)
            except OSError as error:
                reached = error
        raise reached


def _hang_up(connection: HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock:
            connection.sock.shutdown(socket.SHUT_RDWR)


class _Http(_Bounds, HTTPHandler):
    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(lambda host, **options: self.bind(HTTPConnection(host, **options)), request)


class _Https(_Bounds, HTTPSHandler):
    def https_open(self, request: Request) -> HTTPResponse:
        context = ssl.create_default_context()
        return self.do_open(
            lambda host, **options: self.bind(HTTPSConnection(host, context=context, **options)), request
        )
