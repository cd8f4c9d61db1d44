"""The verbs of a statement. Whoever approves or publishes it reads it first, on the same page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner
from crisis_api.lib.errors import Forbidden
from responses.admin import statement_forms as forms
from responses.models import Statement
from responses.services import publications, reviews, statements


def author_of(caller: Any) -> Owner:
    """Return whose words they are."""
    if caller.owner is None:
        raise Forbidden
    owner: Owner = caller.owner
    return owner


def _allowed(verb: str) -> Callable[[Statement], bool]:
    return lambda row: verb in statements.EDGES.allowed(row.status)


def _is_no_author(caller: Caller, row: Statement) -> bool:
    # The page names the authors, and says there that they may not.
    return caller.owner is not None and caller.owner.pk not in statements.authors_of(row)


def _read(request: HttpRequest, row: Statement) -> Any:
    """Return the current wording with its number and hash: that is what the word is given for."""
    if row.revision is None:
        return ""
    number = _now("Wording %s") % row.revision.number
    return format_html(
        '<p class="crisis-muted">{} · SHA-256 {}</p>{}',
        number,
        row.revision.sha256,
        forms.wording(row.revision.texts),
    )


def _submit(act: Act) -> None:
    author = author_of(act.caller)
    reviews.submit(act.row, by=act.by, author=author, version=act.version)


def _approve(act: Act) -> None:
    approver = author_of(act.caller)
    reviews.approve(act.row, by=act.by, approver=approver, version=act.version)


def _request_changes(act: Act) -> None:
    reviews.request_changes(act.row, text=act.values["text"], by=act.by, version=act.version)


def _publish(act: Act) -> None:
    targets = act.values["targets"]
    publications.publish(act.row, targets=targets, by=act.by, version=act.version)


def _retract(act: Act) -> None:
    publications.retract(act.row, by=act.by, version=act.version, **act.values)


def _correct(act: Act) -> Statement:
    values = dict(act.values)
    return statements.correct(
        act.row,
        texts=forms.texts_of(values),
        by=act.by,
        author=author_of(act.caller),
        version=act.version,
        next_update_at=values["next_update_at"],
    )


VERBS = (
    Verb(
        "submit",
        _("Submit for review"),
        "statements.submit",
        _submit,
        offered=_allowed("submit"),
        explains=_("The approvers are asked at once. Whoever submits it cannot approve it."),
        done=_("Submitted: the approvers are asked."),
        body=_read,
        icon="send",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "approve",
        _("Approve"),
        "statements.approve",
        _approve,
        offered=_allowed("approve"),
        offered_to=_is_no_author,
        explains=_(
            "You stand for this wording. The approval holds for it alone; nobody approves words "
            "of their own."
        ),
        done=_("Approved."),
        body=_read,
        icon="verified",
        variant=ActionVariant.SUCCESS,
    ),
    Verb(
        "request_changes",
        _("Request changes"),
        "statements.request_changes",
        _request_changes,
        form=forms.RemarkForm,
        offered=_allowed("request_changes"),
        explains=_("It goes back to its authors; an approval given before is void."),
        done=_("The authors are asked to change it."),
        body=_read,
        icon="rate_review",
    ),
    Verb(
        "publish",
        _("Publish"),
        "statements.publish",
        _publish,
        form=forms.PublishForm,
        offered=lambda row: row.status == Statement.Status.APPROVED,
        explains=_("This is what everybody will read."),
        done=_("Published."),
        body=_read,
        icon="campaign",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "correct",
        _("Correct"),
        "statements.write",
        _correct,
        form=forms.CorrectForm,
        offered=_allowed("correct"),
        explains=_("A new draft that puts this one right; the two show each other once published."),
        done=_("This is the draft of the correction."),
        icon="edit",
    ),
    Verb(
        "retract",
        _("Retract"),
        "statements.retract",
        _retract,
        form=forms.RetractForm,
        offered=_allowed("retract"),
        explains=_("It stays readable, marked as withdrawn. This is for good."),
        done=_("Withdrawn."),
        icon="undo",
        variant=ActionVariant.DANGER,
    ),
)
