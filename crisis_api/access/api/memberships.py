"""`/memberships/`: who belongs to a team, and as what."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Membership, Owner, Role
from crisis_api.access.services import memberships
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Refused


class MembershipRead(ReadSerializer):
    """A person's role in a team."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    owner = serializers.UUIDField(source="owner_id")
    role = serializers.ChoiceField(choices=Role.values)
    expires_at = InstantField(allow_null=True)
    html_url = HtmlUrlField("/admin/access/membership/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class MembershipFields(StrictSerializer):
    """Another role, or another end; null where it does not end."""

    role = serializers.ChoiceField(choices=Role.values)
    expires_at = InstantField(allow_null=True)


class MembershipInput(StrictSerializer):
    """A person who shares a team with the caller joins another of the caller's teams."""

    role = serializers.ChoiceField(choices=Role.values)
    team = serializers.UUIDField(required=False)
    owner = serializers.UUIDField()
    expires_at = InstantField(required=False, allow_null=True)


class MembershipFilter(ResourceFilter):
    """What a list of memberships can be asked for."""

    team = IdFilter(field_name="team_id")
    owner = IdFilter(field_name="owner_id")
    role = WordsFilter(words=Role.values)
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"created_at": "created_at", "updated_at": "updated_at"}, default="created_at"
    )


class MembershipViewSet(ResourceViewSet):
    """Memberships of the caller's teams."""

    read_serializer = MembershipRead
    filters = MembershipFilter
    inputs = {"create": MembershipInput, "partial_update": MembershipFields}
    permissions = {
        "list": "memberships.view",
        "retrieve": "memberships.view",
        "create": "memberships.manage",
        "partial_update": "memberships.manage",
        "destroy": "memberships.manage",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Membership]:
        """Return the memberships of the caller's teams."""
        return Membership.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a person a member."""
        values = self.validated()
        team = team_of(self, values.get("team"))
        owner = Owner.objects.visible_to(self.caller).filter(pk=values["owner"]).first()
        if owner is None:
            detail = _("There is no such person in your teams.")
            raise Refused(errors=[FieldError("/owner", "unknown_owner", detail)])
        membership = memberships.add(
            team=team,
            owner=owner,
            role=values["role"],
            expires_at=values.get("expires_at"),
            by=self.caller.actor,
        )
        return self.show(membership, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Give a member another role, or let the membership end at another time."""
        membership = self.get_object()
        memberships.change(
            membership,
            by=self.caller.actor,
            version=version_read(self, membership),
            values=self.validated(partial=True),
        )
        return self.show(membership)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take a person out of the team."""
        memberships.remove(self.get_object(), by=self.caller.actor)
        return Response(status=204)
