"""What the first page counts of what goes out."""

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext as _

from crisis_api.access.admin import dashboard, display
from crisis_api.access.admin.dashboard import Card
from crisis_api.access.callers import Caller
from crisis_api.lib import clock
from responses.models import FollowUp, Statement, SupportTicket, WebhookDelivery, WebhookEndpoint


def cards(caller: Caller) -> Iterator[Card]:
    """Yield what waits for somebody."""
    teams = caller.teams_for("statements.view")
    if not teams:
        return
    waiting = Statement.objects.filter(team_id__in=teams, status="in_review").count()
    yield Card(
        "approvals",
        _("Statements waiting for approval"),
        waiting,
        display.list_of(Statement, status__exact="in_review"),
        colour="warning" if waiting else "plain",
    )
    overdue = FollowUp.objects.filter(team_id__in=teams).overdue(clock.now()).count()
    yield Card(
        "follow_ups_overdue",
        _("Follow-ups overdue"),
        overdue,
        display.list_of(FollowUp, unfinished="overdue"),
        colour="danger" if overdue else "plain",
    )
    stuck = SupportTicket.objects.filter(team_id__in=teams, status="drafting", due_at=None).count()
    yield Card(
        "tickets_stuck",
        _("Tickets that could not be drafted"),
        stuck,
        display.list_of(SupportTicket, status__exact="drafting"),
        colour="danger" if stuck else "plain",
    )
    managed = caller.teams_for("webhook_endpoints.view")
    if managed:
        yield _deliveries(managed)


def _deliveries(teams: list[UUID]) -> Card:
    dead = WebhookDelivery.objects.dead().filter(team_id__in=teams).count()
    off = WebhookEndpoint.objects.filter(team_id__in=teams, disabled_at__isnull=False).count()
    return Card(
        "deliveries_dead",
        _("Webhook deliveries that died"),
        dead,
        display.list_of(WebhookDelivery, status__exact="dead"),
        _("%s endpoints are disabled") % off if off else "",
        colour="danger" if dead else "plain",
    )


dashboard.register(cards)
