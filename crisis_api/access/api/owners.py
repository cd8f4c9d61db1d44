"""`/owners/`: the people of the caller's teams."""

from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.fields import LANGUAGES, HoursField, ZoneField
from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner, Role
from crisis_api.access.services import owners
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import Forbidden


class OwnerRead(ReadSerializer):
    """A person. Whoever is deactivated stays, under their name."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    username = serializers.CharField(source="user.username")
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = serializers.CharField()
    working_hours = serializers.JSONField()
    deactivated_at = InstantField(allow_null=True)
    html_url = HtmlUrlField("/admin/access/owner/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class OwnerFields(StrictSerializer):
    """What may be changed of a person."""

    name = TitleField(max_length=100)
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    time_zone = ZoneField(required=False)
    working_hours = HoursField(required=False)


class OwnerInput(OwnerFields):
    """A new person with their account. Without a password nobody can sign in as them yet."""

    team = serializers.UUIDField(required=False)
    role = serializers.ChoiceField(choices=Role.values)
    username = serializers.RegexField(r"^[\w.@+-]{1,150}\Z")
    password = serializers.CharField(max_length=128, write_only=True, required=False)


class OwnerFilter(ResourceFilter):
    """What a list of people can be asked for."""

    team = IdFilter(field_name="seen__team_id")
    role = WordsFilter(field_name="seen__role", words=Role.values)
    username = TextFilter(field_name="user__username", max_length=150)
    active = FlagFilter(field_name="deactivated_at", lookup_expr="isnull")
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"name": "name", "created_at": "created_at", "updated_at": "updated_at"}, default="name"
    )


class OwnerViewSet(ResourceViewSet):
    """People who share a team with the caller."""

    read_serializer = OwnerRead
    filters = OwnerFilter
    inputs = {"create": OwnerInput, "partial_update": OwnerFields}
    team_column = ""
    permissions = {
        "list": "owners.view",
        "retrieve": "owners.view",
        "create": "owners.manage",
        "partial_update": "owners.manage",
        "deactivate": "owners.manage",
        "reactivate": "owners.manage",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Owner]:
        """Return the people of the caller's teams; what else they belong to stays unseen."""
        shared = FilteredRelation(
            "memberships", condition=Q(memberships__team_id__in=caller.team_ids())
        )
        people: QuerySet[Owner] = Owner.objects.alias(seen=shared).filter(seen__isnull=False)
        return people.distinct()

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a person and their account, as a member of a team."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        # Whoever makes a person gives them a role, so both permissions are needed.
        self.caller.require("memberships.manage", team.pk)
        values.setdefault("time_zone", team.time_zone)
        return self.show(owners.create(team=team, by=self.caller.actor, **values), status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a person."""
        owner = self._managed()
        owners.change(
            owner,
            by=self.caller.actor,
            version=version_read(self, owner),
            values=self.validated(partial=True),
        )
        return self.show(owner)

    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, **kwargs: Any) -> Response:
        """End a person's access at once, in every team."""
        return self.show(owners.deactivate(self._managed(), by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, **kwargs: Any) -> Response:
        """Let a person in again."""
        return self.show(owners.reactivate(self._managed(), by=self.caller.actor))

    def _managed(self) -> Owner:
        """Return the person of the path, if the caller manages every team they belong to."""
        owner: Owner = self.get_object()
        require_all_teams(self.caller, owner, "owners.manage")
        return owner


def require_all_teams(caller: Caller, owner: Owner, permission: str) -> None:
    """Raise Forbidden unless the caller may do this in every team that the person belongs to.

    A person is one in all of their teams: a manager of one must not change them for the others.
    """
    teams = owners.teams_of(owner)
    if not all(caller.may(permission, team.pk) for team in teams):
        raise Forbidden(
            _("This person belongs to a team that you don't manage."), code="shared_person"
        )
