import pytest
from django.test import RequestFactory

from crisis_api.lib.client_address import client_address


def address(settings, proxies, peer, forwarded=None):
    settings.NUM_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


def test_believes_nobody_without_proxies(settings):
    assert address(settings, 0, "192.0.2.7", "198.51.100.1") == "192.0.2.7"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "heard"),
    [
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1, 192.0.2.66", "198.51.100.1"),
        # Fewer than there are proxies: nobody before the first of them wrote anything.
        (2, "198.51.100.1", "198.51.100.1"),
        (1, None, "unknown"),
        (1, "1.2.3.4\t, evil", "unknown"),
    ],
)
def test_believes_as_many_proxies_as_there_are(settings, proxies, forwarded, heard):
    assert address(settings, proxies, "127.0.0.1", forwarded) == heard


@pytest.mark.parametrize(
    ("written", "taken_for"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
    ],
)
def test_takes_a_subscriber_for_one(settings, written, taken_for):
    assert address(settings, 0, written) == taken_for
