"""Who would be reminded when, if an incident opened and nobody reacted. Nothing is done."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from crisis_api.access.admin import display
from crisis_api.access.admin.fields import MomentField
from crisis_api.access.admin.forms import dress
from crisis_api.access.admin.panels import Panel
from crisis_api.access.models import ContactPoint
from crisis_api.lib import clock
from incidents.admin.names import people_of
from incidents.api.escalation_policies import WARNINGS
from incidents.models import Category, EscalationPolicy, Severity
from incidents.services import policy_preview
from incidents.services.policy_preview import Preview, PreviewWarning, ShownStep


class PreviewForm(forms.Form):
    """Of what incident a preview is."""

    category = forms.ChoiceField(
        label=_("Category"), choices=Category.choices, initial=Category.OTHER
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity.choices, coerce=int, initial=Severity.HIGH
    )
    at = MomentField(label=_("Opened at"), required=False, help_text=_("Empty: now."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class PolicyPreview:
    """Puts a preview behind a button of the policy's page."""

    @action(description=_("Preview"), url_path="preview", icon="visibility")
    def preview(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the policy would do; the form asks about another incident."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        asked = "category" in request.GET
        form = PreviewForm(request.GET) if asked else PreviewForm()
        panel = None
        if not asked:
            panel = preview_panel(row)
        elif form.is_valid():
            values = form.cleaned_data
            panel = preview_panel(
                row,
                category=values["category"],
                severity=values["severity"],
                at=values["at"],
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Preview"),
            "opts": self.opts,
            "original": row,
            "form": form,
            "media": self.media + form.media,
            "panel": panel,
            "back": self.page_of(row),
        }
        return TemplateResponse(request, "incidents/admin/preview.html", context)


def preview_panel(
    policy: EscalationPolicy,
    *,
    category: str = Category.OTHER,
    severity: int = Severity.HIGH,
    at: datetime | None = None,
) -> Panel:
    """Return what the policy would do, as a table."""
    shown = policy_preview.preview(
        policy, category=category, severity=severity, at=at or clock.now()
    )
    words = {
        "severity": Severity(severity).label,
        "category": Category(category).label,
        "at": display.minute(shown.at),
        "owner": shown.owner or _now("nobody"),
    }
    note = _now("If %(category)s, %(severity)s, opened at %(at)s. Responsible: %(owner)s.") % words
    return Panel(
        "preview",
        _now("Preview"),
        (_("policy"), _("round"), _("step"), _("at"), _("whom")),
        [
            (
                each.policy_name,
                each.step.round,
                each.step.number,
                display.moment(each.step.happens_at),
                _whom(each),
            )
            for each in shown.steps
        ],
        body=_warnings(shown),
        note=note,
    )


def _whom(shown: ShownStep) -> Any:
    kinds = dict(ContactPoint.Kind.choices)
    told = [
        (each.owner.name, kinds[each.contact_point.kind], display.moment(each.at))
        for each in shown.people
    ]
    told += [(point.label or _now("webhook"), kinds[point.kind], "") for point in shown.webhooks]
    return format_html_join("", "<div>{} ({}) {}</div>", told) or display.badge(
        "dead", _now("nobody")
    )


def _warnings(shown: Preview) -> str:
    ids = [each.owner_id for each in shown.warnings if each.owner_id]
    names = people_of(ids)

    def about(warning: PreviewWarning) -> str:
        parts = [names.get(warning.owner_id, "")] if warning.owner_id else []
        if warning.step:
            words = {"round": warning.round, "step": warning.step}
            parts.append(_now("round %(round)s, step %(step)s") % words)
        return ", ".join(part for part in parts if part)

    lines = [(WARNINGS[each.code], about(each)) for each in shown.warnings]
    return format_html_join("", '<p class="crisis-errors">{} {}</p>', lines)
