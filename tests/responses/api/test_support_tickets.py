import pytest

from crisis_api.lib.ids import uuid7
from responses.models import SupportTicket
from responses.services.ticket_drafting import draft_waiting
from tests.factories.access import a_person, a_team, an_api
from tests.factories.incidents import a_mention, an_account, an_incident

pytestmark = pytest.mark.django_db

URL = "/api/v1/support_tickets/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def api(team):
    return an_api(a_person(team, "responder"))


@pytest.fixture
def incident(team):
    account = an_account(team)
    incident = an_incident(team, account=account, category="spam")
    a_mention(account, incident=incident, text="Free coins", reasons=["spam"], risk=70)
    return incident


@pytest.fixture
def draft(api, incident):
    made = api.post(URL, {"incident": str(incident.pk)})
    assert made.status_code == 201, made.data
    draft_waiting()
    return made.json()["id"]


def test_is_drafting_for_a_moment_and_then_a_draft(api, incident, draft):
    shown = api.get(f"{URL}{draft}/").json()

    assert shown["status"] == "draft"
    assert shown["category"] == "spam"
    assert shown["incident"] == str(incident.pk)
    assert shown["incident_reference"] == incident.reference
    assert shown["mode"] == "standard"
    assert "Free coins" in shown["sections"]["mentions"]
    assert shown["missing"]
    assert shown["external_refs"] == []
    assert api.get(URL).json()["results"] == [shown]


def test_names_the_ticket_that_is_open_already(api, incident, draft):
    answer = api.post(URL, {"incident": str(incident.pk)})

    assert answer.status_code == 409
    assert answer.json()["code"] == "ticket_exists"
    assert answer.json()["ticket"] == draft


def test_refuses_an_incident_that_is_not_the_callers(api):
    for incident in (uuid7(), an_incident(a_team()).pk):
        answer = api.post(URL, {"incident": str(incident)})
        assert answer.status_code == 422
        assert answer.json()["code"] == "unknown_incident"


def test_goes_through_its_verbs(api, draft):
    def do(verb, data=None):
        return api.post(f"{URL}{draft}/{verb}/", data or {})

    refused = do("mark_ready")
    assert refused.status_code == 422
    assert refused.json()["code"] == "still_missing"
    assert refused.json()["missing"]

    assert do("mark_ready", {"accept_missing": True}).json()["status"] == "ready"
    assert do("mark_submitted", {"platform_ref": "TT-77"}).json()["platform_ref"] == "TT-77"
    assert do("record_answer", {"answer": "No violation."}).json()["status"] == "answered"
    assert do("appeal", {"reason": "There is."}).json()["status"] == "appealed"
    assert do("record_answer", {"answer": "Removed."}).json()["status"] == "answered"
    assert do("close").json()["status"] == "closed"
    late = do("redraft")
    assert late.status_code == 409
    assert late.json()["allowed"] == []


def test_keeps_written_sections_when_it_is_drafted_again(api, draft):
    edited = api.patch(f"{URL}{draft}/", {"sections": {"summary": "Mine"}}).json()
    assert edited["edited_sections"] == ["summary"]
    assert edited["sections"]["mentions"]

    assert api.post(f"{URL}{draft}/redraft/").json()["status"] == "drafting"
    draft_waiting()

    shown = api.get(f"{URL}{draft}/").json()
    assert (shown["status"], shown["sections"]["summary"]) == ("draft", "Mine")


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"sections": {"nonsense": "x"}}, "/sections/nonsense"),
        ({"sections": {"summary": 5}}, "/sections/summary"),
        ({"sections": {"summary": "a\u0000b"}}, None),
        ({"sections": ["summary"]}, "/sections"),
        ({"status": "ready"}, "/status"),
        ({"language": "de"}, "/language"),
    ],
)
def test_refuses_what_cannot_be_written(api, draft, data, pointer):
    answer = api.patch(f"{URL}{draft}/", data)

    assert answer.status_code == 400
    if pointer:
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_is_not_changed_from_an_old_version(api, draft):
    etag = api.get(f"{URL}{draft}/").headers["ETag"]
    data = {"sections": {"summary": "Mine"}}
    assert api.patch(f"{URL}{draft}/", data, HTTP_IF_MATCH=etag).status_code == 200

    again = {"sections": {"summary": "Hers"}}
    assert api.patch(f"{URL}{draft}/", again, HTTP_IF_MATCH=etag).status_code == 412


def test_is_seen_and_changed_by_nobody_else(draft, team):
    stranger = an_api(a_person(a_team(), "manager"))
    viewer = an_api(a_person(team, "viewer"))

    assert stranger.get(f"{URL}{draft}/").status_code == 404
    assert stranger.post(f"{URL}{draft}/close/").status_code == 404
    assert viewer.get(f"{URL}{draft}/").status_code == 200
    assert viewer.post(f"{URL}{draft}/close/").status_code == 403


def test_is_found_by_what_is_asked_for(api, team, incident, draft):
    other = an_incident(team, mode="drill")
    drill = api.post(URL, {"incident": str(other.pk), "external_refs": [ref("zendesk", "9")]})

    def found(**query):
        answer = api.get(URL, query)
        assert answer.status_code == 200, answer.data
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [drill.json()["id"], draft]
    assert found(mode="drill") == [drill.json()["id"]]
    assert found(status="draft") == [draft]
    assert found(incident=str(incident.pk)) == [draft]
    assert found(category="spam,harassment") == [draft]
    assert found(external_refs="zendesk:9") == [drill.json()["id"]]
    assert found(drafted="false") == [drill.json()["id"]]


def ref(system, name):
    return {"system": system, "id": name}


def test_takes_the_text_of_two_hundred_mentions(api, draft):
    text = "x" * 90_000

    answer = api.patch(f"{URL}{draft}/", {"sections": {"mentions": text, "facts": text}})

    assert answer.status_code == 200
    assert SupportTicket.objects.get().sections["mentions"] == text


# Settings


def test_says_for_which_categories_a_team_wants_tickets(api, team):
    url = f"/api/v1/teams/{team.pk}/desk_settings/"
    shown = api.get(url).json()
    assert "spam" in shown["ticket_categories"]
    assert shown["ticket_language"] == "en"

    manager = an_api(a_person(team, "manager"))
    changed = manager.patch(url, {"ticket_categories": ["other", "spam"], "brand_name": "Lumelle"})
    assert changed.status_code == 200, changed.data
    assert changed.json()["ticket_categories"] == ["other", "spam"]
    assert manager.get(url).json() == changed.json()
    assert manager.patch(url, {"ticket_categories": ["weather"]}).status_code == 400
    assert api.patch(url, {"brand_name": "x"}).status_code == 403
    stranger = an_api(a_person(a_team(), "manager"))
    assert stranger.get(url).status_code == 404
    assert stranger.patch(url, {"brand_name": "x"}).status_code == 404


def test_shows_what_was_ticked_off_and_by_whom(api, draft):
    path = f"{URL}{draft}/"

    changed = api.patch(path, {"settled": ["add_evidence"]})

    assert changed.status_code == 200, changed.json()
    assert "add_evidence" not in changed.json()["missing"]
    (settled,) = api.get(path).json()["settled"]
    assert settled["code"] == "add_evidence"
    assert settled["actor_id"]
    assert api.patch(path, {"settled": ["add_magic"]}).status_code in (400, 422)


def test_takes_a_persons_first_words_from_before_the_machine_drafted_again(api, draft):
    SupportTicket.objects.filter(pk=draft).update(actor_type="system", actor_id=None)
    old = api.get(f"{URL}{draft}/").headers["ETag"]
    SupportTicket.objects.filter(pk=draft).change(drafted_of=5)

    assert api.post(f"{URL}{draft}/close/", HTTP_IF_MATCH=old).status_code == 412
    ahead = f'"{int(old.strip(chr(34))) + 9}"'
    mine = {"sections": {"summary": "Mine"}}
    assert api.patch(f"{URL}{draft}/", mine, HTTP_IF_MATCH=ahead).status_code == 412
    assert api.patch(f"{URL}{draft}/", mine, HTTP_IF_MATCH=old).status_code == 200
    hers = {"sections": {"summary": "Hers"}}
    assert api.patch(f"{URL}{draft}/", hers, HTTP_IF_MATCH=old).status_code == 412
