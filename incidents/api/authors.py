"""`/authors/`: who writes. They are made by what comes in."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    NumberRange,
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
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.models import Author
from incidents.services import authors

MOST = 10**12


class AuthorRead(ReadSerializer):
    """Who wrote something."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    network = serializers.CharField()
    external_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Author.Kind.values)
    followers = serializers.IntegerField(allow_null=True)
    external_refs = refs.Refs("author")
    html_url = HtmlUrlField("/admin/incidents/author/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class AuthorFields(StrictSerializer):
    """What people know of an author and no network tells."""

    kind = serializers.ChoiceField(choices=Author.Kind.values)
    followers = serializers.IntegerField(min_value=0, max_value=MOST, allow_null=True)
    external_refs = refs.RefsInput()


class AuthorFilter(ResourceFilter):
    """What a list of authors can be asked for."""

    team = IdFilter(field_name="team_id")
    network = TextFilter(max_length=20)
    external_id = TextFilter(max_length=255)
    name = TextFilter(max_length=255)
    kind = WordsFilter(words=Author.Kind.values)
    external_refs = refs.RefsFilter("author")
    followers = NumberRange()
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {
            "created_at": "created_at",
            "updated_at": "updated_at",
            "name": "name",
            "followers": "followers",
        },
        default="-created_at",
    )


class AuthorViewSet(ResourceViewSet):
    """Authors."""

    read_serializer = AuthorRead
    filters = AuthorFilter
    inputs = {"partial_update": AuthorFields}
    permissions = {
        "list": "authors.view",
        "retrieve": "authors.view",
        "partial_update": "authors.edit",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Author]:
        """Return the authors known to the caller's teams."""
        return Author.objects.visible_to(caller)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change what people know of an author, such as the kind."""
        author = self.get_object()
        authors.change(
            author,
            by=self.caller.actor,
            version=version_read(self, author),
            values=self.validated(partial=True),
        )
        return self.show(author)
