"""Where contact points may lead."""

import pytest

from crisis_api.access.services import addresses
from crisis_api.lib.errors import Invalid

TELEGRAM = "tgram://123456789:abcdefg_hijklmnop-qrstuvwxyzABCDEFG/12315544/"


def refusal(kind, address):
    with pytest.raises(Invalid) as caught:
        addresses.check(kind, address)
    (error,) = caught.value.errors
    assert error.pointer == "/address"
    return error.code


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "anna@example.org"),
        ("apprise", TELEGRAM),
        ("apprise", TELEGRAM + "?silent=yes&thread=7"),
        ("apprise", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#crisis"),
        ("apprise", "twilio://AC735c307c62944b5a:e29dfbcebf390dee9@12315551234/15551230000"),
        ("apprise", "workflows://prod-01.westeurope.logic.azure.com:443/a" + "b" * 31 + "/c" * 20),
    ],
)
def test_takes_good_addresses(kind, address):
    assert addresses.check(kind, f" {address} ") == address


@pytest.mark.parametrize(
    ("kind", "address", "code"),
    [
        ("email", "anna", "bad_address"),
        ("email", "anna@example.org\nBcc: x@y.org", "bad_address"),
        ("email", "", "bad_address"),
        ("webhook", "https://127.0.0.1/hook", "address_not_allowed"),
        ("webhook", "http://93.184.216.34/hook", "https_required"),
        ("webhook", "not an address", "invalid_url"),
        ("apprise", "anna", "scheme_not_allowed"),
        ("apprise", "json://127.0.0.1/hook", "scheme_not_allowed"),
        ("apprise", "syslog://", "scheme_not_allowed"),
        ("apprise", "file:///etc/passwd", "scheme_not_allowed"),
        ("apprise", "JSON://127.0.0.1/hook", "scheme_not_allowed"),
        ("apprise", "tgram://nonsense", "bad_address"),
        # Apprise would read the file and send it along.
        ("apprise", TELEGRAM + "?template=/etc/passwd", "parameter_not_allowed"),
        ("apprise", TELEGRAM + "?silent=yes;TEMPLATE=/etc/passwd", "parameter_not_allowed"),
        ("apprise", TELEGRAM + "?verify=no", "parameter_not_allowed"),
        ("apprise", TELEGRAM + "?rto=9999", "parameter_not_allowed"),
        ("apprise", TELEGRAM + "?+X-Header=1", "parameter_not_allowed"),
        ("apprise", "workflows://127.0.0.1:443/abc/def/", "host_not_allowed"),
        ("apprise", "workflows://logic.azure.com.evil.example/abc/def/", "host_not_allowed"),
    ],
)
def test_refuses_what_leads_elsewhere(kind, address, code):
    assert refusal(kind, address) == code


def test_allows_every_scheme_that_is_allowed_unless_told_otherwise(settings):
    from apprise.manager_plugins import NotificationManager

    known = NotificationManager().schemas()
    assert settings.APPRISE_SCHEMES.issubset(known)


def test_offers_the_console_only_to_demonstrations_and_developers(settings):
    settings.DEMO = settings.DEBUG = False
    assert refusal("console", "Anna") == "console_off"
    settings.DEMO = True
    assert addresses.check("console", "Anna") == "Anna"


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("email", "anna@example.org", "a***@example.org"),
        ("apprise", TELEGRAM, "tgram://***"),
        (
            "webhook",
            "https://user:pass@hooks.example.org/secret?token=1",
            "https://hooks.example.org/***",
        ),
        ("console", "Anna", "Anna"),
    ],
)
def test_shows_others_no_more_than_they_need_to_recognise_it(kind, address, shown):
    assert addresses.masked(kind, address) == shown
