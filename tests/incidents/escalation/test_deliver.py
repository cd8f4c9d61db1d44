"""Sending what was decided: claims, retries, the next contact point, dead letters."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import ChannelError
from incidents.escalation import decide, deliver, runs
from incidents.escalation.senders import registry
from incidents.models import Event, Notification, Reminder
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident

pytestmark = pytest.mark.django_db


class Post:
    """A sender that keeps what it was given, and fails where it is told to."""

    def __init__(self):
        self.sent = []
        self.fails = {}
        self.before_answer = None

    def send(self, address, message, *, message_id, secret=""):
        if self.before_answer:
            self.before_answer()
        if address in self.fails:
            raise self.fails[address]
        self.sent.append((address, message_id, message))
        return "ref"

    @property
    def addresses(self):
        return [address for address, _, _ in self.sent]


@pytest.fixture
def post(monkeypatch):
    post = Post()
    monkeypatch.setitem(registry._SENDERS, "console", post)
    return post


def a_reachable_person(team, *addresses, role="responder"):
    person = a_person(team, role)
    for position, address in enumerate(addresses, start=1):
        a_contact_point(person, address=address, position=position)
    return person


def started(team, owner=None, steps=({"notify_owner": True},), **values):
    policy = a_policy(team, steps)
    incident = an_incident(team, owner=owner, policy=policy, **values)
    runs.start(incident, policy=policy, at=incident.opened_at, by=SYSTEM)
    decide.fire_all_due()
    return incident


def acknowledged(incident):
    incident.generation += 1
    incident.status = "acknowledged"
    incident.save()
    runs.stop(incident, by=SYSTEM, reason="acknowledged")


def deliver_all(clock):
    for pk in deliver.waiting(clock.now()):
        deliver.deliver_one(pk)


def test_sends_each_message_once_and_says_so_on_the_timeline(clock, post):
    team = a_team()
    incident = started(team, a_reachable_person(team, "first"))
    deliver_all(clock)
    deliver_all(clock)
    assert post.addresses == ["first"]
    assert Notification.objects.get().status == "sent"
    assert Event.objects.filter(incident=incident, kind="notification.sent").count() == 1


def test_says_reference_severity_and_link_and_neither_title_nor_names(clock, post):
    team = a_team()
    owner = a_reachable_person(team, "first")
    incident = started(team, owner, title="Anna Petrova burns", severity="critical")
    deliver_all(clock)
    ((_, _, message),) = post.sent
    said = message.subject + message.body_text + message.short_text
    assert incident.reference in said
    assert "CRITICAL" in said
    assert "/ack/" in message.body_text
    assert "Petrova" not in said


def test_speaks_the_language_of_the_person(clock, post):
    team = a_team()
    owner = a_reachable_person(team, "first")
    owner.language = "ru"
    owner.save()
    started(team, owner, severity="critical", mode="drill")
    deliver_all(clock)
    ((_, _, message),) = post.sent
    assert "УЧЕНИЯ" in message.subject


def test_starts_no_send_after_an_acknowledgement(clock, post):
    team = a_team()
    incident = started(team, a_reachable_person(team, "first"), severity="critical")
    pk = Notification.objects.get().pk
    # Past every cancellation, as if it had been written by an engine that was slower still.
    acknowledged(incident)
    Notification.objects.filter(pk=pk).update(status="pending")
    assert deliver.deliver_one(pk) is False
    assert post.sent == []
    assert Notification.objects.get().status == "cancelled"


def test_tells_of_the_rest_where_one_of_several_was_acknowledged(clock, post):
    team = a_team()
    owner = a_reachable_person(team, "first")
    first, second = started(team, owner), started(team, owner)
    acknowledged(first)
    deliver_all(clock)
    ((_, _, message),) = post.sent
    assert second.reference in message.body_text
    assert first.reference not in message.body_text


def test_tries_again_with_the_same_message_id(clock, post):
    team = a_team()
    started(team, a_reachable_person(team, "first"))
    post.fails["first"] = ChannelError("busy")
    deliver_all(clock)
    assert Notification.objects.get().status == "pending"
    row = Notification.objects.get()
    post.fails.clear()
    clock.move(seconds=2)
    deliver_all(clock)
    assert [message_id for _, message_id, _ in post.sent] == [f"ntf_{row.pk.hex}"]


def test_goes_to_the_next_contact_point_at_once_when_one_refuses_for_good(clock, post):
    team = a_team()
    owner = a_reachable_person(team, "first", "second")
    started(team, owner)
    post.fails["first"] = ChannelError("gone", permanent=True)
    deliver_all(clock)
    deliver_all(clock)
    assert post.addresses == ["second"]
    assert owner.contact_points.get(position=1).disabled_at is not None


def test_goes_to_the_next_contact_point_after_thirty_seconds_without_success(clock, post):
    team = a_team()
    started(team, a_reachable_person(team, "first", "second"))
    post.fails["first"] = ChannelError("busy")
    deliver_all(clock)
    clock.move(seconds=29)
    assert deliver.fall_back() == 0
    clock.move(seconds=1)
    assert deliver.fall_back() == 1
    deliver_all(clock)
    assert post.addresses == ["second"]
    assert deliver.fall_back() == 0


def test_never_stops_using_the_last_contact_point_of_a_person(clock, post):
    team = a_team()
    manager = a_reachable_person(team, "manager", role="manager")
    owner = a_reachable_person(team, "only")
    started(team, owner)
    post.fails["only"] = ChannelError("gone", permanent=True)
    deliver_all(clock)
    assert owner.contact_points.get().disabled_at is None
    decide.fire_all_due()
    deliver_all(clock)
    assert "manager" in post.addresses
    assert Notification.objects.filter(owner=manager, reminders__kind="alarm").exists()


def test_brings_the_next_step_forward_when_a_message_is_dead(clock, post):
    team = a_team()
    owner = a_reachable_person(team, "only")
    manager = a_reachable_person(team, "manager", role="manager")
    steps = [
        {"notify_owner": True},
        {"delay": timedelta(hours=1), "people": [manager]},
        {"delay": timedelta(hours=1), "people": [manager]},
    ]
    incident = started(team, owner, steps, severity="critical")
    post.fails["only"] = ChannelError("busy")
    for _ in range(8):
        deliver_all(clock)
        clock.move(minutes=5)
    assert Notification.objects.get(owner=owner).status == "dead"
    decide.fire_all_due()
    steps = Reminder.objects.filter(incident=incident, kind="escalation_step").order_by("step")
    assert [step.status for step in steps] == ["fired", "fired", "pending"]
    assert Event.objects.filter(incident=incident, kind="notification.dead").count() == 1


def test_takes_over_from_a_sender_that_died_after_its_lease(clock, post):
    team = a_team()
    started(team, a_reachable_person(team, "first"))
    pk = Notification.objects.get().pk
    assert deliver.claim(pk) is not None
    assert deliver.claim(pk) is None
    clock.move(seconds=20)
    assert deliver.deliver_one(pk) is True
    assert Notification.objects.get().fence == 2


def test_takes_no_word_from_a_sender_whose_lease_was_taken_over(clock, post):
    team = a_team()
    started(team, a_reachable_person(team, "first"))
    pk = Notification.objects.get().pk

    def another_sender_takes_over():
        post.before_answer = None
        clock.move(seconds=21)
        assert deliver.deliver_one(pk) is True

    post.before_answer = another_sender_takes_over
    post.fails = {}
    deliver.deliver_one(pk)
    row = Notification.objects.get()
    assert (row.status, row.fence, row.attempts) == ("sent", 2, 2)
    assert Event.objects.filter(kind="notification.sent").count() == 1


@pytest.mark.parametrize(
    ("role", "may"), [("viewer", False), ("moderator", False), ("responder", True)]
)
def test_gives_a_link_to_acknowledge_to_those_who_may(clock, post, role, may):
    team = a_team()
    started(team, a_reachable_person(team, "phone", role=role))
    deliver_all(clock)
    ((_, _, message),) = post.sent
    assert bool(message.items[0].acknowledge_link) is may
