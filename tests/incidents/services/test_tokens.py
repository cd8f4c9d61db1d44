"""Tokens of connected accounts: refreshed by one at a time, and what happens when they are lost."""

import threading
from datetime import timedelta

import pytest
from django.db import connections as databases

from incidents.channels.errors import Reauthorise, RetryLater
from incidents.channels.tiktok import TikTokAccount
from incidents.escalation import engine
from incidents.models import Account, Connection, Event, Notification, Reminder
from incidents.services import tokens
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.connections import a_connected_account
from tests.platforms import FakeTikTok

REFRESH = "tt_user/oauth2/refresh_token/"


@pytest.fixture
def team(db):
    return a_team()


@pytest.fixture
def account(team, connected_tiktok):
    return a_connected_account(team, connected_tiktok)


def _followers(client: TikTokAccount):
    return client.profile().handle


def test_calls_with_the_stored_token_and_refreshes_nothing_early(account, connected_tiktok):
    assert tokens.client_for(account).profile().handle
    assert connected_tiktok.calls(REFRESH) == []


def test_refreshes_a_token_that_is_about_to_end_and_stores_what_came_back(
    account, connected_tiktok, clock
):
    before = tokens.credentials_of(account)
    clock.move(hours=23, minutes=56)
    assert tokens.client_for(account).profile().handle

    after = tokens.credentials_of(account)
    assert (after.access_token, after.refresh_token) != (before.access_token, before.refresh_token)
    assert after.access_expires_at == clock.now() + timedelta(days=1)
    assert len(connected_tiktok.calls(REFRESH)) == 1
    stored = Account.objects.filter(pk=account.pk).values_list("credentials", flat=True)
    assert before.access_token not in str(list(stored))


def test_refreshes_once_and_calls_again_when_the_network_says_that_the_token_is_over(
    account, connected_tiktok
):
    connected_tiktok.tell("tokens", expire=tokens.credentials_of(account).access_token)

    assert tokens.call(account, _followers)
    assert len(connected_tiktok.calls(REFRESH)) == 1


@pytest.mark.django_db(transaction=True)
def test_refreshes_once_however_many_ask_at_once(connected_tiktok):
    account = a_connected_account(a_team(), connected_tiktok)
    stale = tokens.credentials_of(account).access_token
    outcomes = []
    together = threading.Barrier(6)

    def ask():
        together.wait(20)
        try:
            outcomes.append(tokens.refresh(account, instead_of=stale).access_token)
        except RetryLater as error:
            outcomes.append(error.code)
        databases.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)

    fresh = tokens.credentials_of(account).access_token
    assert len(outcomes) == 6
    assert set(outcomes) <= {fresh, "being_refreshed"}
    assert fresh in outcomes
    assert len(connected_tiktok.calls(REFRESH)) == 1
    assert tokens.client_for(account).profile().handle


def test_is_refreshed_by_the_engine_with_hours_to_spare(account, connected_tiktok, clock):
    assert tokens.sweep() == 0
    clock.move(hours=18, minutes=1)

    assert tokens.sweep() == 1
    assert tokens.sweep() == 0
    row = Connection.objects.get()
    assert (row.refresh_at, row.lease_owner) == (clock.now() + timedelta(hours=18), "")


def test_tries_again_later_and_goes_on_with_the_old_token_while_the_network_fails(
    account, connected_tiktok, clock
):
    clock.move(hours=18, minutes=1)
    connected_tiktok.tell("faults", path=REFRESH, http=500, times=2)
    assert (tokens.sweep(), tokens.sweep()) == (1, 0)
    row = Connection.objects.get()
    assert (row.status, row.attempts, row.last_error_code) == ("connected", 1, "service_failed")
    assert tokens.client_for(account).profile().handle

    clock.move(minutes=1)
    assert tokens.sweep() == 1
    clock.move(minutes=2)
    assert tokens.sweep() == 1
    row.refresh_from_db()
    assert (row.attempts, row.last_error_code) == (0, "")


def test_does_not_let_a_late_refresh_overwrite_a_later_one(account, connected_tiktok, clock):
    stale = tokens.credentials_of(account)
    row = Connection.objects.get()
    later = row.fence + 5
    Connection.objects.update(fence=later)

    tokens._store(account, row.pk, later - 1, stale)

    row.refresh_from_db()
    assert (row.fence, row.refreshed_at) == (later, None)


def test_tells_the_managers_once_when_a_person_must_authorise_again(
    account, connected_tiktok, clock
):
    manager = a_person(account.team, "manager")
    a_contact_point(manager)
    connected_tiktok.tell("tokens", revoke=tokens.credentials_of(account).access_token)
    connected_tiktok.tell("faults", path=REFRESH, code=40107, times=9)

    for _ in range(2):
        with pytest.raises(Reauthorise):
            tokens.call(account, _followers)

    row = Connection.objects.get()
    assert (row.status, row.last_error_code) == (
        "reauthorization_required",
        "refresh_token_invalid",
    )
    (event,) = Event.objects.filter(kind="account.reauthorization_required")
    assert (event.subject_id, event.data) == (account.pk, {"reason": "refresh_token_invalid"})
    engine.run_once()
    (told,) = Notification.objects.filter(owner=manager)
    assert told.status == "sent"
    (again,) = Reminder.objects.pending().filter(kind="reauthorization_required")
    assert again.due_at > clock.now() + timedelta(hours=23)


def test_reminds_no_more_once_it_is_authorised_again(account, connected_tiktok, clock):
    a_contact_point(a_person(account.team, "manager"))
    tokens.lost(account, Reauthorise("refresh_token_expired"))
    Connection.objects.update(status="connected")

    engine.run_once()

    assert not Notification.objects.exists()
    assert not Reminder.objects.pending().filter(kind="reauthorization_required").exists()


def test_calls_nothing_for_an_account_that_is_not_connected(account, connected_tiktok):
    Connection.objects.update(status="disconnected")

    with pytest.raises(Reauthorise, match="not_connected"):
        tokens.client_for(account)


def test_marks_an_account_whose_newest_token_is_refused(account, connected_tiktok: FakeTikTok):
    connected_tiktok.tell("faults", path="business/get/", code=40105, times=9)

    with pytest.raises(Reauthorise):
        tokens.call(account, _followers)
    assert Connection.objects.get().status == "reauthorization_required"
    assert len(connected_tiktok.calls(REFRESH)) == 1
