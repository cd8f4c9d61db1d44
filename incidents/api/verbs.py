"""The verbs of `/incidents/{id}/`: each calls one service and shows the incident it changed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.access.models import Owner
from crisis_api.lib.errors import FieldError, Refused
from incidents.api import named
from incidents.api.serializers import (
    AcknowledgeInput,
    AssignInput,
    IncidentDetail,
    MergeInput,
    NothingInput,
    RelateInput,
    ReopenInput,
    ResolveInput,
    SnoozeInput,
    SplitInput,
)
from incidents.models import Incident
from incidents.services import lifecycle, merging, relations

if TYPE_CHECKING:
    from crisis_api.lib.drf.views import ResourceViewSet as _Base
else:
    _Base = object

PERMISSIONS = {
    "acknowledge": "incidents.acknowledge",
    "assign": "incidents.assign",
    "escalate": "incidents.escalate",
    "snooze": "incidents.snooze",
    "contain": "incidents.contain",
    "resolve": "incidents.resolve",
    "close": "incidents.close",
    "reopen": "incidents.reopen",
    "merge": "incidents.merge",
    "split": "incidents.split",
    "relate": "incidents.relate",
    "unrelate": "incidents.relate",
}


class Verbs(_Base):
    """What can be done with an incident. Done already: nothing changes, and the answer is 200."""

    inputs: ClassVar[dict[str, Any]] = {
        "acknowledge": AcknowledgeInput,
        "assign": AssignInput,
        "escalate": NothingInput,
        "snooze": SnoozeInput,
        "contain": NothingInput,
        "resolve": ResolveInput,
        "close": NothingInput,
        "reopen": ReopenInput,
        "merge": MergeInput,
        "split": SplitInput,
        "relate": RelateInput,
        "unrelate": RelateInput,
    }
    created: Callable[[Incident], Response]

    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, **kwargs: Any) -> Response:
        """Say that somebody attends to it, which stops its escalation until it expires."""
        incident = self.get_object()
        values = self.validated()
        return self._done(
            lifecycle.acknowledge,
            incident,
            owner=self._acknowledging(incident, values.get("owner")),
            expires_in=values.get("expires_in_seconds"),
        )

    @action(detail=True, methods=["post"])
    def assign(self, request: Request, **kwargs: Any) -> Response:
        """Make somebody responsible for it."""
        incident = self.get_object()
        values = named.resolve(self.validated(), incident.team_id)
        return self._done(lifecycle.assign, incident, **values)

    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, **kwargs: Any) -> Response:
        """Escalate now: its next step goes at once; where none waits, its plan starts anew."""
        incident = self.get_object()
        return self._done(lifecycle.escalate, incident, **self.validated())

    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, **kwargs: Any) -> Response:
        """Leave everybody in peace until a time."""
        incident = self.get_object()
        return self._done(lifecycle.snooze, incident, until=self.validated()["snoozed_until"])

    @action(detail=True, methods=["post"])
    def contain(self, request: Request, **kwargs: Any) -> Response:
        """Say that it does not grow any more."""
        incident = self.get_object()
        return self._done(lifecycle.contain, incident, **self.validated())

    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, **kwargs: Any) -> Response:
        """Say that it is over, and what came of it."""
        incident = self.get_object()
        return self._done(lifecycle.resolve, incident, note=self.validated()["resolution_note"])

    @action(detail=True, methods=["post"])
    def close(self, request: Request, **kwargs: Any) -> Response:
        """Say that nothing is left to do."""
        incident = self.get_object()
        return self._done(lifecycle.close, incident, **self.validated())

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **kwargs: Any) -> Response:
        """Open it again, which starts its policy as it is now."""
        incident = self.get_object()
        return self._done(lifecycle.reopen, incident, **self.validated())

    @action(detail=True, methods=["post"])
    def merge(self, request: Request, **kwargs: Any) -> Response:
        """Let it go into another incident, for good."""
        incident = self.get_object()
        into = self._other(incident, "into")
        return self._done(merging.merge, incident, into=into)

    @extend_schema(responses={201: IncidentDetail})
    @action(detail=True, methods=["post"])
    def split(self, request: Request, **kwargs: Any) -> Response:
        """Make a second incident of some of its mentions, and answer with that one (201)."""
        incident = self.get_object()
        fresh = merging.split(
            incident,
            by=self.caller.actor,
            version=version_read(self, incident),
            **self.validated(),
        )
        return self.created(fresh)

    @action(detail=True, methods=["post"])
    def relate(self, request: Request, **kwargs: Any) -> Response:
        """Note that it has to do with another incident."""
        incident = self.get_object()
        relations.relate(incident, self._other(incident, "other"), by=self.caller.actor)
        return self.show(incident)

    @action(detail=True, methods=["post"])
    def unrelate(self, request: Request, **kwargs: Any) -> Response:
        """Take a relation back."""
        incident = self.get_object()
        relations.unrelate(incident, self._other(incident, "other"), by=self.caller.actor)
        return self.show(incident)

    def _done(self, verb: Callable[..., Incident], incident: Incident, **values: Any) -> Response:
        version = version_read(self, incident)
        return self.show(verb(incident, by=self.caller.actor, version=version, **values))

    def _other(self, incident: Incident, field: str) -> Incident:
        """Return the other incident of the body, where the caller may do the same with it."""
        rows = Incident.objects.visible_to(self.caller)
        other = named.incident(field, self.validated()[field], rows)
        self.caller.require(self.permission, other.team_id)
        return other

    def _acknowledging(self, incident: Incident, owner_id: Any) -> Owner | None:
        """Return who acknowledges: the caller, or the person whom a team's key names."""
        caller: Owner | None = self.caller.owner
        if caller is not None:
            if owner_id not in (None, caller.pk):
                detail = _("A person acknowledges for themself alone.")
                raise Refused(errors=[FieldError("/owner", "somebody_else", detail)])
            return caller
        if owner_id is None:
            return None
        owner: Owner | None = named.resolve({"owner": owner_id}, incident.team_id)["owner"]
        return owner
