"""`/contact_points/`: how the caller, the people of its teams, and the teams are reached."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.fields import HoursField
from crisis_api.access.api.named import require_scope, team_of, version_read
from crisis_api.access.api.owners import require_all_teams
from crisis_api.access.callers import Caller
from crisis_api.access.models import ContactPoint, Membership, Owner, Team
from crisis_api.access.permissions import Scope
from crisis_api.access.services import addresses, contact_points
from crisis_api.lib.drf import pages
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
    WordField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Refused

Kind = ContactPoint.Kind
Urgency = ContactPoint.Urgency
_MINE = "contact_points.manage"
SEVERITIES = {each.value: each.name.lower() for each in ContactPoint.FromSeverity}


class ContactPointRead(ReadSerializer):
    """A way to reach somebody. The address is whole for its own person and masked for others.

    `from_severity` and `hours` are what the person wants it used for, on their own clock. What is
    critical goes to those that want it first and then to all others.
    """

    id = serializers.UUIDField()
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    team = serializers.UUIDField(source="team_id", allow_null=True)
    kind = serializers.ChoiceField(choices=Kind.values)
    urgency = serializers.ChoiceField(choices=Urgency.values)
    position = serializers.IntegerField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    from_severity = WordField(words=SEVERITIES)
    hours = serializers.DictField(allow_null=True)
    address = Computed(
        columns=["kind", "address"], make=addresses.masked, child=serializers.CharField()
    )
    disabled_at = InstantField(allow_null=True)
    disabled_reason = serializers.CharField(allow_blank=True)
    last_success_at = InstantField(allow_null=True)
    last_failure_at = InstantField(allow_null=True)
    html_url = HtmlUrlField("/admin/access/contactpoint/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class ContactPointIssued(ContactPointRead):
    """A contact point with its signing secret, never shown again; only webhooks have one."""

    secret = Computed(
        columns=["id"], make=lambda _id: None, child=serializers.CharField(allow_null=True)
    )


class ContactPointFields(StrictSerializer):
    """What may be changed of a contact point; `position` counts from 1 within its chain."""

    address = serializers.CharField(max_length=1000)
    urgency = serializers.ChoiceField(choices=Urgency.values, required=False)
    position = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    label = TitleField(  # type: ignore[assignment]
        max_length=60, allow_blank=True, required=False
    )
    from_severity = WordField(words=SEVERITIES, required=False)
    hours = HoursField(required=False)


class ContactPointInput(ContactPointFields):
    """A new contact point: of the caller unless `owner` names another, or `team` for a webhook."""

    kind = serializers.ChoiceField(choices=Kind.values)
    owner = serializers.UUIDField(required=False)
    team = serializers.UUIDField(required=False)


class ArrangeInput(StrictSerializer):
    """Every contact point of one of the caller's chains, in the order in which they are tried."""

    urgency = serializers.ChoiceField(choices=Urgency.values)
    order = serializers.ListField(child=serializers.UUIDField(), max_length=contact_points.MOST)


class ContactPointFilter(ResourceFilter):
    """What a list of contact points can be asked for."""

    owner = IdFilter(field_name="owner_id", allow_none=True)
    team = IdFilter(field_name="team_id", allow_none=True)
    kind = WordsFilter(words=Kind.values)
    urgency = WordsFilter(words=Urgency.values)
    disabled = FlagFilter(field_name="disabled_at", lookup_expr="isnull", exclude=True)
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"position": "position", "created_at": "created_at"}, default="position"
    )


class ContactPointViewSet(ResourceViewSet):
    """Contact points: the caller's own always, others' where the caller manages."""

    read_serializer = ContactPointRead
    shows = {"create": ContactPointIssued, "rotate_secret": ContactPointIssued}
    filters = ContactPointFilter
    inputs = {
        "create": ContactPointInput,
        "partial_update": ContactPointFields,
        "arrange": ArrangeInput,
    }
    # Everybody has their own; others' need `contact_points.…`, checked below.
    team_column = ""
    paged = frozenset({"list", "arrange"})
    permissions = dict.fromkeys(
        (
            *("list", "retrieve", "create", "partial_update", "destroy"),
            *("arrange", "rotate_secret"),
        ),
        "",
    )

    def queryset_for(self, caller: Caller) -> QuerySet[ContactPoint]:
        """Return the caller's own, and those of teams and people that it manages."""
        return visible_points(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Add a way to reach somebody."""
        values = self.validated()
        owner_id, team_id = values.pop("owner", None), values.pop("team", None)
        if owner_id is not None and team_id is not None:
            detail = _("A contact point is a person's or a team's.")
            raise Refused(errors=[FieldError("/team", "owner_and_team", detail)])
        owner = self._owner(owner_id) if team_id is None else None
        team = self._team(team_id) if team_id is not None else None
        point = contact_points.add(owner=owner, team=team, by=self.caller.actor, **values)
        return self._issued(point, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change an address, a label, a chain or a place in it."""
        point = self._changeable()
        contact_points.change(
            point,
            by=self.caller.actor,
            version=version_read(self, point),
            **self.validated(partial=True),
        )
        return self.show(point)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take a contact point away."""
        contact_points.remove(self._changeable(), by=self.caller.actor)
        return Response(status=204)

    @action(detail=False, methods=["post"])
    def arrange(self, request: Request, **kwargs: Any) -> Response:
        """Put one of the caller's own chains into order; answers with the chain."""
        owner = self._owner(None)
        values = self.validated()
        contact_points.arrange(owner, values["urgency"], values["order"], by=self.caller.actor)
        chain = self.scoped().filter(owner=owner, urgency=values["urgency"])
        return self.page(chain, pages.Ordering.by("position"))

    @action(detail=True, methods=["post"])
    def rotate_secret(self, request: Request, **kwargs: Any) -> Response:
        """Give a webhook a new signing secret, shown in this answer and nowhere else."""
        point = contact_points.rotate_secret(self._changeable(), by=self.caller.actor)
        return self._issued(point)

    def page(self, *args: Any, **kwargs: Any) -> Response:
        """Return a page, with the caller's own addresses whole."""
        response = super().page(*args, **kwargs)
        self._unmask(response.data["results"])
        return response

    def show(self, *args: Any, **kwargs: Any) -> Response:
        """Return one, with its address whole where it is the caller's own."""
        response = super().show(*args, **kwargs)
        if response.data is not None:
            self._unmask([response.data])
        return response

    def _unmask(self, rows: list[dict[str, Any]]) -> None:
        mine = self.caller.owner.pk if self.caller.owner else None
        own = {row["id"]: row for row in rows if mine is not None and row["owner"] == mine}
        whole = ContactPoint.objects.filter(pk__in=own).values_list("pk", "address")
        for pk, address in whole if own else ():
            own[pk]["address"] = address

    def _issued(self, point: ContactPoint, status: int = 200) -> Response:
        response = self.show(point, status=status)
        response.data["secret"] = point.secret or None
        return response

    def _changeable(self) -> ContactPoint:
        point: ContactPoint = self.get_object()
        require_change(self.caller, point)
        return point

    def _owner(self, named: Any) -> Owner:
        me: Owner | None = self.caller.owner
        if me is not None and named in (None, me.pk):
            require_scope(self.caller, Scope.MANAGE)
            return me
        if named is None:
            detail = _("Say whose it is: a team's key has no contact points.")
            raise Refused(errors=[FieldError("/owner", "required", detail)])
        owner = Owner.objects.visible_to(self.caller).filter(pk=named).first()
        if owner is None:
            detail = _("There is no such person in your teams.")
            raise Refused(errors=[FieldError("/owner", "unknown_owner", detail)])
        require_all_teams(self.caller, owner, _MINE)
        return owner

    def _team(self, named: Any) -> Team:
        team = team_of(self, named)
        self.caller.require(_MINE, team.pk)
        return team


def visible_points(caller: Caller) -> QuerySet[ContactPoint]:
    """Return the contact points that exist for a caller: its own, and where it manages, others'."""
    teams = caller.teams_for("contact_points.view")
    members = Membership.objects.filter(team_id__in=teams).values("owner_id")
    seen = Q(team_id__in=teams) | Q(owner_id__in=members)
    if caller.owner is not None and (caller.key is None or Scope.READ in caller.key.scopes):
        seen |= Q(owner=caller.owner)
    return ContactPoint.objects.filter(seen)


def require_change(caller: Caller, point: ContactPoint) -> None:
    """Raise Forbidden unless the caller may change, or try, this contact point."""
    if point.owner is None:
        caller.require(_MINE, point.team_id)
    elif caller.owner is not None and point.owner_id == caller.owner.pk:
        require_scope(caller, Scope.MANAGE)
    else:
        require_all_teams(caller, point.owner, _MINE)
