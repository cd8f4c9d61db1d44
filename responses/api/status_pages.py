"""`/teams/{id}/status_page/`: the public page of a team."""

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Team
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.serializers import (
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from responses.models import StatusPage
from responses.services import status_pages


def _public_url(slug: str) -> str:
    path: str = reverse("status_page:page", args=[slug])
    return f"{settings.PUBLIC_URL}{path}"


class StatusPageRead(ReadSerializer):
    """The public page of a team."""

    team = serializers.UUIDField(source="team_id")
    is_enabled = serializers.BooleanField()
    title_en = serializers.CharField()
    title_ru = serializers.CharField()
    intro_en = serializers.CharField()
    intro_ru = serializers.CharField()
    contact = serializers.CharField()
    public_url = Computed(columns=["team__slug"], make=_public_url, child=serializers.URLField())
    html_url = HtmlUrlField("/admin/responses/statuspage/{id}/change/")
    created_at = InstantField()
    updated_at = InstantField()


class StatusPageInput(StrictSerializer):
    """What may be changed."""

    is_enabled = serializers.BooleanField()
    title_en = TitleField(max_length=150, allow_blank=True)
    title_ru = TitleField(max_length=150, allow_blank=True)
    intro_en = serializers.CharField(max_length=1000, allow_blank=True)
    intro_ru = serializers.CharField(max_length=1000, allow_blank=True)
    contact = TitleField(max_length=200, allow_blank=True)


class StatusPageViewSet(ResourceViewSet):
    """Whether what a team says in public is shown, and under which heading."""

    read_serializer = StatusPageRead
    permissions: ClassVar[dict[str, str]] = {
        "retrieve": "teams.view",
        "partial_update": "teams.manage",
    }
    inputs: ClassVar[dict[str, Any]] = {"partial_update": StatusPageInput}
    lookup_url_kwarg = "team"

    def queryset_for(self, caller: Caller) -> QuerySet[StatusPage]:
        """Return those of the caller's teams."""
        return StatusPage.objects.visible_to(caller)

    def lookup(self, value: str) -> dict[str, Any]:
        """Return the condition for a team's id; a team always has a page, on or off."""
        team = Team.objects.visible_to(self.caller).filter(pk=canonical_uuid(value)).first()
        if team is None:
            raise NotFound()
        return {"pk": status_pages.page_of(team).pk}

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Turn it on or off, or change its words."""
        row = self.get_object()
        data, version = self.validated(partial=True), version_read(self, row)
        return self.show(
            status_pages.change(row.team, by=self.caller.actor, version=version, **data)
        )
