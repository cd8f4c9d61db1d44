"""Where outgoing HTTP may go: which addresses, ports and schemes, and how a name is looked up.

Only what anybody could reach: no loopback, no private networks, no cloud metadata, in any spelling
or tunnel. HTTP_ALLOW_PRIVATE names hosts and networks that are trusted all the same.
"""

import ipaddress
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = frozenset({443, 8443})
DNS_PATIENCE = timedelta(seconds=1)
_LOOK_UPS_AT_ONCE = 32
_LOCAL_NAMES = ("localhost", "local", "localdomain", "internal", "intranet", "home.arpa")

# ipaddress's own `is_private` and `is_global` are wrong about several of these in Python 3.11.
_NOT_PUBLIC_V4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and cloud metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and cloud metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = [
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: leads to any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet could reach the address.

    An IPv4 address inside an IPv6 one is judged as what it is; tunnels (NAT64, 6to4, Teredo) are
    refused as such, since they may lead back inside.
    """
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is None:
            return address in _PUBLIC_V6 and not any(address in each for each in _NOT_PUBLIC_V6)
        address = mapped
    return not any(address in each for each in _NOT_PUBLIC_V4)


@dataclass(frozen=True, slots=True)
class Trusted:
    """The hosts and networks of HTTP_ALLOW_PRIVATE."""

    names: frozenset[str]
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    def covers(self, host: str, addresses: Sequence[Address]) -> bool:
        """Whether the host is trusted by name, or wherever it leads."""
        if host in self.names:
            return True
        return bool(addresses) and all(
            any(plain(address) in network for network in self.networks) for address in addresses
        )


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> Trusted:
    names, networks = set(), []
    for entry in entries:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            names.add(named(entry))
    return Trusted(frozenset(names), tuple(networks))


def trusted() -> Trusted:
    """Return what HTTP_ALLOW_PRIVATE allows."""
    return _parsed(tuple(settings.HTTP_ALLOW_PRIVATE))


def named(host: str) -> str:
    """Return a host in the form in which names are compared."""
    return host.strip("[]").rstrip(".").lower()


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def refusal(scheme: str, host: str, port: int, addresses: Sequence[Address]) -> str | None:
    """Return the code of what is wrong with a destination, None where it may be reached.

    Codes: `https_required`, `port_not_allowed`, `address_not_allowed`. Each address that a name
    has is judged: one that is not allowed refuses the whole name.
    """
    host = named(host)
    if scheme not in ("http", "https"):
        return "https_required"
    if trusted().covers(host, addresses):
        return None
    if scheme != "https":
        return "https_required"
    if port not in PORTS:
        return "port_not_allowed"
    if _is_local(host) or not all(is_public(address) for address in addresses):
        return "address_not_allowed"
    return None


def _is_local(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)


def judged(scheme: str, host: str, port: int) -> tuple[str | None, list[Address]]:
    """Return the code of what is wrong with a destination, and all its addresses.

    Raises TimeoutError and OSError as `look_up` does.
    """
    trust = trusted()
    if _is_local(named(host)) and named(host) not in trust.names and not trust.networks:
        # Nobody need be asked, and the question would tell others what we were asked to call.
        return "address_not_allowed", []
    addresses = look_up(host, port)
    return refusal(scheme, host, port, addresses), addresses


def _literal(host: str) -> Address | None:
    """Return the address that a host is already, in any of the ways to write one (`0x7f.1`)."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


_look_ups = threading.BoundedSemaphore(_LOOK_UPS_AT_ONCE)


def look_up(host: str, port: int) -> list[Address]:
    """Return every address of a name, in the resolver's order, at most one second later.

    Raises TimeoutError, or OSError where there is none. The resolver itself knows no time limit,
    so it is asked in a thread of its own, which is left behind when it takes too long.
    """
    literal = _literal(host)
    if literal is not None:
        return [literal]
    if not _look_ups.acquire(timeout=DNS_PATIENCE.total_seconds()):
        raise TimeoutError("too many look-ups at once")
    found: list[Address] = []
    failure: list[BaseException] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            texts = dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers)
            found.extend(ipaddress.ip_address(text) for text in texts)
        except BaseException as error:  # noqa: BLE001  handed to the thread that asked
            failure.append(error)
        finally:
            _look_ups.release()

    thread = threading.Thread(target=ask, name="look-up", daemon=True)
    thread.start()
    thread.join(DNS_PATIENCE.total_seconds())
    if thread.is_alive():
        raise TimeoutError("the name server did not answer in time")
    if failure:
        if isinstance(failure[0], UnicodeError):
            raise OSError("not a name that DNS could know") from failure[0]
        raise failure[0]
    return found
