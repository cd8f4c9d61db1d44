"""Publishing an approved statement, once at each target, and withdrawing it.

A target is written once by machine, whatever is called again: the row of its publication is
unique. The public page is our own, so its publication and the statement's new status are one
transaction, and nothing can be ambiguous.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access.models import SendingHold, Team
from crisis_api.lib import clock, lease
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.escalation import reminders
from incidents.models import Milestone, Mode
from incidents.models.escalation import ReminderKind
from incidents.services import milestones
from responses.models import FeedEntry, Publication, Statement, StatusPage
from responses.services import statement_reminders
from responses.services.statements import EDGES, current, held, incident_of, put, tell

TARGETS: tuple[str, ...] = tuple(Publication.Target.values)
LONGEST_REASON = 2000


@transaction.atomic
def publish(
    statement: Statement, *, targets: Collection[str], by: Actor, version: int | None = None
) -> Statement:
    """Show the approved wording at the named targets; where it is already shown nothing changes.

    Raises Invalid where no target is named, NotAllowedNow without an approval of the current
    wording, Conflict in a drill, while sending is held, the team frozen or its page turned off, and
    Refused where the update that it promises is in the past by now.
    """
    row = held(statement, version)
    _check_targets(targets)
    status = EDGES.follow(row.status, "publish")
    missing = sorted(set(targets) - set(row.publications.values_list("target", flat=True)))
    if not missing:
        return row
    now = clock.now()
    page = _open_page(row, now)
    first = row.status != status
    publications = [_publication(row, target, by, now) for target in missing]
    if first:
        put(row, status=status, published_at=now)
    numbers = [_announce(page, each, now) for each in publications]
    if first:
        _follow_up(row, by, now)
    tell("published", row, by, targets=missing, feed_numbers=numbers, statement_kind=row.kind)
    return row


@transaction.atomic
def retract(
    statement: Statement,
    *,
    reason: str,
    by: Actor,
    public_reason: str = "",
    version: int | None = None,
) -> Statement:
    """Withdraw it everywhere: it stays readable, marked as withdrawn. Done already: no change.

    `reason` is for the team. The public reads one of the prepared sentences, `public_reason`, since
    a sentence of one's own would be published unapproved. Works in a frozen team, too.
    """
    row = held(statement, version)
    if row.status == Statement.Status.RETRACTED:
        return row
    status = EDGES.follow(row.status, "retract")
    _check_reasons(reason, public_reason)
    now = clock.now()
    page = StatusPage.objects.select_for_update(no_key=True).get(team_id=row.team_id)
    reminders.cancel(row, kinds=[ReminderKind.PROMISED_UPDATE])
    shown = list(row.publications.filter(status=Publication.Status.PUBLISHED))
    row.publications.filter(pk__in=[each.pk for each in shown]).change(
        status=Publication.Status.RETRACTED, retracted_at=now
    )
    put(
        row,
        status=status,
        retracted_at=now,
        retraction_reason=reason,
        public_reason=public_reason,
    )
    numbers = [_announce(page, each, now, kind="retracted") for each in shown]
    tell("retracted", row, by, feed_numbers=numbers, public_reason=public_reason)
    return row


def _check_targets(targets: Collection[str]) -> None:
    unknown = sorted(set(targets) - set(TARGETS))
    if unknown or not targets:
        code = "unknown_target" if unknown else "required"
        detail = _("Name where it is published: %s.") % ", ".join(TARGETS)
        raise Invalid(errors=[FieldError("/targets", code, detail)])


def _check_reasons(reason: str, public_reason: str) -> None:
    if not reason.strip():
        raise Invalid(errors=[FieldError("/reason", "blank", _("This may not be blank."))])
    if len(reason) > LONGEST_REASON:
        detail = _("At most %(count)d characters.") % {"count": LONGEST_REASON}
        raise Invalid(errors=[FieldError("/reason", "max_length", detail)])
    if public_reason and public_reason not in Statement.PublicReason.values:
        detail = ", ".join(Statement.PublicReason.values)
        raise Invalid(errors=[FieldError("/public_reason", "invalid_choice", detail)])


def _open_page(row: Statement, now: datetime) -> StatusPage:
    """Return the team's page, locked, if anything may be published now.

    The lock on the team keeps it from being frozen in between; the lock on the page makes the
    feed's numbers rise in the order of commits.
    """
    if row.incident.mode == Mode.DRILL:
        raise Conflict(_("A drill publishes nothing."), code="drill")
    lease.share_lock(Team, [row.team_id])
    if SendingHold.current():
        raise Conflict(
            _("Sending is held since the database was restored, or by hand: nothing goes out."),
            code="sending_held",
        )
    if Team.objects.filter(pk=row.team_id, frozen_at__isnull=False).exists():
        raise Conflict(_("The team is frozen: nothing goes out."), code="team_frozen")
    if row.published_at is None and row.next_update_at is not None and row.next_update_at <= now:
        raise Refused(
            _("It promises an update for a time that has passed."), code="promise_in_the_past"
        )
    pages = StatusPage.objects.select_for_update(no_key=True)
    page: StatusPage | None = pages.filter(team_id=row.team_id, is_enabled=True).first()
    if page is None:
        raise Conflict(_("The public page is not turned on."), code="status_page_off")
    return page


def _publication(row: Statement, target: str, by: Actor, now: datetime) -> Publication:
    revision = current(row)
    publication: Publication = Publication.objects.create(
        team_id=row.team_id,
        statement=row,
        revision=revision,
        target=target,
        status=Publication.Status.PUBLISHED,
        sha256=revision.sha256,
        published_at=now,
        **made_by(by),
    )
    return publication


def _announce(
    page: StatusPage, publication: Publication, now: datetime, kind: str = "published"
) -> int:
    """Give it the feed's next number; the page's time moves, its version is its manager's."""
    page.last_number += 1
    StatusPage.objects.filter(pk=page.pk).update(last_number=page.last_number, updated_at=now)
    FeedEntry.objects.create(
        page=page, number=page.last_number, publication=publication, kind=kind, at=now
    )
    return page.last_number


def _follow_up(row: Statement, by: Actor, now: datetime) -> None:
    """Keep the promises made before, make the new one, and tell of what this means elsewhere."""
    incident = incident_of(row)
    family = statement_reminders.family_of(incident.pk)
    for earlier in Statement.objects.public().filter(incident__in=family).exclude(pk=row.pk):
        if earlier.next_update_at is not None:
            reminders.cancel(earlier, kinds=[ReminderKind.PROMISED_UPDATE])
    statement_reminders.remind_of_promise(row, now=now)
    milestones.reach(incident, Milestone.Name.FIRST_PUBLIC_RESPONSE, at=now, by=by)
    if row.corrects is not None:
        timeline.record(
            "statement.corrected",
            row.corrects,
            incident=incident,
            by=by,
            data={"correction": str(row.pk)},
        )
