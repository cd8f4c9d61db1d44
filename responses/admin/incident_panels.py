"""What the page of an incident shows of what goes out."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crisis_api.access.admin import display
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.callers import Caller
from crisis_api.lib import clock
from incidents.admin import panels
from incidents.models import Incident
from responses.models import FollowUp, Statement, SupportTicket


def _add(caller: Caller, permission: str, incident: Incident, link: Link) -> list[Link]:
    return [link] if caller.may(permission, incident.team_id) else []


def statements(incident: Incident, caller: Caller) -> Panel | None:
    """What the brand says of it."""
    if not caller.may("statements.view", incident.team_id):
        return None
    mine: QuerySet[Statement] = Statement.objects.filter(incident=incident)
    rows = [
        (
            display.link(each, _title(each)),
            each.get_kind_display(),
            display.badge(each.status, each.get_status_display()),
            display.minute(each.published_at),
            display.minute(each.next_update_at),
        )
        for each in mine.select_related("revision").order_by("-id")
    ]
    add = Link(_("Write a statement"), display.add_to(Statement, incident=incident.pk))
    columns = (_("statement"), _("kind"), _("status"), _("published"), _("next update"))
    return Panel(
        "statements",
        _("Statements"),
        columns,
        rows,
        count=len(rows),
        links=_add(caller, "statements.write", incident, add),
    )


def _title(statement: Statement) -> str:
    texts = statement.revision.texts if statement.revision else {}
    return next((text["title"] for text in texts.values()), str(statement))


def tickets(incident: Incident, caller: Caller) -> Panel | None:
    """What is asked of the platform."""
    if not caller.may("support_tickets.view", incident.team_id):
        return None
    mine: QuerySet[SupportTicket] = SupportTicket.objects.filter(incident=incident)
    rows = [
        (
            display.link(each, each.get_category_display()),
            display.badge(each.status, each.get_status_display()),
            len(each.missing),
            display.minute(each.submitted_at),
            each.platform_ref or display.NONE,
        )
        for each in mine.order_by("-id")
    ]
    add = Link(_("Draft a ticket"), display.add_to(SupportTicket, incident=incident.pk))
    columns = (_("ticket"), _("status"), _("still missing"), _("submitted"), _("number there"))
    return Panel(
        "tickets",
        _("Tickets"),
        columns,
        rows,
        count=len(rows),
        links=_add(caller, "support_tickets.write", incident, add),
    )


def follow_ups(incident: Incident, caller: Caller) -> Panel | None:
    """What is to be done, and what was promised."""
    if not caller.may("follow_ups.view", incident.team_id):
        return None
    now = clock.now()
    mine: QuerySet[FollowUp] = FollowUp.objects.filter(incident=incident)
    rows = []
    for each in mine.select_related("owner").order_by("due_at", "id"):
        late = each.status in ("open", "in_progress") and each.due_at <= now
        due = display.minute(each.due_at)
        rows.append(
            (
                display.link(each),
                each.get_kind_display(),
                display.badge(each.status, each.get_status_display()),
                each.owner.name,
                display.badge("overdue", due) if late else due,
            )
        )
    add = Link(
        _("Write one down"),
        display.add_to(FollowUp, incident=incident.pk, team=incident.team_id),
    )
    columns = (_("follow-up"), _("kind"), _("status"), _("owner"), _("due"))
    return Panel(
        "follow-ups",
        _("Follow-ups"),
        columns,
        rows,
        count=len(rows),
        links=_add(caller, "follow_ups.write", incident, add),
    )


for _panel in (statements, tickets, follow_ups):
    panels.register(_panel)
