"""From the platform to a mention, over real sockets: connected, told of, verified, read."""

from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from incidents.intake import reading
from incidents.models import Connection, Mention, Receipt
from tests.factories.access import a_person, a_team, an_api
from tests.factories.incidents import an_account
from tests.platforms import OPEN_ID
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connected(connected_tiktok, live_server, settings):
    """An account that was connected as people do it, with webhooks that come to a real server."""
    settings.PUBLIC_URL = live_server.url
    connected_tiktok.tell("modes", allow_http=True)
    team = a_team()
    account = an_account(team, network="tiktok", handle="@new", external_id="new")
    api = an_api(a_person(team, "manager"))
    begun = api.post(f"/api/v1/accounts/{account.pk}/authorize/").json()
    with requests.Session() as browser:
        browser.trust_env = False
        sent_back = browser.get(begun["authorize_url"], allow_redirects=False, timeout=30)
    back = urlsplit(sent_back.headers["Location"])
    assert Client().get(f"{back.path}?{back.query}").status_code == 200
    assert Connection.objects.get().subscribed_at
    account.refresh_from_db()
    return account


def test_a_comment_there_is_a_mention_here(connected, connected_tiktok):
    video = connected_tiktok.video(open_id=OPEN_ID)
    comment = connected_tiktok.comment(video, "It burned my face, terrible!")
    until(lambda: Receipt.objects.exists())
    reading.sweep()

    mention = Mention.objects.get()
    assert (mention.external_id, mention.text) == (comment, "It burned my face, terrible!")
    assert mention.post.external_id == video
    assert mention.is_negative

    connected_tiktok.tell("comment", comment_id=comment, action="delete")
    until(lambda: reading.sweep() and Mention.objects.get().deleted_at)


def test_a_wave_arrives_whole_although_it_comes_twice_and_in_no_order(connected, connected_tiktok):
    connected_tiktok.tell("modes", duplicate=2, reorder="shuffle")
    video = connected_tiktok.video(open_id=OPEN_ID)
    connected_tiktok.tell("burst", video=video, n=40, per_second=200, reply_share=0)
    until(lambda: reading.sweep() + 1 and Mention.objects.count() == 40, 60)
    assert not Receipt.objects.exclude(status__in=("parsed", "new")).exists()
