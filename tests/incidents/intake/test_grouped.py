"""Mentions join the claims that they repeat, as they come in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from incidents.intake import claim_book
from incidents.intake.claims import signature
from incidents.models import Claim, ClaimPart, ClaimRarity, Mention
from tests.factories.access import a_team
from tests.factories.incidents import an_account
from tests.factories.intake import received, said

BURNS = (
    "this cream burned my face, so awful",
    "my face is burning after your cream",
    "the cream burnt the skin on my face!!",
    "крем жжёт лицо, ужас",
)
LATE = "the parcel has not arrived for three weeks, where is my delivery"
HELLO = "hi"

MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(db):
    return an_account(a_team())


@pytest.fixture(autouse=True)
def _nothing_remembered():
    claim_book._remembered.clear()


def texts_of(claim):
    return sorted(Mention.objects.filter(claim=claim).values_list("text", flat=True))


def test_makes_a_claim_of_the_third_mention_that_says_the_same(account, clock):
    received(account, [said(BURNS[0]), said(LATE)])
    received(account, [said(BURNS[1], written_at=clock.now() - MINUTE)])
    assert not Claim.objects.exists()
    received(account, [said(BURNS[2])])
    claim = Claim.objects.get()
    assert texts_of(claim) == sorted(BURNS[:3])
    assert (claim.mention_count, claim.truth) == (3, "unverified")
    assert (claim.first_seen_at, claim.last_seen_at) == (clock.now() - MINUTE, clock.now())
    assert claim.tally_due_at > clock.now()
    received(account, [said(BURNS[3])])
    claim.refresh_from_db()
    assert claim.mention_count == 4


def test_makes_it_within_one_batch(account):
    received(account, [said(text) for text in (*BURNS, LATE, HELLO)])
    claim = Claim.objects.get()
    assert texts_of(claim) == sorted(BURNS)
    assert claim.mention_count == 4
    assert set(Mention.objects.filter(claim=None).values_list("text", flat=True)) == {LATE, HELLO}


def test_leaves_what_fits_no_claim_as_it_is(account):
    received(account, [said(HELLO) for _ in range(5)])
    assert not Claim.objects.exists()
    assert not ClaimPart.objects.exists()


def test_changes_nothing_when_the_same_comes_again(account):
    batch = [said(text) for text in BURNS]
    received(account, batch)
    before = (list(Claim.objects.values()), list(ClaimPart.objects.order_by("pk").values()))
    received(account, batch)
    assert (list(Claim.objects.values()), list(ClaimPart.objects.order_by("pk").values())) == before


def test_regroups_an_edited_mention(account, clock):
    first = [said(text) for text in BURNS]
    received(account, first)
    received(account, [said(LATE), said(LATE), said(LATE)])
    burns, late = Claim.objects.order_by("first_seen_at", "pk")
    edited = replace(first[0], text=LATE, written_at=clock.now() + MINUTE)
    received(account, [edited])
    mention = Mention.objects.get(external_id=first[0].external_id)
    assert mention.claim == late
    burns.refresh_from_db()
    assert burns.tally_due_at is not None


def test_keeps_an_edited_mention_where_a_person_put_it(account, clock):
    first = [said(text) for text in BURNS]
    received(account, first)
    claim = Claim.objects.get()
    Mention.objects.filter(external_id=first[0].external_id).update(claim_set_by_person=True)
    received(account, [replace(first[0], text=LATE, written_at=clock.now() + MINUTE)])
    assert Mention.objects.get(external_id=first[0].external_id).claim == claim


def test_does_not_call_a_mention_that_says_something_else_by_now(account, clock):
    first = said(BURNS[0])
    received(account, [first])
    received(account, [replace(first, text=LATE, written_at=clock.now() + MINUTE)])
    received(account, [said(BURNS[1]), said(BURNS[2]), said(BURNS[3])])
    assert Mention.objects.get(external_id=first.external_id).claim is None


def test_groups_no_mention_that_was_deleted_before_it_came(account):
    received(account, [said(text, deleted=True) for text in BURNS])
    assert not ClaimPart.objects.exists()


def test_keeps_teams_apart(account):
    other = an_account(a_team())
    for text in BURNS[:2]:
        received(account, [said(text)])
        received(other, [said(text)])
    assert not Claim.objects.exists()


def test_puts_what_several_accounts_of_a_team_hear_together(account):
    other = an_account(account.team)
    received(account, [said(BURNS[0]), said(BURNS[1])])
    received(other, [said(BURNS[2])])
    assert Claim.objects.get().mention_count == 3


def test_lets_a_refused_mention_and_its_copies_stay_out(account):
    received(account, [said(text) for text in BURNS])
    claim = Claim.objects.get()
    with transaction.atomic():
        book = claim_book.hold(account.team_id)
        book.refuse(claim.pk, [signature(BURNS[0])])
        book.write()
    claim_book._remembered.clear()
    received(account, [said(BURNS[0].upper(), external_id="copy"), said(BURNS[1], external_id="x")])
    assert Mention.objects.get(external_id="copy").claim is None
    assert Mention.objects.get(external_id="x").claim == claim


@pytest.mark.django_db(transaction=True)
def test_remembers_between_batches_and_reads_what_others_heard(account_kept):
    received(account_kept, [said(BURNS[0])])
    mine = claim_book._remembered.pop(account_kept.team_id)
    received(account_kept, [said(BURNS[1])])
    claim_book._remembered[account_kept.team_id] = mine
    received(account_kept, [said(BURNS[2])])
    assert Claim.objects.get().mention_count == 3


@pytest.mark.django_db(transaction=True)
def test_forgets_what_was_not_committed(account_kept):
    received(account_kept, [said(BURNS[0]), said(BURNS[1])])

    def lose():
        with transaction.atomic():
            received(account_kept, [said(BURNS[2])])
            raise LookupError

    with pytest.raises(LookupError):
        lose()
    assert not Claim.objects.exists()
    received(account_kept, [said(BURNS[2])])
    assert Claim.objects.get().mention_count == 3


@pytest.fixture
def account_kept(transactional_db):
    return an_account(a_team())


def test_counts_how_rare_words_are(account):
    received(account, [said(f"{LATE} number {n}") for n in range(30)])
    assert ClaimRarity.objects.get().total == 30
