"""`/me/`: who is calling, in which teams, and what it may do there."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.contact_points import ContactPointRead, visible_points
from crisis_api.access.api.fields import LANGUAGES, HoursField, ZoneField
from crisis_api.access.api.named import require_scope, version_read
from crisis_api.access.models import ContactPoint, Owner, Role, Team
from crisis_api.access.permissions import PERMISSIONS, Scope
from crisis_api.access.services import owners
from crisis_api.lib.drf import etag
from crisis_api.lib.drf.columns import ActorSerializer
from crisis_api.lib.drf.serializers import (
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import Forbidden


class MyOwner(ReadSerializer):
    """The person who calls."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    username = serializers.CharField(source="user.username")
    email = serializers.CharField(source="user.email", allow_blank=True)
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = serializers.CharField()
    working_hours = serializers.JSONField()
    wants_digest = serializers.BooleanField()
    updated_at = InstantField()


class MyKey(ReadSerializer):
    """The key that calls."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(Scope)))
    expires_at = InstantField(allow_null=True)


class MyTeam(serializers.Serializer[Any]):
    """A team of the caller. A team's key has no role: it acts by its scopes."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.SlugField()
    role = serializers.ChoiceField(choices=Role.values, allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())


class MeRead(ReadSerializer):
    """Who is calling."""

    actor = ActorSerializer()
    owner = MyOwner(allow_null=True)
    key = MyKey(allow_null=True)
    teams = MyTeam(many=True)
    contact_points = ContactPointRead(many=True)


class MeInput(StrictSerializer):
    """What people change of themselves."""

    name = TitleField(max_length=100)
    email = serializers.EmailField(max_length=254, allow_blank=True)
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = ZoneField()
    working_hours = HoursField()
    wants_digest = serializers.BooleanField()


class MeView(ResourceViewSet):
    """The caller itself."""

    read_serializer = MeRead
    inputs = {"change_me": MeInput}
    permissions = {"show_me": "", "change_me": ""}

    def show_me(self, request: Request, **kwargs: Any) -> Response:
        """Say who is calling, in which teams, and what that caller may do there."""
        return self._me(self.caller.owner)

    def change_me(self, request: Request, **kwargs: Any) -> Response:
        """Change the caller's own language, zone, hours, name or e-mail."""
        owner: Owner | None = self.caller.owner
        if owner is None:
            raise Forbidden("A team's key is nobody.", code="people_only")
        require_scope(self.caller, Scope.MANAGE)
        etag.check_match(request, owner.version)
        owner = owners.change(
            owner,
            by=self.caller.actor,
            version=version_read(self, owner),
            values=self.validated(partial=True),
        )
        return self._me(owner)

    def _me(self, owner: Owner | None) -> Response:
        key = self.caller.key
        points = visible_points(self.caller).filter(owner=owner, team=None)
        body = {
            "actor": {"type": self.caller.actor.type, "id": self.caller.actor.id},
            "owner": MyOwner.row(Owner.objects.filter(pk=owner.pk)) if owner else None,
            "key": MyKey.row(type(key).objects.filter(pk=key.pk)) if key else None,
            "teams": self._teams(),
            "contact_points": _whole(ContactPointRead.rows(points.order_by("urgency", "position"))),
        }
        version = owner.version if owner else key.version if key else 0
        return Response(body, headers={"ETag": etag.etag_of(version)})

    def _teams(self) -> list[dict[str, Any]]:
        roles = self.caller.roles
        return [
            {
                "id": team.pk,
                "name": team.name,
                "slug": team.slug,
                "role": roles[team.pk],
                "permissions": [name for name in PERMISSIONS if self.caller.may(name, team.pk)],
            }
            for team in Team.objects.visible_to(self.caller).order_by("name")
        ]


def _whole(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the whole addresses of the caller's own contact points into the rows."""
    ids = [row["id"] for row in rows]
    addresses = dict(ContactPoint.objects.filter(pk__in=ids).values_list("pk", "address"))
    return [{**row, "address": addresses[row["id"]]} for row in rows]
