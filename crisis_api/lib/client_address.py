"""Where a request comes from, as far as anybody may be believed."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """Return the caller's IP address, of IPv6 the network that one subscriber has (/64).

    `X-Forwarded-For` is what our own NUM_PROXIES proxies wrote, counted from its end; what stands
    before that the caller wrote, and with no proxies nothing of it is read.
    """
    heard = [request.META.get("REMOTE_ADDR", "")]
    if settings.NUM_PROXIES:
        heard = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), *heard]
        # The nearest proxy is the one that connects; each names whoever connected to it.
        heard = heard[-settings.NUM_PROXIES - 1 :]
    return _plain(heard[0])


def _plain(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))
