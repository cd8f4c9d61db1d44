"""What the brand says in public: writing it, and how its row is held while a verb changes it.

Reviewing lives in `reviews`, publishing and withdrawing in `publications`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from crisis_api.access import refs
from crisis_api.access.models import Owner
from crisis_api.access.services import changes as auditing
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid, Refused, Stale
from crisis_api.lib.records import made_by
from crisis_api.lib.states import Edges
from incidents import timeline
from incidents.escalation import reminders
from incidents.models import Incident
from incidents.models.escalation import ReminderKind
from incidents.services.moves import root_of
from responses.models import Revision, RevisionAuthor, Statement
from responses.services import texts as wording
from responses.services.texts import Texts

# The same moves are held by the database, in `crisis_api.guards.statements`.
EDGES = Edges(
    {
        "draft": {"revise": "draft", "submit": "in_review"},
        "in_review": {"revise": "draft", "approve": "approved", "request_changes": "draft"},
        "approved": {"revise": "draft", "request_changes": "draft", "publish": "published"},
        "published": {"publish": "published", "retract": "retracted", "correct": "published"},
        "retracted": {"correct": "retracted"},
    }
)
FURTHEST = timedelta(days=366)
CORRECTION = Statement.Kind.CORRECTION


class Changes(TypedDict, total=False):
    """What may be rewritten until it is published; `texts` are replaced in all languages."""

    texts: Texts
    kind: str
    next_update_at: datetime | None


Refs = Sequence[Mapping[str, Any]]


@transaction.atomic
def draft(
    incident: Incident,
    *,
    kind: str,
    texts: Texts,
    by: Actor,
    author: Owner,
    next_update_at: datetime | None = None,
    corrects: Statement | None = None,
    external_refs: Refs = (),
) -> Statement:
    """Write the first wording of a statement about an incident.

    `author` is the person whose words they are, also where a key writes. What is said of a merged
    incident belongs to the one it went into. `corrects` names the published statement that a
    correction puts right; whoever wrote what is repeated from it counts as an author, too.
    """
    texts = wording.taken_in(texts)
    _check_promise(next_update_at)
    about = Incident.objects.get(pk=root_of(incident.pk))
    if corrects is not None:
        corrects = held(corrects)
    _check_correction(kind, corrects, about)
    row: Statement = Statement.objects.create(
        team_id=about.team_id,
        incident=about,
        kind=kind,
        corrects=corrects,
        next_update_at=next_update_at,
        **made_by(by),
    )
    repeated = _authors_of_what_is_repeated(corrects, texts)
    put(row, revision=_write(row, texts, {author.pk} | repeated, by))
    refs.replace(row, external_refs, by=by)
    if corrects is not None:
        put(corrects)  # it shows its corrections, so its version rises
    tell(
        "drafted",
        row,
        by,
        statement_kind=kind,
        languages=sorted(texts),
        corrects=str(corrects.pk) if corrects else None,
    )
    return row


@transaction.atomic
def revise(
    statement: Statement,
    *,
    by: Actor,
    author: Owner,
    version: int | None = None,
    external_refs: Refs | None = None,
    **changes: Unpack[Changes],
) -> Statement:
    """Write a new wording before publication; in review or approved already, it is a draft again.

    Each change, that of the kind or the promised update too, makes a new immutable revision. Its
    authors are the writer and everybody who wrote an earlier one. External references change
    nothing but themselves, at any time. Raises Stale where the statement is not at `version` any
    more, NotAllowedNow once it is published.
    """
    row = held(statement, version)
    if external_refs is not None and refs.replace(row, external_refs, by=by):
        put(row)
        fields = ["external_refs"]
        auditing.note("statement.changed", row, teams=[row.team], by=by, fields=fields)
    if changes:
        _revise(row, changes, by, author)
    return row


def _revise(row: Statement, changes: Changes, by: Actor, author: Owner) -> None:
    before, after = row.status, EDGES.follow(row.status, "revise")
    old = current(row)
    texts = wording.taken_in(changes.pop("texts")) if "texts" in changes else old.texts
    values: dict[str, Any] = {
        name: value for name, value in changes.items() if getattr(row, name) != value
    }
    if texts == old.texts and not values:
        return
    _check_promise(values.get("next_update_at"))
    if CORRECTION in (row.kind, values.get("kind")) and "kind" in values:
        raise Refused(_("A correction stays one, and nothing else becomes one."), code="kind_stays")
    if before == Statement.Status.IN_REVIEW:
        reminders.cancel(row, kinds=[ReminderKind.APPROVAL_NEEDED])
    revision = _write(row, texts, {author.pk} | authors_of(row), by)
    put(row, status=after, revision=revision, approved_revision=None, approved_at=None, **values)
    tell("revised", row, by, was=before, languages=sorted(texts), fields=sorted(values))


@transaction.atomic
def correct(
    statement: Statement,
    *,
    texts: Texts,
    by: Actor,
    author: Owner,
    version: int | None = None,
    next_update_at: datetime | None = None,
) -> Statement:
    """Write a new draft that corrects a published or withdrawn statement, and return it.

    The old one stays as it is; the two show each other once the correction is published.
    """
    row = held(statement, version)
    EDGES.follow(row.status, "correct")
    return draft(
        row.incident,
        kind=CORRECTION,
        texts=texts,
        by=by,
        author=author,
        next_update_at=next_update_at,
        corrects=row,
    )


# For the verbs of `reviews` and `publications`


def held(statement: Statement, version: int | None = None) -> Statement:
    """Lock the statement's row until the transaction ends and return it as it is now.

    `version` is what the caller has read: where the row has another by now, this raises Stale. Its
    incident, whose timeline every verb writes, is locked after it and before any reminder, which is
    the order in which everybody takes these locks.
    """
    row: Statement = Statement.objects.select_for_update(no_key=True).get(pk=statement.pk)
    if version is not None and row.version != version:
        raise Stale
    incidents = Incident.objects.select_for_update(no_key=True)
    list(incidents.filter(pk=root_of(row.incident_id)).values_list("pk"))
    return row


def incident_of(row: Statement) -> Incident:
    """Return the incident that it is about, or the one that was merged into."""
    incident: Incident = Incident.objects.get(pk=root_of(row.incident_id))
    return incident


def put(row: Statement, **values: Any) -> None:
    """Write the values to a row that is held, and to the instance in hand."""
    now = clock.now()
    same = Statement.objects.filter(pk=row.pk, version=row.version)
    if not same.change(updated_at=now, **values):
        raise Stale
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = now


def current(row: Statement) -> Revision:
    """Return the current wording, which every statement has."""
    if row.revision is None:
        raise Refused(_("This statement has no wording."), code="no_revision")
    return row.revision


def authors_of(statement: Statement) -> set[UUID]:
    """Return the ids of all who wrote any wording of the statement, or submitted it."""
    mine = RevisionAuthor.objects.filter(revision__statement=statement)
    return set(mine.values_list("owner_id", flat=True))


def tell(what: str, row: Statement, by: Actor, **data: Any) -> None:
    """Write on the timeline what was done to the current wording, by number and hash."""
    revision = current(row)
    said = {"revision": revision.number, "sha256": revision.sha256, **data}
    timeline.record(f"statement.{what}", row, incident=incident_of(row), by=by, data=said)


def _write(row: Statement, texts: Texts, authors: Iterable[UUID], by: Actor) -> Revision:
    last = row.revisions.aggregate(last=Max("number"))["last"] or 0
    revision: Revision = Revision.objects.create(
        team_id=row.team_id,
        statement=row,
        number=last + 1,
        texts=texts,
        sha256=wording.digest(texts),
        **made_by(by),
    )
    RevisionAuthor.objects.bulk_create(
        [RevisionAuthor(revision=revision, owner_id=owner_id) for owner_id in sorted(authors)]
    )
    return revision


def _authors_of_what_is_repeated(corrects: Statement | None, texts: Texts) -> set[UUID]:
    if corrects is None:
        return set()
    earlier = corrects.revisions.values_list("texts", flat=True)
    repeats = any(wording.shares_words(texts, old) for old in earlier)
    return authors_of(corrects) if repeats else set()


def _check_correction(kind: str, corrects: Statement | None, about: Incident) -> None:
    if (kind == CORRECTION) != (corrects is not None):
        detail = _("A correction, and nothing else, names the statement that it corrects.")
        raise Invalid(errors=[FieldError("/corrects", "required_for_corrections", detail)])
    if corrects is None:
        return
    if corrects.team_id != about.team_id or root_of(corrects.incident_id) != about.pk:
        raise Refused(_("It is about another incident."), code="of_another_incident")
    EDGES.follow(corrects.status, "correct")


def _check_promise(at: datetime | None) -> None:
    now = clock.now()
    if at is not None and not now < at <= now + FURTHEST:
        code, detail = (
            ("in_the_past", _("This is in the past."))
            if at <= now
            else ("too_far_ahead", _("This is more than a year ahead."))
        )
        raise Invalid(errors=[FieldError("/next_update_at", code, detail)])
