"""People name claims, merge and split them, and say what is true."""

import pytest

from crisis_api.lib.errors import Invalid, NotAllowedNow, Refused, Stale
from incidents.intake import claim_tallies, claim_verbs
from incidents.models import Claim, Event, Mention
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import a_claim, a_mention, an_account, an_incident
from tests.factories.intake import received, said

BURNS = (
    "this cream burned my face, so awful",
    "my face is burning after your cream",
    "the cream burnt the skin on my face!!",
)
LATE = (
    "the parcel has not arrived for three weeks, where is my delivery",
    "my parcel has not arrived, three weeks late already",
    "three weeks and the parcel still has not arrived",
)


@pytest.fixture
def account(db):
    return an_account(a_team())


@pytest.fixture
def by(account):
    return the_actor(a_person(account.team, "responder"))


def claim_of(account, texts):
    received(account, [said(text) for text in texts])
    return Mention.objects.filter(text=texts[0]).latest("pk").claim


def test_lets_a_merged_claim_be_found_by_what_either_says(account, by):
    burns, late = claim_of(account, BURNS), claim_of(account, LATE)
    assert burns != late
    gone = claim_verbs.merge(late, into=burns, by=by)
    assert (gone.merged_into, gone.mention_count) == (burns, 0)
    burns.refresh_from_db()
    assert burns.mention_count == 6
    received(account, [said(LATE[1], external_id="later")])
    assert Mention.objects.get(external_id="later").claim == burns


def test_merges_once_and_into_what_the_other_went_into(account, by):
    one, two, three = (a_claim(account.team) for _ in range(3))
    claim_verbs.merge(two, into=three, by=by)
    assert claim_verbs.merge(one, into=two, by=by).merged_into == three
    assert claim_verbs.merge(one, into=three, by=by).merged_into == three
    assert Event.objects.filter(kind="claim.merged").count() == 2
    with pytest.raises(NotAllowedNow):
        claim_verbs.merge(one, into=a_claim(account.team), by=by)
    with pytest.raises(Refused, match="one claim"):
        claim_verbs.merge(three, into=one, by=by)


def test_merges_nothing_across_teams(account, by):
    with pytest.raises(Refused, match="different teams"):
        claim_verbs.merge(a_claim(account.team), into=a_claim(a_team()), by=by)


def test_splits_what_says_something_else(account, by):
    burns = claim_of(account, BURNS)
    other = Mention.objects.get(text=BURNS[0])
    fresh = claim_verbs.split(burns, mention_ids=[other.pk], title="Eyes", by=by)
    other.refresh_from_db()
    burns.refresh_from_db()
    assert (other.claim, other.claim_set_by_person) == (fresh, True)
    assert (fresh.title, fresh.mention_count, burns.mention_count) == ("Eyes", 1, 2)
    received(account, [said(BURNS[0].upper() + "!", external_id="copy")])
    assert Mention.objects.get(external_id="copy").claim == fresh


def test_splits_only_its_own_mentions(account, by):
    burns = claim_of(account, BURNS)
    with pytest.raises(Refused, match="no mentions of this claim"):
        claim_verbs.split(burns, mention_ids=[a_mention(account).pk], title="", by=by)
    with pytest.raises(Invalid):
        claim_verbs.split(burns, mention_ids=[], title="", by=by)


def test_says_what_is_true_with_its_evidence_and_tells_no_words_of_it(account, by, clock):
    claim = a_claim(account.team, incident=an_incident(account.team))
    row = claim_verbs.set_truth(
        claim, truth="confirmed", note="The laboratory.", links=["https://lab.example"], by=by
    )
    assert (row.truth, row.truth_set_at, row.truth_set_by) == ("confirmed", clock.now(), by)
    event = Event.objects.get(kind="claim.truth_set")
    assert event.incident == claim.incident
    assert event.data == {"from": "unverified", "to": "confirmed", "links": 1}
    claim_verbs.set_truth(
        row, truth="confirmed", note="The laboratory.", links=["https://lab.example"], by=by
    )
    assert Event.objects.filter(kind="claim.truth_set").count() == 1


def test_takes_no_truth_without_evidence(account, by):
    claim = a_claim(account.team)
    with pytest.raises(Invalid):
        claim_verbs.set_truth(claim, truth="refuted", note=" ", links=[], by=by)
    claim.refresh_from_db()
    assert claim.truth == "unverified"


def test_refuses_a_change_of_what_has_changed_since(account, by):
    claim = a_claim(account.team)
    with pytest.raises(Stale):
        claim_verbs.change(claim, by=by, version=claim.version + 1, values={"title": "A"})


def test_counts_authors_signs_raid_and_incident_afterwards(account, clock):
    incident = an_incident(account.team)
    batch = [said(BURNS[0], author_external_id=f"u{n}") for n in range(20)]
    received(account, batch)
    claim = Claim.objects.get()
    assert claim_tallies.sweep() == 0
    Mention.objects.update(incident=incident)
    clock.move(minutes=1)
    assert claim_tallies.sweep() == 1
    claim.refresh_from_db()
    assert (claim.author_count, claim.negative_count, claim.mention_count) == (20, 20, 20)
    assert claim.signs["injury"] == 20
    assert claim.raid_score >= 60
    assert claim.raid_reasons[0]["code"] == "near_copies"
    assert claim.incident == incident
    assert claim_tallies.sweep() == 0


def test_leaves_the_incident_that_a_person_chose(account, by, clock):
    claim = claim_of(account, BURNS)
    mine = an_incident(account.team)
    claim_verbs.change(claim, by=by, values={"incident": mine})
    Mention.objects.update(incident=an_incident(account.team))
    clock.move(minutes=1)
    claim_tallies.sweep()
    claim.refresh_from_db()
    assert claim.incident == mine
