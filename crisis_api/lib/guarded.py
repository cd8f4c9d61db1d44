"""Connections that go only where `destinations` allows, and end when their time is up.

The name is looked up when the connection is made, and the address that was judged is the one that
is connected to: a name that leads elsewhere a moment later gains nothing. A kept connection stays
with the address it was made to.
"""

import ipaddress
import socket
import ssl
import threading
import time
from datetime import timedelta
from functools import cache
from typing import Any

import certifi
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from crisis_api.lib import destinations
from crisis_api.lib.destinations import Address
from crisis_api.lib.errors import ChannelError

CONNECT_PATIENCE = timedelta(seconds=3)
_ADDRESSES_TRIED = 3


class Budget(threading.local):
    """How long the thread's present request may still take, by the wall."""

    until = float("inf")

    def start(self, patience: timedelta) -> None:
        """Begin a request."""
        self.until = time.monotonic() + patience.total_seconds()

    def left(self) -> float:
        """Return the seconds left, or raise TimeoutError."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request's time is up")
        return left


budget = Budget()


# A time-out of a socket begins again with every byte, so that a receiver who sends one byte a
# second would hold the connection for ever. Each wait here is for what is left of the whole.


class _TimedSocket(socket.socket):
    """A socket whose waits all end together."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(budget.left())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(budget.left())
        return super().send(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(budget.left())
        super().sendall(*args, **kwargs)


class _TimedTlsSocket(ssl.SSLSocket):
    """The same over TLS."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(budget.left())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(budget.left())
        return super().send(*args, **kwargs)


def connected(scheme: str, host: str, port: int, *, trusted: bool = False) -> socket.socket:
    """Return a connection to an address of the host that may be reached, or raise ChannelError.

    `trusted`: the operator set the address, so it may be anywhere.
    """
    refused, addresses = _judged(scheme, host, port, trusted)
    if refused:
        raise ChannelError(refused, f"{host} may not be reached.")
    limit = time.monotonic() + min(CONNECT_PATIENCE.total_seconds(), budget.left())
    failure: OSError = OSError("no address")
    for address in addresses[:_ADDRESSES_TRIED]:
        try:
            return _to(scheme, host, address, port, limit, trusted)
        except OSError as error:
            failure = error
    code = "connect_timeout" if isinstance(failure, TimeoutError) else "connection_refused"
    raise ChannelError(code, f"{host} cannot be connected to.") from failure


def _judged(scheme: str, host: str, port: int, trusted: bool) -> tuple[str | None, list[Address]]:
    try:
        if trusted:
            return None, destinations.look_up(host, port)
        return destinations.judged(scheme, host, port)
    except TimeoutError as error:
        raise ChannelError("dns_timeout", f"{host} could not be looked up in time.") from error
    except OSError as error:
        raise ChannelError("dns_failed", f"{host} has no address.") from error


def _to(
    scheme: str, host: str, address: Address, port: int, limit: float, trusted: bool
) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    connection = _TimedSocket(family, socket.SOCK_STREAM)
    try:
        left = limit - time.monotonic()
        if left <= 0:
            raise TimeoutError("connecting took too long")
        connection.settimeout(left)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect((str(address), port))
        peer = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0])
        refused = None if trusted else destinations.refusal(scheme, host, port, [peer])
        if refused:
            raise ChannelError(refused, f"{host} may not be reached.")
        connection.settimeout(budget.left())
    except BaseException:
        connection.close()
        raise
    return connection


class _GuardedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connected("http", self.host, self.port or 80)


class _GuardedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return connected("https", self.host, self.port or 443)


class _TrustedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connected("http", self.host, self.port or 80, trusted=True)


class _TrustedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return connected("https", self.host, self.port or 443, trusted=True)


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPSConnection


class _TrustedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TrustedHTTPConnection


class _TrustedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TrustedHTTPSConnection


@cache
def tls() -> ssl.SSLContext:
    """Return what certificates are judged by: certifi's authorities, and this host's own.

    Read once, since reading them takes longer than a request; SSL_CERT_FILE adds a private one.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _TimedTlsSocket
    return context


class GuardedAdapter(HTTPAdapter):
    """requests' adapter with our connections, without proxies or repetitions of its own."""

    def __init__(self, *, trusted: bool = False, **kwargs: Any) -> None:
        self._trusted = trusted
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools of guarded connections only."""
        super().init_poolmanager(*args, **kwargs, ssl_context=tls())
        self.poolmanager.pool_classes_by_scheme = {
            "http": _TrustedHTTPPool if self._trusted else _GuardedHTTPPool,
            "https": _TrustedHTTPSPool if self._trusted else _GuardedHTTPSPool,
        }

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Insist on a good certificate, judged by our context, whatever was asked."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Refuse: a proxy would look names up for itself."""
        raise ChannelError("proxy_not_allowed", "Webhooks go straight to their receiver.")
