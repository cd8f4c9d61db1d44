"""Webhook endpoints, and each event on its way to one."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import LinesField, MomentField, RefsField
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.secret_page import shown_once
from crisis_api.access.admin.verbs import Act, Verb, in_status
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.services import webhook_deliveries, webhook_endpoints
from responses.webhooks.payloads import message_id

_MANAGE = "webhook_endpoints.manage"
_EDITED = ("url", "description", "event_kinds", "external_refs")
_LATEST = 50


class EndpointForm(RecordForm):
    """Where events go, and which."""

    url = forms.CharField(
        label=_("Address"),
        max_length=1000,
        help_text=_("For example: https://hooks.example.com/crisis"),
    )
    event_kinds = LinesField(
        label=_("Events"),
        required=False,
        help_text=_("One a line, for example incident.* or statement.published. Empty: all."),
    )
    external_refs = RefsField()


class ReplayForm(VerbForm):
    """Which events go out again."""

    since = MomentField(label=_("From"))
    until = MomentField(label=_("Until before"))
    include_delivered = forms.BooleanField(
        label=_("Those that were delivered, too"), required=False
    )


def _rotate(act: Act) -> Any:
    row = webhook_endpoints.rotate_secret(act.row, by=act.by)
    noun = admin.site.get_model_admin(WebhookEndpoint)
    title = _("The new signing secret")
    return shown_once(noun, act.request, title=title, secret=row.secret, row=row)


def _enable(act: Act) -> None:
    webhook_endpoints.enable(act.row, by=act.by)


def _disable(act: Act) -> None:
    webhook_endpoints.disable(act.row, by=act.by)


def _ping(act: Act) -> WebhookDelivery:
    return webhook_endpoints.ping(act.row, by=act.by)


def _replay_range(act: Act) -> None:
    webhook_deliveries.replay_range(act.row, by=act.by, **act.values)


def _replay(act: Act) -> None:
    webhook_deliveries.replay(act.row, by=act.by)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(NounAdmin):
    """Where a team's events go, signed by Standard Webhooks."""

    view_permission = "webhook_endpoints.view"
    add_permission = change_permission = delete_permission = _MANAGE
    form = EndpointForm
    # Every failure changes the row.
    edition_fields = ("url", "description", "event_kinds")
    fieldsets = (
        (None, {"fields": ("team", *_EDITED)}),
        (
            _("How it does"),
            {"fields": (("state", "failures"), ("failing_since", "paused_until"))},
        ),
    )
    add_fieldsets = ((None, {"fields": ("team", *_EDITED)}),)
    shown_as = {"external_refs": "called_elsewhere"}
    readonly_fields = (
        "state",
        "failures",
        "failing_since",
        "paused_until",
        "called_elsewhere",
    )
    list_display = ("url", "description", "state", "failures", "team")
    list_filter = (TeamFilter, ("disabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("team",)
    search_fields = ("url", "description")
    verbs = (
        Verb(
            "test",
            _("Send a test"),
            _MANAGE,
            _ping,
            offered=lambda row: row.disabled_at is None,
            explains=_("A signed message that says nothing but that it is a test."),
            done=_("The test is on its way; this is what comes of it."),
            icon="send",
        ),
        Verb(
            "enable",
            _("Enable"),
            _MANAGE,
            _enable,
            offered=lambda row: row.disabled_at is not None,
            explains=_("What happens from now on goes there. What was missed is sent by a replay."),
            done=_("Enabled."),
            icon="play_arrow",
            variant=ActionVariant.PRIMARY,
        ),
        Verb(
            "replay",
            _("Replay"),
            "webhook_deliveries.replay",
            _replay_range,
            form=ReplayForm,
            offered=lambda row: row.disabled_at is None,
            explains=_("What it missed in a time is sent again, 1,000 events at once."),
            done=_("The deliveries are on their way."),
            icon="replay",
        ),
        Verb(
            "rotate_secret",
            _("New signing secret"),
            _MANAGE,
            _rotate,
            explains=_("For 24 hours everything is signed with the old one, too."),
            icon="key",
        ),
        Verb(
            "disable",
            _("Disable"),
            _MANAGE,
            _disable,
            offered=lambda row: row.disabled_at is None,
            explains=_("Nothing goes there until it is enabled; what waits is cancelled."),
            done=_("Disabled."),
            icon="block",
            variant=ActionVariant.DANGER,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        """Return the endpoints; nobody reads their secrets here."""
        rows: QuerySet[WebhookEndpoint] = super().get_queryset(request)
        return rows.defer("secret", "previous_secret")

    @admin.display(description=_("state"))
    def state(self, obj: WebhookEndpoint) -> Any:
        """Whether anything goes there."""
        if obj.disabled_at is not None:
            return display.badge("disabled", _("disabled"))
        if obj.paused_until is not None and obj.paused_until > clock.now():
            return display.badge("pending", _("paused"))
        if obj.failing_since is not None:
            return display.badge("failed", _("failing"))
        return display.badge("active", _("works"))

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: WebhookEndpoint) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    def panels(self, request: HttpRequest, row: WebhookEndpoint) -> list[Panel]:
        """Show what was sent there last."""
        latest = WebhookDelivery.objects.filter(endpoint=row).select_related("event")
        rows = [
            (
                display.link(each, display.moment(each.created_at)),
                each.event.kind,
                display.badge(each.status, each.get_status_display()),
                each.attempts,
                each.last_status or display.NONE,
                each.last_error,
            )
            for each in latest.order_by("-id")[:_LATEST]
        ]
        columns = (
            _("made"),
            _("event"),
            _("status"),
            _("attempts"),
            _("last answer"),
            _("last error"),
        )
        links = [Link(_("All deliveries"), display.list_of(WebhookDelivery, endpoint=row.pk))]
        return [Panel("deliveries", _("Latest deliveries"), columns, rows, links=links)]

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> WebhookEndpoint:
        """Have events sent to an address."""
        values = form.values("team", *_EDITED)
        row = webhook_endpoints.create(by=caller_of(request).actor, **values)
        request.made_secret = row.secret  # type: ignore[attr-defined]
        return row

    def response_add(
        self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the signing secret, this once."""
        secret: str = request.made_secret  # type: ignore[attr-defined]
        return shown_once(self, request, title=_("The signing secret"), secret=secret, row=obj)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change the address, the description or the kinds of events."""
        by = caller_of(request).actor
        webhook_endpoints.change(row, by=by, version=row.version, **form.values(*_EDITED))

    def delete(self, row: Any, *, by: Actor) -> None:
        """Send nothing there any more, and forget what was sent."""
        webhook_endpoints.delete(row, by=by)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(NounAdmin):
    """Deliveries, which the senders alone change."""

    view_permission = "webhook_deliveries.view"
    fieldsets = (
        (None, {"fields": (("endpoint", "shown_status"), ("event", "message"))}),
        (None, {"fields": (("due_at", "delivered_at"), ("attempts", "last_attempt_at"))}),
        (None, {"fields": (("last_status", "last_error"), "payload", "team")}),
    )
    readonly_fields = ("shown_status", "message")
    list_display = ("made", "endpoint", "kind", "shown_status", "attempts", "last_status")
    list_filter = ("status", TeamFilter, ("endpoint", RelatedFilter))
    list_select_related = ("endpoint", "event")
    search_fields = ("event__kind", "endpoint__url")
    ordering = ("-id",)
    verbs = (
        Verb(
            "replay",
            _("Send again"),
            "webhook_deliveries.replay",
            _replay,
            offered=in_status("pending", "delivered", "dead", "cancelled"),
            explains=_("Under the same message id, so that the receiver can tell."),
            done=_("It is sent again."),
            icon="replay",
            bulk=True,
        ),
    )

    @admin.display(description=_("made"), ordering="id")
    def made(self, obj: WebhookDelivery) -> str:
        """When it was made."""
        return display.moment(obj.created_at)

    @admin.display(description=_("event"))
    def kind(self, obj: WebhookDelivery) -> str:
        """What happened."""
        return obj.event.kind

    @admin.display(description=_("message id"))
    def message(self, obj: WebhookDelivery) -> str:
        """What the receiver sees as `webhook-id`, on every attempt."""
        return message_id(obj.event_id)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: WebhookDelivery) -> Any:
        """What came of it, in colour."""
        return display.badge(obj.status, obj.get_status_display())
