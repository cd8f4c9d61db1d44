"""What happened to what goes out, in a sentence for each kind of event."""

from django.utils.translation import gettext_lazy as _

from incidents.admin import sentences
from incidents.admin.words import WORDS
from responses.models import FollowUp, Publication, Statement

WORDS.update(
    {
        **dict(Statement.Kind.choices),
        **dict(FollowUp.Kind.choices),
        **dict(Publication.Target.choices),
        "texts": _("texts"),
        "kind": _("kind"),
        "next_update_at": _("next update promised for"),
        "due_at": _("due"),
        "owner": _("owner"),
        "description": _("description"),
        "remind_before_seconds": _("remind before"),
        "failing": _("it kept failing"),
        "gone": _("its receiver said that it is gone"),
    }
)
sentences.register(
    {
        "statement.drafted": (
            _("A statement was drafted: %(statement_kind)s"),
            _(" (%(languages)s)"),
        ),
        "statement.revised": (_("Wording %(revision)s of a statement was written"),),
        "statement.submitted": (_("Wording %(revision)s was submitted for review"),),
        "statement.approved": (_("Wording %(revision)s was approved by %(approver)s"),),
        "statement.changes_requested": (_("Changes of wording %(revision)s were requested"),),
        "statement.published": (
            _("A statement was published: %(statement_kind)s"),
            _(" (%(targets)s)"),
        ),
        "statement.retracted": (_("A statement was withdrawn"), _(": %(public_reason)s")),
        "statement.corrected": (_("A statement was corrected by a later one"),),
        "support_ticket.created": (_("A support ticket was asked for: %(category)s"),),
        "support_ticket.drafted": (
            _("A support ticket was drafted: %(category)s"),
            _(", mentions: %(mentions)s"),
        ),
        "support_ticket.edited": (_("A support ticket was edited"), _(": %(sections)s")),
        "support_ticket.redrafting": (_("A support ticket is drafted again"),),
        "support_ticket.marked_ready": (_("A support ticket can be submitted"),),
        "support_ticket.submitted": (_("A support ticket was submitted to the platform"),),
        "support_ticket.answered": (_("The platform answered a support ticket"),),
        "support_ticket.appealed": (_("The platform's answer was appealed against"),),
        "support_ticket.closed": (_("A support ticket was closed"),),
        "follow_up.created": (
            _("A follow-up was written down: %(kind)s"),
            _(", %(owner)s"),
            _(", due %(due_at)s"),
        ),
        "follow_up.changed": (_("A follow-up was changed: %(fields)s"),),
        "follow_up.started": (_("Somebody is at a follow-up"),),
        "follow_up.completed": (_("A follow-up is done"),),
        "follow_up.cancelled": (_("A follow-up was cancelled"),),
        "follow_up.overdue": (_("A follow-up is overdue"), _(" (%(owner)s)")),
        "follow_up.ignored": (
            _("A follow-up is ignored; the managers are told"),
            _(" (%(owner)s)"),
        ),
        "webhook_endpoint.enabled": (_("A webhook endpoint was enabled"),),
        "webhook_endpoint.disabled": (_("A webhook endpoint was disabled"), _(": %(reason)s")),
        "webhook_endpoint.delivery_died": (
            _("A webhook delivery died after %(attempts)s attempts"),
            _(", the last answer was %(last_status)s"),
        ),
        "webhook_endpoint.pinged": (_("A test was sent to a webhook endpoint"),),
    }
)
