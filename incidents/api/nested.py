"""What belongs to one incident: `/incidents/{id}/timeline/`, `reminders/`, `notes/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet

from crisis_api.access.callers import Caller
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from incidents.api.incidents import REFERENCE, refuse_ambiguous
from incidents.models import Incident


class OfIncident(ResourceViewSet):
    """Rows of the incident that the path names by its id or its reference."""

    rows: ClassVar[Any]

    def queryset_for(self, caller: Caller) -> QuerySet[Any]:
        """Return the rows of the incident, which must exist for the caller."""
        pk = self.incidents_of(caller).values_list("pk", flat=True).order_by()[:1]
        found: QuerySet[Any] = self.rows.filter(incident_id=_or_404(next(iter(pk), None)))
        return found

    def incident_of(self, caller: Caller) -> Incident:
        """Return the incident of the path, or raise 404."""
        incident: Incident = _or_404(self.incidents_of(caller).first())
        return incident

    def incidents_of(self, caller: Caller) -> QuerySet[Incident]:
        """Return the incidents (one or none) that the path names."""
        value = str(self.kwargs["incident"])
        pk = canonical_uuid(value)
        rows = Incident.objects.visible_to(caller)
        if REFERENCE.fullmatch(value):
            rows = rows.filter(reference=value)
            refuse_ambiguous(rows)
        elif pk is not None:
            rows = rows.filter(pk=pk)
        else:
            raise NotFound()
        return rows


def _or_404(found: Any) -> Any:
    if found is None:
        raise NotFound()
    return found
