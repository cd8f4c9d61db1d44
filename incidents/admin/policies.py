"""Escalation policies with their steps, and what would come of them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.forms import PaginationInlineFormSet

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import RefsField, SpanField, span_text
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.forms import RecordForm, dress
from crisis_api.access.admin.lines import Blocks
from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import Role
from incidents.admin.policy_checks import checks_panel
from incidents.admin.policy_preview import PolicyPreview, preview_panel
from incidents.escalation.plan import Step, Target
from incidents.models import EscalationPolicy, EscalationStep
from incidents.services import policies

_LAST = 10_000


class PolicyForm(RecordForm):
    """A policy; its steps are lines of their own."""

    round_pause_seconds = SpanField(
        label=_("Pause between rounds"), initial=300, help_text=_("For example 5m.")
    )
    external_refs = RefsField()


class StepForm(forms.ModelForm):
    """One step: whom to remind, how long after the step before it."""

    number = forms.IntegerField(
        label=_("Order"),
        min_value=1,
        max_value=_LAST,
        required=False,
        help_text=_("1 comes first. Empty: last."),
    )
    delay_seconds = SpanField(
        label=_("After"),
        initial=0,
        help_text=_("After the step before it; for the first after the opening. For example 5m."),
    )
    roles = forms.MultipleChoiceField(
        label=_("Everybody with the role"), choices=Role.choices, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def _post_clean(self) -> None:
        """Leave the instance as it is: the service writes all steps anew."""


class StepFormSet(PaginationInlineFormSet):
    """All steps of a policy. Their order is put right by the service."""

    def validate_unique(self) -> None:
        """Let two steps change places."""

    def steps(self) -> list[Step]:
        """Return the steps as the service takes them, in order."""
        kept = [
            form
            for form in self.forms
            if form not in self.deleted_forms
            and (form.has_changed() or not form.instance._state.adding)
        ]
        kept.sort(key=lambda form: form.cleaned_data.get("number") or _LAST)
        return [_step(number, form.cleaned_data) for number, form in enumerate(kept, 1)]


def _step(number: int, typed: dict[str, Any]) -> Step:
    targets = [
        *([Target("owner")] if typed["notify_owner"] else []),
        *(Target("person", id=str(row.pk)) for row in typed["people"]),
        *(Target("rotation", id=str(row.pk)) for row in typed["rotations"]),
        *(Target("webhook", id=str(row.pk)) for row in typed["webhooks"]),
        *(Target("role", role=role) for role in typed["roles"]),
    ]
    return Step(
        number=number,
        delay=timedelta(seconds=typed["delay_seconds"]),
        targets=tuple(targets),
        urgency=typed["urgency"],
        working_hours_only=typed["working_hours_only"],
    )


class Steps(Blocks):
    """The steps of a policy."""

    model = EscalationStep
    form = StepForm
    formset = StepFormSet
    verbose_name = _("step")
    verbose_name_plural = _("steps")
    fieldsets = (
        (None, {"fields": (("number", "delay_seconds"), ("urgency", "working_hours_only"))}),
        (None, {"fields": ("notify_owner", "people", "rotations", "roles", "webhooks")}),
    )
    autocomplete_fields = ("people", "rotations", "webhooks")
    ordering = ("number",)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Begin with two steps where there are none yet."""
        return 2 if obj is None else 0


def _archive(act: Act) -> None:
    policies.archive(act.row, by=act.by)


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(PolicyPreview, NounAdmin):
    """Escalation policies. What already runs keeps the steps that it started with."""

    view_permission = "escalation_policies.view"
    add_permission = change_permission = "escalation_policies.manage"
    form = PolicyForm
    inlines = (Steps,)
    fieldsets = (
        (None, {"fields": ("team", "name", "description")}),
        (None, {"fields": (("rounds", "round_pause_seconds"), "fallback")}),
        (None, {"fields": ("external_refs", "archived_at")}),
    )
    shown_as = {"external_refs": "called_elsewhere", "round_pause_seconds": "pause"}
    readonly_fields = ("archived_at", "called_elsewhere", "pause")
    autocomplete_fields = ("fallback",)
    list_display = ("name", "step_count", "rounds", "fallback", "archived_at", "team")
    list_filter = (TeamFilter, ("archived_at", admin.EmptyFieldListFilter))
    list_select_related = ("team", "fallback")
    search_fields = ("name",)
    looks = ("preview",)
    verbs = (
        Verb(
            "archive",
            _("Archive"),
            "escalation_policies.manage",
            _archive,
            offered=lambda row: row.archived_at is None,
            explains=_("Nothing new starts by it. Refused while rules or settings name it."),
            done=_("Archived."),
            icon="archive",
            variant=ActionVariant.DANGER,
            more=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[EscalationPolicy]:
        """Return the policies with their steps."""
        return super().get_queryset(request).prefetch_related("steps")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Offer, where one is chosen, only those that can still be used."""
        if request.path.endswith("/autocomplete/"):
            queryset = queryset.filter(archived_at=None)
        return super().get_search_results(request, queryset, search_term)

    def is_editable(self, row: EscalationPolicy) -> bool:
        """Whether it is still in use."""
        return row.archived_at is None

    @admin.display(description=_("steps"))
    def step_count(self, obj: EscalationPolicy) -> int:
        """How many steps it has."""
        return len(obj.steps.all())

    @admin.display(description=_("pause between rounds"))
    def pause(self, obj: EscalationPolicy) -> str:
        """How long after a round the next begins."""
        return span_text(obj.round_pause_seconds)

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: EscalationPolicy) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    def panels(self, request: HttpRequest, row: EscalationPolicy) -> list[Panel]:
        """Show who would be reminded if something grave opened now, and what would go wrong."""
        return [preview_panel(row), checks_panel(row)]

    def _values(self, form: Any, formsets: Any) -> dict[str, Any]:
        values = form.values("name", "description", "rounds", "external_refs")
        fallback = form.cleaned_data.get("fallback")
        values["fallback"] = fallback.pk if fallback else None
        values["round_pause"] = timedelta(seconds=form.cleaned_data["round_pause_seconds"])
        (steps,) = (each.steps() for each in formsets if isinstance(each, StepFormSet))
        return {**values, "steps": steps}

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> EscalationPolicy:
        """Make a policy with its steps."""
        team = form.cleaned_data["team"]
        by = caller_of(request).actor
        return policies.create(team=team, by=by, values=self._values(form, formsets))

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a policy and its steps together."""
        by = caller_of(request).actor
        values = self._values(form, formsets)
        policies.change(row, by=by, version=row.version, values=values)
