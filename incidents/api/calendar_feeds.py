"""`/calendar_feeds/`: secret addresses at which calendar programs read shifts."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import require_scope
from crisis_api.access.callers import Caller
from crisis_api.access.models import Team
from crisis_api.access.permissions import Scope
from crisis_api.lib.drf.columns import Computed
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
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
from incidents.models import CalendarFeed, Rotation
from incidents.services import calendar_feeds

_OTHERS = "calendar_feeds.manage"


class CalendarFeedRead(ReadSerializer):
    """A feed of one rotation, or without one of the person's own shifts in the team."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    owner = serializers.UUIDField(source="owner_id")
    rotation = serializers.UUIDField(source="rotation_id", allow_null=True)
    last_read_at = InstantField(allow_null=True)
    revoked_at = InstantField(allow_null=True)
    html_url = HtmlUrlField("/admin/incidents/calendarfeed/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class CalendarFeedIssued(CalendarFeedRead):
    """A feed with its address, never shown again."""

    url = Computed(
        columns=["id"], make=lambda _id: "", child=serializers.CharField(allow_blank=True)
    )


class CalendarFeedInput(StrictSerializer):
    """A new feed of the caller: of a rotation, or of the caller's own shifts in a team."""

    rotation = serializers.UUIDField(required=False)
    team = serializers.UUIDField(required=False)


class CalendarFeedFilter(ResourceFilter):
    """What a list of feeds can be asked for."""

    team = IdFilter(field_name="team_id")
    owner = IdFilter(field_name="owner_id")
    rotation = IdFilter(field_name="rotation_id", allow_none=True)
    revoked = FlagFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)
    last_read_at = InstantRange()
    ordering = OrderingFilter(
        {"created_at": "created_at", "last_read_at": "last_read_at"}, default="-created_at"
    )


class CalendarFeedViewSet(ResourceViewSet):
    """Calendar feeds: the caller's own, and those of the teams that it manages."""

    read_serializer = CalendarFeedRead
    shows = {"create": CalendarFeedIssued}
    filters = CalendarFeedFilter
    inputs = {"create": CalendarFeedInput}
    # Everybody has their own; others' need `calendar_feeds.manage`, checked below.
    team_column = ""
    permissions = {"list": "", "retrieve": "", "create": "", "revoke": ""}

    def queryset_for(self, caller: Caller) -> QuerySet[CalendarFeed]:
        """Return the caller's own, and those of teams that it manages."""
        seen = Q(team_id__in=caller.teams_for(_OTHERS))
        if caller.owner is not None and (caller.key is None or Scope.READ in caller.key.scopes):
            seen |= Q(owner=caller.owner)
        return CalendarFeed.objects.filter(seen, team_id__in=caller.team_ids())

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a feed of the caller; its address is in this answer and nowhere else."""
        values = self.validated()
        owner = self.caller.owner
        if owner is None:
            detail = _("A calendar is a person's: a team's key has none.")
            raise Refused(detail, code="no_person")
        require_scope(self.caller, Scope.MANAGE)
        rotation = self._rotation(values.get("rotation"))
        team = rotation.team if rotation else self._team(values.get("team"))
        feed, url = calendar_feeds.issue(
            team=team, owner=owner, rotation=rotation, by=self.caller.actor
        )
        response = self.show(feed, status=201)
        response.data["url"] = url
        return response

    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **kwargs: Any) -> Response:
        """Make a feed's address lead nowhere."""
        feed: CalendarFeed = self.get_object()
        if self.caller.owner is not None and feed.owner_id == self.caller.owner.pk:
            require_scope(self.caller, Scope.MANAGE)
        else:
            self.caller.require(_OTHERS, feed.team_id)
        return self.show(calendar_feeds.revoke(feed, by=self.caller.actor))

    def _rotation(self, named: Any) -> Rotation | None:
        if named is None:
            return None
        rotation = Rotation.objects.current().visible_to(self.caller).filter(pk=named).first()
        if rotation is None:
            raise _unknown("/rotation", "unknown_rotation", _("There is no such rotation."))
        return rotation

    def _team(self, named: Any) -> Team:
        teams = list(self.caller.team_ids())
        if named is None and len(teams) == 1:
            named = teams[0]
        if named not in teams:
            raise _unknown("/team", "unknown_team", _("Say in which of your teams."))
        return Team.objects.get(pk=named)


def _unknown(pointer: str, code: str, detail: str) -> Refused:
    return Refused(detail, code=code, errors=[FieldError(pointer, code, detail)])
