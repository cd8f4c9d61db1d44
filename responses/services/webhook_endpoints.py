"""Webhook endpoints: where a team's events go, and with which secret they are signed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access import refs
from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib import clock, http, signing
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents import timeline
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.models.webhook import PING
from responses.webhooks import fan_out, health, kinds, patterns

AT_MOST = 50
BOTH_SECRETS_FOR = timedelta(hours=24)


@transaction.atomic
def create(
    *,
    team: Team,
    url: str,
    by: Actor,
    description: str = "",
    event_kinds: Sequence[str] = (),
    external_refs: Sequence[Mapping[str, Any]] = (),
) -> WebhookEndpoint:
    """Have the team's events sent to an address; the signing secret is shown this once.

    `event_kinds` are kinds or patterns such as `incident.*`; without any, every event is sent. One
    that names no event is refused: nobody would notice that it never brings anything.
    """
    http.check_url(url)
    _check_patterns(event_kinds)
    if WebhookEndpoint.objects.filter(team=team).count() >= AT_MOST:
        raise Refused(
            _("A team has at most %s webhook endpoints.") % AT_MOST, code="too_many_endpoints"
        )
    endpoint = WebhookEndpoint.objects.create(
        team=team,
        url=url,
        description=description,
        event_kinds=patterns.tidy(event_kinds),
        secret=signing.new_secret(),
        **made_by(by),
    )
    refs.replace(endpoint, external_refs, by=by)
    changes.note("webhook_endpoint.created", endpoint, teams=[team], by=by)
    return endpoint


@transaction.atomic
def change(
    endpoint: WebhookEndpoint, *, by: Actor, version: int | None = None, **values: Any
) -> WebhookEndpoint:
    """Change the address, the description, the kinds of events, or `external_refs`."""
    row = _locked(endpoint)
    if "url" in values and values["url"] != row.url:
        http.check_url(values["url"])
        # What the old address failed at says nothing about the new one.
        values |= {"failures": 0, "failing_since": None, "paused_until": None}
    if "event_kinds" in values:
        _check_patterns(values["event_kinds"])
        values["event_kinds"] = patterns.tidy(values["event_kinds"])
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        changes.note("webhook_endpoint.changed", row, teams=[row.team], by=by, fields=fields)
    return row


@transaction.atomic
def delete(endpoint: WebhookEndpoint, *, by: Actor) -> None:
    """Send nothing there any more, and forget what was sent."""
    row = _locked(endpoint)
    changes.note("webhook_endpoint.deleted", row, teams=[row.team], by=by)
    row.delete()


@transaction.atomic
def rotate_secret(endpoint: WebhookEndpoint, *, by: Actor) -> WebhookEndpoint:
    """Sign with a new secret, shown this once, and for 24 hours with the old one too."""
    row = _locked(endpoint)
    WebhookEndpoint.objects.filter(pk=row.pk).change(
        secret=signing.new_secret(),
        previous_secret=row.secret,
        previous_secret_until=clock.now() + BOTH_SECRETS_FOR,
    )
    row.refresh_from_db()
    changes.note("webhook_endpoint.secret_rotated", row, teams=[row.team], by=by)
    return row


@transaction.atomic
def disable(endpoint: WebhookEndpoint, *, by: Actor) -> WebhookEndpoint:
    """Send nothing there until it is enabled again; what waits is cancelled, to be replayed."""
    row = _locked(endpoint)
    if health.disable(row, health.BY_HAND, now=clock.now(), by=by):
        changes.note("webhook_endpoint.disabled", row, teams=[row.team], by=by)
    row.refresh_from_db()
    return row


@transaction.atomic
def enable(endpoint: WebhookEndpoint, *, by: Actor) -> WebhookEndpoint:
    """Send what happens from now on. What was missed is sent by a replay."""
    row = _locked(endpoint)
    disabled = WebhookEndpoint.objects.filter(pk=row.pk, disabled_at__isnull=False)
    if disabled.change(
        disabled_at=None, disabled_reason="", failures=0, failing_since=None, paused_until=None
    ):
        row.refresh_from_db()
        timeline.record("webhook_endpoint.enabled", row, by=by)
        changes.note("webhook_endpoint.enabled", row, teams=[row.team], by=by)
    return row


@transaction.atomic
def ping(endpoint: WebhookEndpoint, *, by: Actor) -> WebhookDelivery:
    """Send a message that only says "this works", and return its delivery to look at.

    It goes the way of every other, signed, and is tried once.
    """
    row = _locked(endpoint)
    if row.disabled_at is not None:
        raise Conflict(_("This endpoint is disabled."), code="endpoint_disabled")
    if row.team.frozen_at is not None:
        raise Conflict(_("The team is frozen: nothing goes out."), code="team_frozen")
    # A person waits for this one, and may have just mended what was wrong.
    WebhookEndpoint.objects.filter(pk=row.pk, paused_until__isnull=False).change(paused_until=None)
    event = timeline.record(PING, row, by=by)
    (delivery_id,) = fan_out.write([(event, row)], now=clock.now())
    delivery: WebhookDelivery = WebhookDelivery.objects.get(pk=delivery_id)
    return delivery


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    row: WebhookEndpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(
        pk=endpoint.pk
    )
    return row


def _check_patterns(event_kinds: Sequence[str]) -> None:
    if len(event_kinds) > patterns.MAX_PATTERNS:
        detail = _("At most %s.") % patterns.MAX_PATTERNS
        raise Invalid(errors=[FieldError("/event_kinds", "max_length", detail)])
    errors = []
    for place, text in enumerate(event_kinds):
        pointer = f"/event_kinds/{place}"
        if not patterns.is_pattern(text):
            detail = _(
                "A kind of event such as incident.opened, a pattern such as incident.*, or *."
            )
            errors.append(FieldError(pointer, "invalid_pattern", detail))
        elif not kinds.is_known(text):
            there = ", ".join(kinds.near(text))
            detail = _("There are no events %(kind)s. Write one of: %(kinds)s.")
            told = detail % {"kind": text, "kinds": there}
            errors.append(FieldError(pointer, "unknown_event_kind", told))
    if errors:
        raise Invalid(errors=errors)
