"""The verbs of a support ticket: what people do with a draft until the platform has answered."""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin.verbs import Act, Verb
from responses.admin.ticket_forms import AnswerForm, AppealForm, ReadyForm, SubmittedForm
from responses.models import SupportTicket
from responses.services import tickets


def _do(verb: Callable[..., SupportTicket]) -> Callable[[Act], None]:
    def do(act: Act) -> None:
        verb(act.row, by=act.by, version=act.version, **act.values)

    return do


def allowed(verb: str) -> Callable[[SupportTicket], bool]:
    """Offer a verb where the status allows it."""
    return lambda row: verb in tickets.EDGES.allowed(row.status)


def _stuck_or_done(row: SupportTicket) -> bool:
    # While the machine is at it there is nothing to ask for.
    if row.status == SupportTicket.Status.DRAFTING:
        return row.due_at is None
    return allowed("redraft")(row)


_WRITE = "support_tickets.write"
VERBS = (
    Verb(
        "mark_ready",
        _("Mark ready"),
        _WRITE,
        _do(tickets.mark_ready),
        form=ReadyForm,
        offered=allowed("mark_ready"),
        explains=_("It can be submitted through the platform's own form."),
        done=_("It can be submitted."),
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "mark_submitted",
        _("Mark submitted"),
        _WRITE,
        _do(tickets.mark_submitted),
        form=SubmittedForm,
        offered=allowed("mark_submitted"),
        explains=_("You have submitted it through the platform's own form."),
        done=_("Submitted."),
        icon="outgoing_mail",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "record_answer",
        _("Record the answer"),
        _WRITE,
        _do(tickets.record_answer),
        form=AnswerForm,
        offered=allowed("record_answer"),
        done=_("The answer is kept."),
        icon="mark_email_read",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "appeal",
        _("Appeal"),
        _WRITE,
        _do(tickets.appeal),
        form=AppealForm,
        offered=allowed("appeal"),
        explains=_("You have appealed against the answer; these are the words."),
        done=_("The appeal is kept."),
        icon="gavel",
    ),
    Verb(
        "redraft",
        _("Draft again"),
        _WRITE,
        _do(tickets.redraft),
        offered=_stuck_or_done,
        explains=_("From what is known now; what people wrote stays."),
        done=_("It is drafted again; it is there in a moment."),
        icon="autorenew",
    ),
    Verb(
        "close",
        _("Close"),
        _WRITE,
        _do(tickets.close),
        offered=allowed("close"),
        explains=_("Nothing more comes of it; another one can be made then."),
        done=_("Closed."),
        icon="lock",
        variant=ActionVariant.DANGER,
        more=True,
    ),
)
