"""Links that a reminder carries."""

from datetime import timedelta
from uuid import uuid4

import pytest

from crisis_api.lib import clock
from crisis_api.lib.errors import NotFound
from crisis_api.lib.signing import LinkExpired, sign_link
from incidents.escalation import links

PERSON, INCIDENT = uuid4(), uuid4()


def token_of(link: str) -> str:
    assert link.startswith("http://testserver/ack/")
    return link.removeprefix("http://testserver/ack/").rstrip("/")


def test_says_for_whom_and_for_which_incident_an_acknowledge_link_is():
    now = clock.now()
    token = token_of(links.acknowledge_link(PERSON, INCIDENT, now))
    assert links.read_acknowledgement(token, now) == links.Acknowledgement(PERSON, INCIDENT)


def test_ends_after_a_day():
    now = clock.now()
    token = token_of(links.acknowledge_link(PERSON, INCIDENT, now))
    links.read_acknowledgement(token, now + timedelta(hours=23))
    with pytest.raises(LinkExpired):
        links.read_acknowledgement(token, now + timedelta(hours=24))


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: ""])
def test_refuses_what_we_did_not_sign(spoil):
    now = clock.now()
    token = token_of(links.acknowledge_link(PERSON, INCIDENT, now))
    with pytest.raises(NotFound):
        links.read_acknowledgement(spoil(token), now)


def test_refuses_a_link_that_we_signed_for_something_else():
    now = clock.now()
    other = {"for": "download", "owner": str(PERSON), "incident": str(INCIDENT)}
    with pytest.raises(NotFound):
        links.read_acknowledgement(sign_link(other, now + timedelta(hours=1)), now)


def test_leads_to_the_page_for_staff():
    assert links.incident_link(INCIDENT) == (
        f"http://testserver/admin/incidents/incident/{INCIDENT}/change/"
    )
    assert links.subject_link("follow_up", INCIDENT) == (
        f"http://testserver/admin/responses/followup/{INCIDENT}/change/"
    )
    assert links.subject_link("team", INCIDENT) == (
        f"http://testserver/admin/access/team/{INCIDENT}/change/"
    )
    assert links.subject_link("pigeon", INCIDENT) == ""
