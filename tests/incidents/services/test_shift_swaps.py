"""Requests to swap a shift: asked, answered, withdrawn, expired; who is told, who is on call."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from crisis_api.access.models import AuditEvent
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Forbidden, NotAllowedNow, Refused
from incidents.escalation import decide
from incidents.models import Notification, Override, Reminder, ShiftSwap
from incidents.services import rotations, shift_swaps
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import a_layer, a_rotation

pytestmark = pytest.mark.django_db

# Anna is on call from nine to nine; Boris takes over on the next day.
NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
SHIFT = datetime(2024, 1, 3, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def now(clock):
    clock.set(NOW)
    return clock


@pytest.fixture
def team():
    return a_team()


def reachable(team, name):
    person = a_person(team, name=name)
    a_contact_point(person)
    return person


@pytest.fixture
def anna(team):
    return reachable(team, "Anna")


@pytest.fixture
def boris(team):
    return reachable(team, "Boris")


@pytest.fixture
def rotation(team, anna, boris):
    return a_rotation(team, [anna, boris])


def ask(rotation, anna, boris, **values):
    given = {"starts_at": SHIFT, "ends_at": SHIFT + DAY, **values}
    return shift_swaps.ask(
        rotation, asked_by=anna, asked_of_id=boris.pk, by=the_actor(anna), **given
    )


def told(kind):
    reminders = Reminder.objects.filter(kind=kind)
    rows = Notification.objects.filter(covered__reminder__in=reminders).order_by("id")
    return list(rows.values_list("owner__name", flat=True))


def test_becomes_an_override_when_the_other_person_accepts(rotation, anna, boris):
    swap = ask(rotation, anna, boris, ends_at=SHIFT + 12 * HOUR)
    decide.fire_all_due()
    assert told("shift_swap_asked") == ["Boris"]
    assert rotations.on_call(rotation, SHIFT) == anna
    swap = shift_swaps.accept(swap, owner=boris, by=the_actor(boris))
    assert (swap.status, swap.ended_at) == ("accepted", NOW)
    assert (swap.override.owner, swap.override.actor) == (boris, the_actor(boris))
    assert rotations.on_call(rotation, SHIFT) == boris
    assert rotations.on_call(rotation, SHIFT + 12 * HOUR) == anna
    decide.fire_all_due()
    assert told("shift_swap_answered") == ["Anna"]
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["shift_swap.asked", "override.created", "shift_swap.accepted"]


def test_stays_as_it_is_when_the_other_person_declines(rotation, anna, boris, now):
    swap = shift_swaps.decline(ask(rotation, anna, boris), owner=boris, by=the_actor(boris))
    assert swap.status == "declined"
    now.move(3 * DAY)
    decide.fire_all_due()
    assert (told("shift_swap_asked"), told("shift_swap_answered")) == ([], ["Anna"])
    assert told("shift_swap_expired") == []
    assert not Override.objects.exists()


def test_reminds_once_more_half_way_and_then_expires(rotation, anna, boris, now):
    swap = ask(rotation, anna, boris, expires_at=NOW + 20 * HOUR)
    decide.fire_all_due()
    now.move(10 * HOUR)
    decide.fire_all_due()
    asked = Reminder.objects.filter(kind="shift_swap_asked")
    assert list(asked.values_list("status", "outcome")) == [("fired", "notified")] * 2
    now.move(10 * HOUR)
    decide.fire_all_due()
    swap.refresh_from_db()
    assert (swap.status, swap.ended_at) == ("expired", NOW + 20 * HOUR)
    assert told("shift_swap_expired") == ["Anna"]
    with pytest.raises(NotAllowedNow):
        shift_swaps.accept(swap, owner=boris, by=the_actor(boris))
    assert AuditEvent.objects.filter(action="shift_swap.expired").count() == 1


def test_reminds_nobody_any_more_once_withdrawn(rotation, anna, boris, now):
    swap = shift_swaps.withdraw(ask(rotation, anna, boris), by=the_actor(anna))
    assert swap.status == "withdrawn"
    now.move(3 * DAY)
    decide.fire_all_due()
    assert not Notification.objects.exists()


def test_is_answered_by_whoever_is_asked_alone(rotation, anna, boris, team):
    swap = ask(rotation, anna, boris)
    for other in (anna, a_person(team), None):
        for verb in (shift_swaps.accept, shift_swaps.decline):
            with pytest.raises(Forbidden):
                verb(swap, owner=other, by=SYSTEM)


def test_changes_nothing_the_second_time(rotation, anna, boris):
    swap = shift_swaps.accept(ask(rotation, anna, boris), owner=boris, by=the_actor(boris))
    again = shift_swaps.accept(swap, owner=boris, by=the_actor(boris))
    assert again.version == swap.version
    assert Override.objects.count() == 1
    with pytest.raises(NotAllowedNow) as refused:
        shift_swaps.decline(swap, owner=boris, by=the_actor(boris))
    assert refused.value.extra["allowed"] == []


def test_is_about_a_shift_that_is_theirs_and_still_is_when_it_is_accepted(
    rotation, anna, boris, team
):
    for values in ({"ends_at": SHIFT + 25 * HOUR}, {"starts_at": SHIFT - HOUR}):
        with pytest.raises(Refused) as refused:
            ask(rotation, anna, boris, **values)
        assert refused.value.code == "not_your_shift"
    swap = ask(rotation, anna, boris)
    a_layer(rotation, [reachable(team, "Vera")])
    with pytest.raises(Conflict) as conflict:
        shift_swaps.accept(swap, owner=boris, by=the_actor(boris))
    assert conflict.value.code == "not_their_shift"
    assert ShiftSwap.objects.get().status == "pending"


def test_may_span_several_shifts_of_the_same_person(team, anna, boris):
    alone = a_rotation(team, [anna])
    swap = ask(alone, anna, boris, ends_at=SHIFT + 5 * DAY)
    shift_swaps.accept(swap, owner=boris, by=the_actor(boris))
    assert rotations.on_call(alone, SHIFT + 4 * DAY) == boris


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"ends_at": SHIFT}, "ends_before_it_starts"),
        ({"starts_at": NOW - HOUR}, "already_started"),
        ({"ends_at": NOW + 400 * DAY}, "too_far_ahead"),
        ({"expires_at": SHIFT + HOUR}, "bad_expiry"),
        ({"expires_at": NOW}, "bad_expiry"),
    ],
)
def test_refuses_times_that_make_no_sense(rotation, anna, boris, values, code):
    with pytest.raises(Refused) as refused:
        ask(rotation, anna, boris, **values)
    assert refused.value.code == code


def test_refuses_oneself_strangers_and_asking_twice(rotation, anna, boris):
    with pytest.raises(Refused):
        ask(rotation, anna, anna)
    with pytest.raises(Refused):
        ask(rotation, anna, a_person(a_team()))
    ask(rotation, anna, boris)
    with pytest.raises(Conflict):
        ask(rotation, anna, boris)


def test_cannot_be_accepted_by_somebody_who_has_left(rotation, anna, boris):
    swap = ask(rotation, anna, boris)
    boris.memberships.all().delete()
    with pytest.raises(Refused):
        shift_swaps.accept(swap, owner=boris, by=the_actor(boris))


def test_holds_in_the_database_what_a_swap_is(rotation, anna, boris):
    swap = ask(rotation, anna, boris)
    same = ShiftSwap.objects.filter(pk=swap.pk)
    for wrong in (
        {"asked_of": anna},
        {"ends_at": SHIFT},
        {"expires_at": SHIFT + HOUR},
        {"status": "accepted"},
        {"ended_at": NOW},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            same.update(**wrong)
