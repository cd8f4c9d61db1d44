"""What the first page counts of incidents and of what reminds of them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crisis_api.access.admin import dashboard, display
from crisis_api.access.admin.dashboard import Card
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.callers import Caller
from crisis_api.access.models import SendingHold, Team
from crisis_api.lib import clock
from incidents import reads
from incidents.admin.mention_filters import LATELY
from incidents.escalation.health import SILENT_AFTER
from incidents.models import (
    EngineHeartbeat,
    Incident,
    Mention,
    Notification,
    PendingEvent,
    Reminder,
    Severity,
)

MOST_INCIDENTS = 10


def cards(caller: Caller) -> Iterator[Card]:
    """Yield what needs somebody, the gravest first."""
    if hold := SendingHold.current():
        yield Card(
            "sending_held",
            _("Sending"),
            _("held"),
            note=_("nothing goes out since %s; who runs the installation releases it")
            % display.minute(hold.held_at),
            colour="danger",
        )
    teams = caller.team_ids()
    stopped = _("While a team is frozen nothing goes out but reminders to its own people.")
    for team in Team.objects.filter(pk__in=teams, frozen_at__isnull=False).order_by("name"):
        yield Card(
            f"frozen_{team.slug}",
            _("frozen since"),
            display.minute(team.frozen_at),
            display.page_of(team),
            f"{team}: {stopped}",
            colour="danger",
        )
    counts = reads.counts(Incident.objects.filter(team_id__in=teams))["unresolved"]
    for severity in reversed(Severity):
        number = counts["by_severity"][severity.word]
        yield Card(
            f"incidents_{severity.word}",
            _("Unresolved incidents: %s") % severity.label,
            number,
            display.list_of(Incident, unresolved="yes", severity__exact=severity.value),
            colour=display.colour(severity.word) if number else "plain",
        )
    nobodys = counts["without_owner"]
    yield Card(
        "without_owner",
        _("Nobody is responsible"),
        nobodys,
        display.list_of(Incident, unresolved="nobodys"),
        _("unresolved incidents without an owner"),
        colour="danger" if nobodys else "plain",
    )
    yield _unanswered(caller)
    yield from _left_to_people(caller.teams_for("notifications.view"))
    yield _engine()


def _unanswered(caller: Caller) -> Card:
    rows = Mention.objects.visible_to(caller).filter(
        priority__gt=0, written_at__gte=clock.now() - LATELY
    )
    number = rows.count()
    return Card(
        "unanswered",
        _("Unanswered mentions"),
        number,
        display.list_of(Mention, unanswered="lately"),
        _("in the last 24 hours"),
        colour="warning" if number else "plain",
    )


def _left_to_people(teams: list[Any]) -> Iterator[Card]:
    """Yield what the machine gave up on."""
    if not teams:
        return
    dead = Notification.objects.filter(team_id__in=teams, status="dead").count()
    yield Card(
        "dead_letters",
        _("Messages that reached nobody"),
        dead,
        display.list_of(Notification, status__exact="dead"),
        colour="danger" if dead else "plain",
    )
    reminders = Reminder.objects.filter(team_id__in=teams, status="parked").count()
    events = PendingEvent.objects.filter(event__team_id__in=teams, parked_at__isnull=False).count()
    address = display.list_of(Reminder, status__exact="parked")
    yield Card(
        "parked",
        _("Parked after five failures"),
        reminders + events,
        address if reminders or not events else display.list_of(PendingEvent),
        _("%(reminders)s reminders, %(events)s events")
        % {"reminders": reminders, "events": events},
        colour="danger" if reminders + events else "plain",
    )


def _engine() -> Card:
    last = EngineHeartbeat.objects.aggregate(last=Max("ticked_at"))["last"]
    silent_for = clock.now() - last if last else None
    is_well = silent_for is not None and silent_for <= SILENT_AFTER
    if silent_for is None:
        note = _("no engine has ever run here")
    else:
        note = _("last tick %s s ago") % max(int(silent_for.total_seconds()), 0)
    return Card(
        "engine",
        _("Engine"),
        pgettext("what an engine does", "ticks") if is_well else _("silent"),
        display.list_of(EngineHeartbeat),
        note,
        colour="success" if is_well else "danger",
    )


def gravest(caller: Caller) -> Iterator[Panel]:
    """Yield the unresolved incidents, the gravest first."""
    rows = Incident.objects.unresolved().filter(team_id__in=caller.team_ids())
    rows = rows.select_related("owner").order_by("-severity", "-opened_at", "-id")
    yield Panel(
        "unresolved",
        _("Unresolved incidents"),
        (
            _("incident"),
            _("severity"),
            _("status"),
            _("responsible"),
            _("opened"),
            _("negative mentions"),
        ),
        [
            (
                display.link(row),
                display.badge(Severity(row.severity).word, Severity(row.severity).label),
                display.badge(row.status, row.get_status_display()),
                row.owner or display.badge("critical", _("nobody")),
                display.minute(row.opened_at),
                row.negative_count,
            )
            for row in rows[:MOST_INCIDENTS]
        ],
        links=[Link(_("All of them"), display.list_of(Incident, unresolved="yes"))],
        empty=_("Nothing is unresolved."),
    )


dashboard.register(cards, gravest)
