"""A brand in the middle of a crisis, with a row in every state that an operation needs.

The contract tests call every operation of the API on it. Rows have names; `Names` gives each a
number that stays the same from run to run, for documents that show them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crisis_api.access import keys
from crisis_api.access.models import AuditEvent, Owner, Team
from crisis_api.access.permissions import Scope
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.records import Record
from incidents.channels.values import Credentials
from incidents.escalation import reminders
from incidents.models import Author, Notification, NotificationReminder, Post, Reminder
from incidents.services import (
    calendar_feeds,
    hand_offs,
    handling,
    inbox,
    lifecycle,
    notes,
    relations,
    shift_swaps,
    unmasking,
)
from responses.models import SupportTicket
from responses.services import follow_ups, ticket_drafting, tickets
from tests.factories import incidents, responses
from tests.factories.access import a_contact_point, a_person, a_team, joins, the_actor
from tests.factories.connections import an_account_with
from tests.factories.intake import a_receipt, a_storm_rule
from tests.factories.webhooks import a_delivery, an_endpoint

# What everybody's clock shows.
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ROLES = ("viewer", "moderator", "responder", "approver", "legal", "manager")
TICKETS = ("draft", "ready", "submitted", "answered")

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


@dataclass
class World:
    """One brand: its team, its people by role, their keys, and its rows by name."""

    team: Team
    people: dict[str, Owner] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    def ids(self) -> dict[str, str]:
        """Return the id of every row by its name."""
        rows: Mapping[str, Record] = {"team": self.team, **self.people, **self.rows}
        return {name: str(row.pk) for name, row in rows.items()}


def build(name: str = "Lumelle", slug: str = "lumelle") -> World:
    """Return a brand with everything; the clock should show NOW."""
    world = World(a_team(name=name, slug=slug, time_zone="Europe/Moscow"))
    sister = a_team(name=f"{name} Kids", slug=f"{slug}-kids")
    world.rows["sister_team"] = sister
    _people(world, sister)
    _keys(world)
    _configuration(world)
    _incidents(world)
    _inbox(world)
    _messages(world)
    _responses(world)
    _webhooks(world)
    return world


def _people(world: World, sister: Team) -> None:
    team = world.team
    for role in ROLES:
        person = a_person(team, role, name=f"{role.capitalize()} of {team.name}")
        joins(person, sister, role)
        world.people[role] = person
    # Somebody who manages one team and only looks at the other.
    world.people["elsewhere"] = a_person(team, "viewer", name="Manager elsewhere")
    joins(world.people["elsewhere"], sister, "manager")
    world.people["author"] = a_person(team, "responder", name="Anna Belova")
    world.people["leaver"] = a_person(team, "responder", name="Boris Orlov")
    world.people["away"] = a_person(team, "responder", name="Clara Weiss", deactivated_at=NOW)
    world.people["newcomer"] = a_person(sister, "responder", name="Daria Kim")
    world.rows["membership"] = world.people["leaver"].memberships.get()
    for name, person in world.people.items():
        person.user.username = f"{name}.{team.slug}"
        person.user.save(update_fields=["username"])
    for name, address in (("email", "vera@lumelle.example"), ("console", "console")):
        point = a_contact_point(world.people["manager"], kind=name, address=address)
        world.rows[f"{name}_of_the_manager"] = point
    world.rows["webhook_of_the_team"] = a_contact_point(
        team=team, kind="webhook", address="https://hooks.lumelle.example/on-call", secret="whsec_x"
    )


def _keys(world: World) -> None:
    manager = world.people["manager"]
    for scope in Scope:
        _key, text = keys.issue(
            name=f"For {scope}", scopes=[scope], team=world.team, created_by=manager, by=SYSTEM
        )
        world.keys[scope.value] = text
    whole = tuple(Scope)
    for name, scopes in (("personal", whole), ("personal_reader", (Scope.READ,))):
        world.keys[name] = keys.issue(name=name, scopes=scopes, owner=manager, by=SYSTEM)[1]
    spare, _text = keys.issue(
        name="The old dashboard", scopes=["read"], team=world.team, created_by=manager, by=SYSTEM
    )
    world.rows["spare_key"] = spare
    revoked, world.keys["revoked"] = keys.issue(
        name="Revoked", scopes=whole, team=world.team, created_by=manager, by=SYSTEM
    )
    keys.revoke(revoked, by=SYSTEM)
    world.keys["expired"] = keys.issue(
        name="Expired", scopes=whole, team=world.team, by=SYSTEM, expires_at=NOW
    )[1]


def _configuration(world: World) -> None:
    team, rows = world.team, world.rows
    people = [world.people[name] for name in ("responder", "author", "manager")]
    rows["last_policy"] = incidents.a_policy(team, name="Everybody", steps=[{"roles": ["manager"]}])
    rows["policy"] = incidents.a_policy(
        team, name="Burns and injuries", fallback=rows["last_policy"]
    )
    rows["spare_policy"] = incidents.a_policy(team, name="Old policy")
    rows["rotation"] = incidents.a_rotation(team, people, name="Duty phone")
    rows["spare_rotation"] = incidents.a_rotation(team, people, name="Old rotation")
    rows["override"] = rows["rotation"].overrides.create(
        team=team,
        owner=people[1],
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=2),
    )
    rows["layer"] = incidents.a_layer(
        rows["rotation"], people[:2], name="Weekends", hours={"sat": [["00:00", "24:00"]]}
    )
    shift = datetime(2026, 11, 25, 9, tzinfo=UTC)
    rows["swap"] = shift_swaps.ask(
        rows["rotation"],
        asked_by=world.people["responder"],
        asked_of_id=world.people["manager"].pk,
        starts_at=shift,
        ends_at=shift + timedelta(hours=12),
        by=the_actor(world.people["responder"]),
    )
    rows["calendar_feed"], _address = calendar_feeds.issue(
        team=team, owner=world.people["manager"], rotation=rows["rotation"], by=SYSTEM
    )
    rows["assignment_rule"] = incidents.an_assignment_rule(
        team, category="product_safety", rotation=rows["rotation"], policy=rows["policy"]
    )
    rows["account"] = incidents.an_account(team, handle="@lumelle", external_id="lumelle")
    rows["telegram_account"] = an_account_with(
        team,
        Credentials(f"bot-of-{team.slug}", "12345:made-up", webhook_secret="made-up"),
        network="telegram",
        handle="@lumelle_bot",
    )
    rows["tiktok_account"] = incidents.an_account(
        team, handle="@lumelle.tiktok", external_id="lumelle.tiktok", network="tiktok"
    )
    rows["storm_rule"] = a_storm_rule(team, name="Many angry comments")
    rows["audit_event"] = AuditEvent.objects.filter(team=team).order_by("id").first()


def _opened(world: World, title: str, **values: Any) -> Any:
    given = {"category": "product_safety", "severity": 3, "policy": world.rows["policy"], **values}
    opened = lifecycle.open_incident(
        team=world.team,
        title=title,
        by=SYSTEM,
        owner=world.people["responder"],
        account=world.rows["account"],
        **given,
    )
    return opened.incident


def _incidents(world: World) -> None:
    rows, by = world.rows, the_actor(world.people["responder"])
    rows["open"] = _opened(world, "The night cream burns the skin", dedup_key="cream-burns")
    rows["other"] = _opened(world, "A bad batch of the night cream")
    rows["acknowledged"] = _opened(world, "A leaked phone number", category="personal_data_leak")
    rows["resolved"] = _opened(world, "Spam under the new video", category="spam")
    rows["closed"] = _opened(world, "A false account", category="impersonation")
    for name in ("acknowledged", "resolved", "closed"):
        lifecycle.acknowledge(rows[name], by=by, owner=world.people["responder"])
    for name in ("resolved", "closed"):
        lifecycle.resolve(rows[name], by=by, note="The comments were removed.")
    lifecycle.close(rows["closed"], by=by)
    rows["note"] = notes.add(rows["open"], text="The laboratory has the batch.", by=by)
    relations.relate(rows["acknowledged"], rows["open"], by=by)
    rows["event"] = rows["open"].events.order_by("sequence").first()


def _inbox(world: World) -> None:
    team, rows = world.team, world.rows
    known = {"team": team, "network": "manual"}
    rows["author_of_comments"] = Author.objects.create(
        **known, external_id="u-77", name="@irina.k", kind="customer", followers=1200
    )
    rows["post"] = Post.objects.create(
        **known, external_id="v-12", account=rows["account"], title="Our new night cream"
    )
    rows["receipt"] = a_receipt(rows["account"], body=b'{"text": "It burns!"}')
    about = {"author": rows["author_of_comments"], "post": rows["post"], "written_at": NOW}
    for name in ("mention", "second_mention"):
        rows[name] = incidents.a_mention(
            rows["account"], incident=rows["open"], text="My face burns, help!", **about
        )
    rows["handled_mention"] = incidents.a_mention(
        rows["account"], text="Is it safe for children?", **about
    )
    handling.handle(
        rows["handled_mention"],
        outcome="answered",
        owner=world.people["manager"],
        by=the_actor(world.people["manager"]),
    )
    rows["injury"] = incidents.a_mention(
        rows["account"], incident=rows["open"], text="I had to see a doctor", **about
    )
    rows["hand_off"] = hand_offs.hand_off(
        rows["injury"],
        reason="Her face is swollen.",
        desk="Customer care",
        owner=world.people["moderator"],
        by=the_actor(world.people["moderator"]),
    )
    rows["unmasking"] = unmasking.unmask(
        rows["handled_mention"],
        reason="She asked to be called.",
        owner=world.people["manager"],
        by=the_actor(world.people["manager"]),
    )
    rows["inbox_settings"] = inbox.settings_of(team, by=SYSTEM)
    rows["handover_note"] = inbox.write_note(
        team=team,
        text="Batch L0427: say nothing before legal has answered.",
        author=world.people["moderator"],
        by=the_actor(world.people["moderator"]),
    )
    for name, title in (("claim", "The cream burns the skin"), ("second_claim", "")):
        rows[name] = incidents.a_claim(team, title=title, incident=rows["open"])
    rows["claimed_mention"] = incidents.a_mention(
        rows["account"], claim=rows["claim"], text="It burns my skin!", **about
    )
    rows["lonely_mention"] = incidents.a_mention(
        rows["account"], text="Where can I buy it?", is_negative=False, **about
    )


def _messages(world: World) -> None:
    rows = world.rows
    rows["reminder"] = Reminder.objects.filter(incident=rows["open"]).order_by("due_at").first()
    parked = reminders.schedule(
        "alarm", rows["open"], incident=rows["open"], due_at=NOW, dedup_key=f"parked:{world.team}"
    )
    Reminder.objects.filter(pk=parked.pk).update(
        status="parked", attempts=5, last_error="ValueError"
    )
    rows["parked_reminder"] = parked
    rows["dead_notification"] = Notification.objects.create(
        team=world.team,
        owner=world.people["manager"],
        contact_point=rows["email_of_the_manager"],
        incident=rows["open"],
        status="dead",
        planned_at=NOW,
        due_at=NOW,
        attempts=3,
        last_error="mailbox_full",
        dedup_key=f"dead:{world.team}",
    )
    NotificationReminder.objects.create(
        notification=rows["dead_notification"], reminder=rows["reminder"]
    )


def _responses(world: World) -> None:
    team, rows = world.team, world.rows
    people = {"author": world.people["author"], "approver": world.people["approver"]}
    about = {"author": people["author"], "incident": rows["open"]}
    responses.a_page(team, title_en="Lumelle: what we know", title_ru="Lumelle: что известно")
    rows["draft"] = responses.a_statement(team, texts=_texts("We have stopped selling"), **about)
    rows["in_review"] = responses.a_statement_in_review(
        team, texts=_texts("We are looking into it"), **about
    )
    approved = {**about, "approver": people["approver"]}
    rows["approved"] = responses.an_approved_statement(
        team, texts=_texts("What we have found"), **approved
    )
    rows["published"] = responses.a_published_statement(
        team, texts=_texts("We are sorry"), **approved
    )
    for place, status in enumerate(TICKETS):
        # One open ticket for each incident and category.
        incident = rows[("open", "other", "acknowledged", "resolved")[place]]
        rows[f"ticket_{status}"] = _ticket(world, incident, status)
    for name in ("follow_up", "started_follow_up"):
        rows[name] = follow_ups.create(
            team=team,
            incident=rows["open"],
            title="Test the batch in a laboratory",
            owner=world.people["responder"],
            due_at=NOW + timedelta(days=3),
            by=SYSTEM,
        )
    follow_ups.start(rows["started_follow_up"], by=SYSTEM)


def _texts(title: str) -> dict[str, dict[str, str]]:
    return {"en": {"title": title, "body": f"{title}. The batch is being tested."}}


def _ticket(world: World, incident: Any, status: str) -> SupportTicket:
    ticket = tickets.create(incident=incident, category="spam", by=SYSTEM)
    ticket_drafting.draft_waiting(only=[ticket.pk])
    ticket.refresh_from_db()
    if status != "draft":
        tickets.mark_ready(ticket, by=SYSTEM, accept_missing=True)
    if status in ("submitted", "answered"):
        tickets.mark_submitted(ticket, by=SYSTEM, platform_ref="TT-4711")
    if status == "answered":
        tickets.record_answer(ticket, by=SYSTEM, answer="We have removed the comments.")
    return ticket


def _webhooks(world: World) -> None:
    team, rows = world.team, world.rows
    rows["endpoint"] = an_endpoint(team, "https://hooks.lumelle.example/crisis")
    rows["disabled_endpoint"] = an_endpoint(
        team, "https://hooks.lumelle.example/old", disabled_at=NOW, disabled_reason="by_hand"
    )
    rows["delivery"] = a_delivery(rows["endpoint"], rows["open"])


class Names:
    """Ids of documents for the ids of this run, the same from run to run.

    Rows of the world have theirs by their name; what else turns up, in the order of its turning up.
    """

    def __init__(self, world: World) -> None:
        self._shown = {pk: _shown(n) for n, pk in enumerate(world.ids().values(), start=1)}
        self._by_name = {name: self._shown[pk] for name, pk in world.ids().items()}

    def __getitem__(self, name: str) -> str:
        """Return the document's id of a row."""
        return self._by_name[name]

    def known(self) -> list[str]:
        """Return the names of the rows."""
        return list(self._by_name)

    def written(self, text: str) -> str:
        """Return a text with the document's ids in the place of this run's."""
        return _ID.sub(lambda found: self._of(found[0]), text)

    def _of(self, pk: str) -> str:
        if pk not in self._shown:
            self._shown[pk] = _shown(1000 + len(self._shown))
        return self._shown[pk]


def _shown(number: int) -> str:
    return f"0198c0de-0000-7000-8000-{number:012}"


def now_is() -> Any:
    """Stop the clock where the world is."""
    return clock.frozen(NOW)
