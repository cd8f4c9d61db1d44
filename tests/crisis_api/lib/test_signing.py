import base64
import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crisis_api.lib import signing
from crisis_api.lib.errors import NotAuthenticated, NotFound

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
OLD, NEW = signing.new_secret(), signing.new_secret()
BODY = '{"type": "incident.opened", "ё": 1}'.encode()


def signed(*secrets: str, at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    return signing.sign(secrets or (NEW,), "msg_1", at, body)


def verified(
    headers: dict[str, str], *secrets: str, body: bytes = BODY, now: datetime = NOW
) -> str:
    return signing.verify(secrets or (NEW,), headers, body, now=now)


def test_makes_secrets_of_32_random_bytes() -> None:
    assert NEW.startswith("whsec_")
    assert len(base64.b64decode(NEW.removeprefix("whsec_"))) == 32
    assert NEW != OLD


def test_signs_so_that_the_official_library_verifies() -> None:
    headers = signed(OLD, NEW, at=datetime.now(UTC))
    for secret in (OLD, NEW):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.new_secret()).verify(BODY, headers)


def test_signs_the_same_moment_in_any_zone() -> None:
    assert signed(at=NOW) == signed(at=NOW.astimezone(timezone(timedelta(hours=9))))


def test_verifies_what_was_signed_with_any_of_the_secrets() -> None:
    assert verified(signed(OLD), NEW, OLD) == "msg_1"
    assert verified(signed(OLD, NEW), NEW) == "msg_1"
    assert verified({name.upper(): value for name, value in signed().items()}) == "msg_1"


def test_takes_a_known_signature_among_unknown_ones() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,xyz v9,abc v1,!!! garbage {headers['webhook-signature']}"
    assert verified(headers) == "msg_1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_takes_five_minutes_either_way(seconds: int) -> None:
    assert verified(signed(), now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1e20"},
        {"webhook-timestamp": "9" * 20},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": str(int(NOW.timestamp()) - 301)},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 301)},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "msg.1"},
    ],
)
def test_refuses_anything_else_in_the_same_way(changes: dict[str, str]) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        verified(signed() | changes)
    assert refusal.value.code == "bad_signature"


def test_refuses_another_body_secret_or_time() -> None:
    for attempt in (
        lambda: verified(signed(), body=BODY + b" "),
        lambda: verified(signed(), OLD),
        lambda: verified(signed(), now=NOW + timedelta(seconds=301)),
        lambda: verified({}),
        lambda: signing.verify([], signed(), BODY, now=NOW),
    ):
        with pytest.raises(NotAuthenticated):
            attempt()


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()
    )
)
def test_never_fails_on_hostile_headers(changes: dict[str, str]) -> None:
    with contextlib.suppress(NotAuthenticated):
        verified(signed() | changes)


@pytest.mark.parametrize("message_id", ["a.b", "", "a b", "a\nb", "x" * 256])
def test_signs_no_id_that_could_be_read_as_another(message_id: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        signing.sign([NEW], message_id, NOW, BODY)


def test_signs_nothing_without_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        signing.sign([], "msg_1", NOW, BODY)


def test_posts_signed(httpserver: Any, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1", "localhost"]
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    now = datetime.now(UTC)
    answer = signing.signed_post(
        httpserver.url_for("/hook"), [OLD, NEW], "msg_1", {"a": "ё"}, at=now
    )
    assert answer.status == 204
    request, _ = httpserver.log[0]
    assert request.headers["Content-Type"] == "application/json"
    assert Webhook(OLD).verify(request.data, dict(request.headers)) == {"a": "ё"}


# Links


def test_reads_what_a_link_says_until_it_expires() -> None:
    token = signing.sign_link({"for": "x", "id": "1"}, NOW + timedelta(hours=1))
    assert signing.read_link(token, NOW) == {"for": "x", "id": "1"}
    with pytest.raises(signing.LinkExpired) as refusal:
        signing.read_link(token, NOW + timedelta(hours=1))
    assert (refusal.value.status, refusal.value.code) == (410, "link_expired")


def test_makes_links_that_need_no_escaping() -> None:
    token = signing.sign_link({"id": "ё" * 50}, NOW)
    assert all(each.isascii() and (each.isalnum() or each in "-_:.") for each in token)


@pytest.mark.parametrize(
    "change", [lambda t: t + "x", lambda t: t[1:], lambda t: t[:-1], lambda t: ""]
)
def test_knows_only_its_own_links(change: Any) -> None:
    token = signing.sign_link({"id": "1"}, NOW + timedelta(hours=1))
    with pytest.raises(NotFound):
        signing.read_link(change(token), NOW)


def test_does_not_take_links_of_another_key(settings: Any) -> None:
    token = signing.sign_link({"id": "1"}, NOW + timedelta(hours=1))
    settings.SECRET_KEY = "another-key" * 5
    with pytest.raises(NotFound):
        signing.read_link(token, NOW)


@given(st.text())
def test_never_fails_on_a_hostile_token(token: str) -> None:
    with pytest.raises(NotFound):
        signing.read_link(token, NOW)
