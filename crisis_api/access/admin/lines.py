"""Lines inside a row's form, and what may be chosen in any form."""

from typing import Any

from django.db.models import Field, QuerySet
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline

from crisis_api.access.admin.scope import rows_for, teams_for
from crisis_api.access.models import Team


class ChoicesOfTheTeam:
    """Offers and accepts, wherever another row is chosen, only what the person's lists show."""

    def get_field_queryset(
        self: Any, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any]:
        """Return what may be chosen."""
        model = db_field.remote_field.model
        if model is Team:
            return teams_for(request, self.add_permission or self.change_permission)
        return rows_for(self.admin_site, model, request)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the links that make or delete what is chosen."""
        field = super().formfield_for_dbfield(  # type: ignore[misc]
            db_field, request, **kwargs
        )
        for name in ("can_add_related", "can_change_related", "can_delete_related"):
            if field is not None and hasattr(field.widget, name):
                setattr(field.widget, name, False)
        return field


class _Lines(ChoicesOfTheTeam):
    """Lines of a row that are stored together with it, by the same service."""

    extra = 0

    @property
    def add_permission(self) -> str:
        """Where a team is chosen, as in the row itself."""
        parent: Any = self.admin_site.get_model_admin(self.parent_model)  # type: ignore[attr-defined]
        permission: str = parent.add_permission
        return permission

    def _editable(self: Any, request: HttpRequest, obj: Any) -> bool:
        parent = self.admin_site.get_model_admin(self.parent_model)
        if obj is None:
            return bool(parent.has_add_permission(request))
        return bool(parent.has_change_permission(request, obj))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the row sees its lines."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever edits the row edits its lines."""
        return self._editable(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever edits the row edits its lines."""
        return self._editable(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever edits the row edits its lines."""
        return self._editable(request, obj)


class Lines(_Lines, TabularInline):
    """Lines as a table."""


class Blocks(_Lines, StackedInline):
    """Lines as blocks, where each has more fields than a table holds."""
