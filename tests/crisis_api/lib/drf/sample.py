"""A small resource over teams, and its paths, for trying what resources share."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from crisis_api.access.models import ExternalRef, Membership, Team
from crisis_api.lib.drf import docs
from crisis_api.lib.drf.filters import (
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    SearchFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    ReadSerializer,
    Related,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotAllowedNow


class RefRead(ReadSerializer):
    """A reference elsewhere."""

    system = serializers.CharField()
    id = serializers.CharField(source="external_id")


class TeamRead(ReadSerializer):
    """A team."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    shout = Computed(columns=["name"], make=str.upper, child=serializers.CharField())
    actor = ActorField()
    html_url = HtmlUrlField("/admin/access/team/{id}/change/")
    external_refs = Related(
        RefRead,
        queryset=lambda: ExternalRef.objects.filter(subject_type="team"),
        fk="subject_id",
        order=["system", "external_id"],
    )
    member_ids = Related(
        serializers.UUIDField(),
        queryset=Membership.objects.all,
        fk="team_id",
        flat="owner_id",
    )
    created_at = serializers.DateTimeField()


class TeamInput(StrictSerializer):
    """A name for a team."""

    name = TitleField(max_length=100)


class ShoutInput(StrictSerializer):
    """How loud; nothing need be said."""

    loudness = serializers.IntegerField(required=False, min_value=1, max_value=9)


class TeamFilter(ResourceFilter):
    """Teams by language, name and age."""

    language = WordsFilter(words=["en", "ru"])
    created_at = InstantRange()
    q = SearchFilter("slug")
    ordering = OrderingFilter({"name": "name", "created_at": "created_at"}, default="name")


class TeamViewSet(ResourceViewSet):
    """Teams of the caller."""

    read_serializer = TeamRead
    filters = TeamFilter
    team_column = "id"
    permissions = {
        "list": "teams.view",
        "retrieve": "teams.view",
        "create": "",
        "partial_update": "teams.manage",
        "shout": "teams.view",
        "stuck": "",
        "broken": "",
    }
    inputs = {"create": TeamInput, "partial_update": TeamInput, "shout": ShoutInput}
    match_required = frozenset({"partial_update"})
    dry_runs = frozenset({"create"})

    def queryset_for(self, caller: Any) -> Any:
        """Return the caller's teams."""
        return Team.objects.visible_to(caller)

    def create(self, request: Request) -> Response:
        """Name a new team; only that it was made is told, since it is nobody's yet."""
        values = self.validated()
        team = Team.objects.create(name=values["name"], slug=f"made-{Team.objects.count()}")
        return Response({"id": team.pk, "name": team.name}, status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename."""
        team = self.get_object()
        Team.objects.filter(pk=team.pk).change(**self.validated(partial=True))
        return self.show(team)

    @action(detail=True, methods=["post"])
    def shout(self, request: Request, pk: str) -> Response:
        """A verb without a body."""
        self.validated()
        team = self.get_object()
        Team.objects.filter(pk=team.pk).change()
        return self.show(team)

    @action(detail=True, methods=["post"])
    def stuck(self, request: Request, pk: str) -> Response:
        """Write something and then find that it is not allowed."""
        Team.objects.create(name="never", slug="never")
        raise NotAllowedNow(allowed=["wait", "shout"])

    @action(detail=False, methods=["get"])
    def broken(self, request: Request) -> Response:
        """Fail as nobody foresaw."""
        raise RuntimeError("secret words")


class EchoView(APIView):
    """Says what was sent, to anybody."""

    schema = None
    authentication_classes: Any = []
    permission_classes: Any = []

    def post(self, request: Request) -> Response:
        """Return the body."""
        return Response(request.data)


class ListView(EchoView):
    """Takes a list too."""

    accepts_list = True
    max_body_bytes = 100


class UploadView(EchoView):
    """Takes a file."""

    parser_classes: Any = [MultiPartParser]

    def post(self, request: Request) -> Response:
        """Return the names of the files."""
        return Response(sorted(request.FILES))


def plain(request: HttpRequest) -> HttpResponse:
    """Answer without DRF."""
    return HttpResponse("here")


def crash(request: HttpRequest) -> HttpResponse:
    """Fail without DRF."""
    raise RuntimeError("secret words")


router = SimpleRouter()
router.register("api/v1/teams", TeamViewSet, basename="teams")
urlpatterns = [
    # Middleware of ours asks for its address.
    path("admin/", admin.site.urls),
    path("api/v1/echo/", EchoView.as_view()),
    path("api/v1/lists/", ListView.as_view()),
    path("api/v1/uploads/", UploadView.as_view()),
    path("api/v1/plain/", plain),
    path("api/v1/crash/", crash),
    path("elsewhere/", plain),
    path("api/v1/schema/", docs.SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", docs.DocsView.as_view(url_name="schema"), name="docs"),
    path("", include(router.urls)),
]
handler400 = "crisis_api.error_pages.handler400"
handler403 = "crisis_api.error_pages.handler403"
handler404 = "crisis_api.error_pages.handler404"
handler500 = "crisis_api.error_pages.handler500"
