"""`/posts/`: what mentions stand under. They are made by what comes in."""

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
from incidents.models import Post
from incidents.services import posts

MOST = 10**15


class PostRead(ReadSerializer):
    """A post; `account` is ours where it is a post of ours."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    network = serializers.CharField()
    external_id = serializers.CharField()
    account = serializers.UUIDField(source="account_id", allow_null=True)
    author = serializers.UUIDField(source="author_id", allow_null=True)
    url = serializers.CharField()
    title = serializers.CharField()
    reach = serializers.IntegerField(allow_null=True)
    published_at = InstantField(allow_null=True)
    external_refs = refs.Refs("post")
    html_url = HtmlUrlField("/admin/incidents/post/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class PostFields(StrictSerializer):
    """What people know of a post and no network tells."""

    title = TitleField(max_length=300, allow_blank=True)
    url = refs.WebField(max_length=2048, allow_blank=True)
    reach = serializers.IntegerField(min_value=0, max_value=MOST, allow_null=True)
    published_at = InstantField(allow_null=True)
    external_refs = refs.RefsInput()


class PostFilter(ResourceFilter):
    """What a list of posts can be asked for."""

    team = IdFilter(field_name="team_id")
    account = IdFilter(field_name="account_id", allow_none=True)
    author = IdFilter(field_name="author_id", allow_none=True)
    network = TextFilter(max_length=20)
    external_id = TextFilter(max_length=255)
    external_refs = refs.RefsFilter("post")
    reach = NumberRange()
    published_at = InstantRange()
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {
            "created_at": "created_at",
            "updated_at": "updated_at",
            "published_at": "published_at",
            "reach": "reach",
        },
        default="-created_at",
    )


class PostViewSet(ResourceViewSet):
    """Posts."""

    read_serializer = PostRead
    filters = PostFilter
    inputs = {"partial_update": PostFields}
    permissions = {
        "list": "posts.view",
        "retrieve": "posts.view",
        "partial_update": "posts.edit",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Post]:
        """Return the posts of the caller's teams."""
        return Post.objects.visible_to(caller)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change what people know of a post, such as its reach."""
        post = self.get_object()
        posts.change(
            post,
            by=self.caller.actor,
            version=version_read(self, post),
            values=self.validated(partial=True),
        )
        return self.show(post)
