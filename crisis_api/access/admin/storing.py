"""How a form's page calls the one service that stores what was typed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import IntegrityError
from django.db.models import Model
from django.forms import BaseFormSet
from django.http import HttpRequest

from crisis_api.access.admin import display, problems
from crisis_api.access.admin.scope import caller_of, team_id_of
from crisis_api.lib.errors import Problem, Stale

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object

_TRIES = 5


class OneService(admin.ModelAdmin):
    """Opens no transaction around a form: the one service that it calls opens its own.

    That service may first ask the network about an address, during which nothing may be locked.
    """

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the form, or call the service."""
        return self._changeform_view(  # type: ignore[attr-defined]
            request, object_id, form_url, extra_context
        )


class Storing(_Base):
    """Stores nothing by itself: `create` and `change` call the services."""

    # Columns that the form edits, where others of the row change all the time without a person.
    edition_fields: Sequence[str] = ()
    add_permission: str
    change_permission: str

    def edition(self, row: Any) -> str:
        """Return what says whether the row is still what the person has read."""
        if not self.edition_fields:
            return str(row.version)
        return display.digest([row.serializable_value(name) for name in self.edition_fields])

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form, knowing who types and what was refused."""
        form = super().get_form(request, obj, change, **kwargs)
        shown = flatten_fieldsets(self.get_fieldsets(request, obj))
        known = {
            "asked": set(shown) - set(self.get_readonly_fields(request, obj)),
            "caller": caller_of(request),
            "problem": getattr(request, "refusal", None),
            "edition_now": self.edition(obj) if obj is not None and self.change_permission else "",
        }
        return type(form.__name__, (form,), known)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the form; what the service refuses is shown in it, with all that was typed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Problem, IntegrityError) as error:
            if request.method != "POST":
                raise
            request.refusal = problems.problem_of(error)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, *args: Any, **kwargs: Any) -> None:
        """Store nothing yet: the service takes the form and its lines together."""

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Sequence[BaseFormSet], change: bool
    ) -> None:
        """Call the service that makes or changes the row."""
        if not change:
            self._require_team(request, form)
            row = self.create(request, form, formsets)
            form.instance.pk = row.pk
            form.instance._state.adding = False
        else:
            self._change(request, form, formsets)
        form.instance.refresh_from_db()

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        for name in ("team", "incident"):
            chosen = form.cleaned_data.get(name)
            if chosen is not None:
                caller_of(request).require(self.add_permission, team_id_of(chosen))

    def _change(self, request: HttpRequest, form: Any, formsets: Sequence[BaseFormSet]) -> None:
        """Change the row unless somebody else changed what the person has read.

        Other columns may change in between, such as the counts of an incident in a storm.
        """
        for _attempt in range(_TRIES):
            row = self.model._default_manager.get(pk=form.instance.pk)
            if self.edition(row) != form.edition_now:
                break
            try:
                return self.change(request, row, form, formsets)
            except Stale:
                continue
        raise Stale

    def create(self, request: HttpRequest, form: Any, formsets: Sequence[BaseFormSet]) -> Model:
        """Make the row by its service, and return it."""
        raise PermissionError

    def change(
        self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[BaseFormSet]
    ) -> None:
        """Change the row by its service, telling it the version of `row`."""
        raise PermissionError

    # Django's own log would copy names and texts; the audit and the timeline tell instead.

    def construct_change_message(self, *args: Any, **kwargs: Any) -> Any:
        """Say nothing."""
        return []

    def log_addition(self, *args: Any, **kwargs: Any) -> Any:
        """Say nothing."""

    def log_change(self, *args: Any, **kwargs: Any) -> Any:
        """Say nothing."""

    def log_deletions(self, *args: Any, **kwargs: Any) -> Any:
        """Say nothing."""
