"""Reviewing a statement: it is submitted, and somebody who wrote none of it approves or objects."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access.models import Membership, Owner
from crisis_api.access.permissions import permission
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Forbidden, Invalid
from crisis_api.lib.records import made_by
from incidents.escalation import reminders
from incidents.models.escalation import ReminderKind
from responses.models import Approval, Remark, RevisionAuthor, Statement
from responses.services import statement_reminders
from responses.services.statements import EDGES, authors_of, current, held, put, tell

LONGEST_REMARK = 5000


@transaction.atomic
def submit(
    statement: Statement, *, by: Actor, author: Owner, version: int | None = None
) -> Statement:
    """Ask the approvers for their word; whoever submits it cannot give it.

    A new review round begins: approvals of earlier ones count no more. In review already, nothing
    changes.
    """
    row = held(statement, version)
    if row.status == Statement.Status.IN_REVIEW:
        return row
    status = EDGES.follow(row.status, "submit")
    revision = current(row)
    if revision.approvals.filter(approver=author).exists():
        raise Forbidden(
            _("You approved this wording once; somebody else submits it again."), code="four_eyes"
        )
    RevisionAuthor.objects.get_or_create(revision=revision, owner=author)
    now = clock.decisive_now()
    put(row, status=status, review_round=row.review_round + 1, submitted_at=now)
    statement_reminders.ask_for_approval(row, now=now)
    tell("submitted", row, by, review_round=row.review_round)
    return row


@transaction.atomic
def approve(
    statement: Statement, *, approver: Owner, by: Actor, version: int | None = None
) -> Statement:
    """Let the current wording be published, in the name of a person who wrote none of it.

    Four eyes: people are compared, whichever key or account they use. The approval holds for this
    wording's hash alone. Raises Forbidden for an author, or for who may not approve in this team.
    """
    row = held(statement, version)
    _check_may_approve(row, approver)
    if row.status == Statement.Status.APPROVED:
        return row
    status = EDGES.follow(row.status, "approve")
    revision = current(row)
    Approval.objects.create(
        team_id=row.team_id,
        revision=revision,
        approver=approver,
        sha256=revision.sha256,
        review_round=row.review_round,
        **made_by(by),
    )
    reminders.cancel(row, kinds=[ReminderKind.APPROVAL_NEEDED])
    put(row, status=status, approved_revision=revision, approved_at=clock.decisive_now())
    tell("approved", row, by, review_round=row.review_round, approver=str(approver.pk))
    return row


def _check_may_approve(row: Statement, approver: Owner) -> None:
    roles = permission("statements.approve").roles
    mine = Membership.objects.filter(team_id=row.team_id, owner=approver, role__in=roles)
    if approver.deactivated_at is not None or not mine.exists():
        raise Forbidden(_("This person may not approve here."), code="not_an_approver")
    if approver.pk in authors_of(row):
        raise Forbidden(_("Who wrote or submitted a text may not approve it."), code="four_eyes")


@transaction.atomic
def request_changes(
    statement: Statement, *, text: str, by: Actor, version: int | None = None
) -> Statement:
    """Send it back to its authors, with what should change; an approval given before is void."""
    row = held(statement, version)
    before, after = row.status, EDGES.follow(row.status, "request_changes")
    remark = Remark.objects.create(
        team_id=row.team_id,
        statement=row,
        revision=current(row),
        text=_checked(text),
        **made_by(by),
    )
    reminders.cancel(row, kinds=[ReminderKind.APPROVAL_NEEDED])
    put(row, status=after, approved_revision=None, approved_at=None)
    tell("changes_requested", row, by, was=before, remark=str(remark.pk))
    return row


def _checked(text: str) -> str:
    problem: tuple[str, Any] | None = None
    if not text.strip():
        problem = "blank", _("This may not be blank.")
    elif len(text) > LONGEST_REMARK:
        problem = "max_length", _("At most %(count)d characters.") % {"count": LONGEST_REMARK}
    if problem is not None:
        raise Invalid(errors=[FieldError("/text", *problem)])
    return text
