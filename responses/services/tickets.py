"""Support tickets: drafted by machine, finished and submitted by people, answered by the platform.

drafting → draft → ready → submitted → answered → closed, and answered → appealed → answered
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crisis_api.access import refs
from crisis_api.lib import clock, constraints, nudge
from crisis_api.lib.actors import SYSTEM, Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused, Stale
from crisis_api.lib.records import made_by
from crisis_api.lib.states import Edges
from incidents import timeline
from incidents.models import Event, Incident, IncidentStatus
from responses.models import DeskSettings, SupportTicket
from responses.models.desk import default_ticket_categories
from responses.services import desk, ticket_gaps
from responses.tickets.draft import SECTIONS

DRAFT = "responses.draft_tickets"
PLATFORM = "tiktok"
# What a person may write: the draft's sections, and what is said against the platform's answer.
EDITABLE = (*(name for name in SECTIONS if name != "missing"), "appeal")
LONGEST_SECTION = 100_000
ONE_OPEN = "one_open_ticket_per_incident_platform_and_category"

EDGES = Edges(
    {
        "drafting": {"edit": "drafting", "redraft": "drafting", "close": "closed"},
        "draft": {
            "edit": "draft",
            "redraft": "drafting",
            "mark_ready": "ready",
            "close": "closed",
        },
        "ready": {
            "edit": "draft",
            "redraft": "drafting",
            "mark_submitted": "submitted",
            "close": "closed",
        },
        "submitted": {"record_answer": "answered", "close": "closed"},
        "answered": {"appeal": "appealed", "close": "closed"},
        "appealed": {"record_answer": "answered", "close": "closed"},
        "closed": {},
    }
)
_PAST = {
    "edit": "edited",
    "redraft": "redrafting",
    "mark_ready": "marked_ready",
    "mark_submitted": "submitted",
    "record_answer": "answered",
    "appeal": "appealed",
    "close": "closed",
}


def open_for_incidents(events: Sequence[Event], now: datetime) -> None:
    """Have tickets drafted for incidents that opened, where their team wants that.

    In a drill too: a draft stays inside. Called in the transaction of a set of reactions.
    """
    wanted = _wanted_categories({event.team_id for event in events})
    tickets = [
        SupportTicket(
            team_id=incident.team_id,
            incident=incident,
            category=incident.category,
            platform=PLATFORM,
            language=wanted[incident.team_id][1],
            due_at=now,
            **made_by(SYSTEM),
        )
        for incident in (event.incident for event in events)
        if incident is not None
        and incident.status != IncidentStatus.MERGED
        and incident.category in wanted[incident.team_id][0]
    ]
    # A person may have asked for one already.
    SupportTicket.objects.bulk_create(tickets, ignore_conflicts=True)
    nudge.hint(DRAFT, [ticket.pk for ticket in tickets])


def _wanted_categories(team_ids: set[Any]) -> dict[Any, tuple[Sequence[str], str]]:
    found = {team_id: (default_ticket_categories(), "en") for team_id in team_ids}
    rows = DeskSettings.objects.filter(team_id__in=team_ids)
    return found | {row.team_id: (row.ticket_categories, row.ticket_language) for row in rows}


@transaction.atomic
def create(
    *,
    incident: Incident,
    by: Actor,
    category: str = "",
    language: str = "",
    platform: str = PLATFORM,
    external_refs: Sequence[Mapping[str, Any]] = (),
) -> SupportTicket:
    """Have a ticket drafted for any incident; it is there in a moment.

    The category is the incident's and the language the team's unless told otherwise. While one of
    the same kind is open this raises Conflict, which names it.
    """
    category = category or incident.category
    same = SupportTicket.objects.filter(incident=incident, platform=platform, category=category)
    try:
        with transaction.atomic():
            ticket = SupportTicket.objects.create(
                team_id=incident.team_id,
                incident=incident,
                platform=platform,
                category=category,
                language=language or desk.settings_of(incident.team).ticket_language,
                due_at=clock.now(),
                **made_by(by),
            )
    except IntegrityError as error:
        if constraints.name_of(error) != ONE_OPEN:
            raise
        open_one = same.exclude(status="closed").values_list("pk", flat=True).first()
        raise Conflict(
            _("There is such a ticket already."), code="ticket_exists", ticket=str(open_one)
        ) from None
    refs.replace(ticket, external_refs, by=by)
    _tell("created", ticket, by)
    nudge.hint(DRAFT, [ticket.pk])
    return ticket


@transaction.atomic
def edit(
    ticket: SupportTicket,
    *,
    by: Actor,
    sections: Mapping[str, str] | None = None,
    language: str | None = None,
    settled: Sequence[str] | None = None,
    external_refs: Sequence[Mapping[str, Any]] | None = None,
    version: int | None = None,
) -> SupportTicket:
    """Write sections; drafting again keeps them. One that is ready becomes a draft again.

    `settled` are the codes of all that was missing and has been seen to.

    Another language takes effect when it is drafted again. What it is called in other systems may
    change at any time, and changes nothing else.
    """
    row = _locked(ticket, None)
    if version is not None and row.version != version and not ticket_gaps.is_the_machines(row):
        raise Stale
    if external_refs is not None and refs.replace(row, external_refs, by=by):
        SupportTicket.objects.filter(pk=row.pk).change()
        row.refresh_from_db()
    if sections is None and language is None and settled is None:
        return row
    EDGES.follow(row.status, "edit")
    _check_sections(sections or {})
    changed = {
        name: text for name, text in (sections or {}).items() if row.sections.get(name) != text
    }
    values: dict[str, Any] = {}
    if changed:
        values["sections"] = {**row.sections, **changed}
        values["edited_sections"] = sorted({*row.edited_sections, *changed})
    if language is not None and language != row.language:
        values["language"] = language
    if settled is not None and set(settled) != {each["code"] for each in row.settled or ()}:
        values["settled"] = ticket_gaps.settle(row, settled, by=by)
    if not values:
        return row
    ticked = values.get("settled", row.settled) or []
    values |= ticket_gaps.without_answered(
        ticket_gaps.known(row),
        sections=values.get("sections", row.sections),
        edited=values.get("edited_sections", row.edited_sections),
        settled=ticked,
    )
    told = {"sections": sorted(changed), "settled": [each["code"] for each in ticked]}
    return _move(row, "edit", by, told, **values)


@transaction.atomic
def redraft(ticket: SupportTicket, *, by: Actor, version: int | None = None) -> SupportTicket:
    """Have it drafted again from what is known now; what people wrote stays."""
    row = _locked(ticket, version)
    if row.status == SupportTicket.Status.DRAFTING and row.due_at is not None:
        return row
    row = _move(row, "redraft", by, due_at=clock.now(), attempts=0, last_error="", drafted_of=None)
    nudge.hint(DRAFT, [row.pk])
    return row


@transaction.atomic
def mark_ready(
    ticket: SupportTicket, *, by: Actor, accept_missing: bool = False, version: int | None = None
) -> SupportTicket:
    """Say that it can be submitted. Refused while something is missing, unless that is accepted."""
    row = _locked(ticket, version)
    if row.status == SupportTicket.Status.READY:
        return row
    EDGES.follow(row.status, "mark_ready")
    if row.missing and not accept_missing:
        raise Refused(
            _("Something is still missing."), code="still_missing", missing=list(row.missing)
        )
    return _move(row, "mark_ready", by, {"missing": list(row.missing)})


@transaction.atomic
def mark_submitted(
    ticket: SupportTicket, *, by: Actor, platform_ref: str = "", version: int | None = None
) -> SupportTicket:
    """Say that a person has submitted it, and under which number the platform has it."""
    row = _locked(ticket, version)
    if row.status == SupportTicket.Status.SUBMITTED and row.platform_ref == platform_ref:
        return row
    return _move(row, "mark_submitted", by, platform_ref=platform_ref, submitted_at=clock.now())


@transaction.atomic
def record_answer(
    ticket: SupportTicket, *, answer: str, by: Actor, version: int | None = None
) -> SupportTicket:
    """Write down what the platform answered; an answer to an appeal is added to the first one."""
    row = _locked(ticket, version)
    _need("/answer", answer)
    if row.status == SupportTicket.Status.ANSWERED and row.answer == answer:
        return row
    whole = f"{row.answer}\n\n{answer}" if row.answer else answer
    digest = hashlib.sha256(answer.encode()).hexdigest()
    data = {"answer_sha256": digest}
    return _move(row, "record_answer", by, data, answer=whole, answered_at=clock.now())


@transaction.atomic
def appeal(
    ticket: SupportTicket, *, reason: str, by: Actor, version: int | None = None
) -> SupportTicket:
    """Say that the answer was appealed against, and with which words."""
    row = _locked(ticket, version)
    _need("/reason", reason)
    if row.status == SupportTicket.Status.APPEALED:
        return row
    return _move(
        row,
        "appeal",
        by,
        sections={**row.sections, "appeal": reason},
        edited_sections=sorted({*row.edited_sections, "appeal"}),
    )


@transaction.atomic
def close(ticket: SupportTicket, *, by: Actor, version: int | None = None) -> SupportTicket:
    """Say that nothing more comes of it; another one can be made then."""
    row = _locked(ticket, version)
    if row.status == SupportTicket.Status.CLOSED:
        return row
    return _move(row, "close", by, closed_at=clock.now(), due_at=None)


def _locked(ticket: SupportTicket, version: int | None) -> SupportTicket:
    row: SupportTicket = SupportTicket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def _move(
    row: SupportTicket,
    verb: str,
    by: Actor,
    data: Mapping[str, Any] | None = None,
    **values: Any,
) -> SupportTicket:
    before, after = row.status, EDGES.follow(row.status, verb)
    SupportTicket.objects.filter(pk=row.pk, status=before).change(status=after, **values)
    row.refresh_from_db()
    _tell(_PAST[verb], row, by, **(data or {}))
    return row


def _tell(what: str, row: SupportTicket, by: Actor, **data: Any) -> None:
    told = {"category": row.category, "platform": row.platform, **data}
    timeline.record(f"support_ticket.{what}", row, incident=row.incident, by=by, data=told)


def _need(pointer: str, text: str) -> None:
    if not text.strip():
        raise Invalid(errors=[FieldError(pointer, "blank", _("This may not be blank."))])


def _check_sections(sections: Mapping[str, str]) -> None:
    errors = []
    for name, text in sections.items():
        if name not in EDITABLE:
            detail = _("One of: %s.") % ", ".join(EDITABLE)
            errors.append(FieldError(f"/sections/{name[:60]}", "unknown_section", detail))
        elif len(text) > LONGEST_SECTION:
            detail = _("At most %s characters.") % LONGEST_SECTION
            errors.append(FieldError(f"/sections/{name}", "max_length", detail))
    if errors:
        raise Invalid(errors=errors)
