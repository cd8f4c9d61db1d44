"""`/api_keys/`: keys that act in the teams which the caller manages, and the caller's own."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import keys as stored
from crisis_api.access.api.named import require_scope, team_of
from crisis_api.access.callers import Caller
from crisis_api.access.models import ApiKey
from crisis_api.access.permissions import Scope
from crisis_api.access.services import keys
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Invalid


class ApiKeyRead(ReadSerializer):
    """A key without its text: `prefix` is what follows `ck_`."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id", allow_null=True)
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(Scope)))
    expires_at = InstantField(allow_null=True)
    revoked_at = InstantField(allow_null=True)
    last_used_at = InstantField(allow_null=True)
    html_url = HtmlUrlField("/admin/access/apikey/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class ApiKeyIssued(ApiKeyRead):
    """A new key with its text, which is never shown again."""

    key = Computed(columns=["id"], make=lambda _id: None, child=serializers.CharField())


class ApiKeyInput(StrictSerializer):
    """A new key: of a team, or with `personal` of whoever asks."""

    name = TitleField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(Scope)), min_length=1, max_length=len(Scope)
    )
    team = serializers.UUIDField(required=False)
    personal = serializers.BooleanField(default=False)
    expires_at = InstantField(required=False, allow_null=True)


class ApiKeyFilter(ResourceFilter):
    """What a list of keys can be asked for."""

    team = IdFilter(field_name="team_id", allow_none=True)
    owner = IdFilter(field_name="owner_id", allow_none=True)
    revoked = FlagFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)
    last_used_at = InstantRange()
    ordering = OrderingFilter(
        {"created_at": "created_at", "last_used_at": "last_used_at"}, default="-created_at"
    )


class ApiKeyViewSet(ResourceViewSet):
    """Keys. Each is made once and shown once; it is revoked, never changed."""

    read_serializer = ApiKeyRead
    shows = {"create": ApiKeyIssued}
    filters = ApiKeyFilter
    inputs = {"create": ApiKeyInput}
    # Everybody has keys of their own; others need `api_keys.…` in a team of theirs, checked below.
    team_column = ""
    permissions = {"list": "", "retrieve": "", "create": "", "revoke": ""}

    def queryset_for(self, caller: Caller) -> QuerySet[ApiKey]:
        """Return the keys that act in teams which the caller manages, and its own."""
        return keys.seen_by(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a key; its text is in this answer and nowhere else."""
        values = self.validated()
        personal, team_id = values.pop("personal"), values.pop("team", None)
        values.setdefault("expires_at", None)
        if personal and team_id is not None:
            raise Invalid(errors=[FieldError("/team", "not_allowed", "A personal key has none.")])
        if personal:
            key, text = keys.issue_for_self(by=self.caller, **values)
        else:
            team = team_of(self, team_id)
            key, text = keys.issue_for_team(team, by=self.caller, **values)
        response = self.show(ApiKey.objects.filter(pk=key.pk), status=201)
        response.data["key"] = text
        return response

    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **kwargs: Any) -> Response:
        """Make a key useless at once.

        Managers end the keys of their team and the personal keys of its members; everybody their
        own; a key itself.
        """
        key: ApiKey = self.get_object()
        mine = self.caller.owner is not None and key.owner_id == self.caller.owner.pk
        itself = self.caller.key is not None and key.pk == self.caller.key.pk
        # Whoever holds a key may end it: that is what one does on finding it leaked.
        if mine and not itself:
            require_scope(self.caller, Scope.MANAGE)
        elif not itself:
            keys.require(self.caller, "api_keys.manage", key)
        stored.revoke(key, by=self.caller.actor)
        return self.show(key)
