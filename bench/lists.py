"""The incident list and one incident, against what a bare framework does for the same."""

from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIClient

from bench.table import Figure, rates
from bench.world import a_team_with_people, bare_incident
from crisis_api.access import keys
from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident

ROWS = 20_000
PAGE = 50
REQUESTS = 30


class BareSerializer(serializers.ModelSerializer[Incident]):
    """Every column of an incident, and the names of two related rows."""

    team_name = serializers.CharField(source="team.name")
    owner_name = serializers.CharField(source="owner.name")

    class Meta:
        model = Incident
        exclude = ("search_text",)


class BarePages(PageNumberPagination):
    """Pages with a count, as DRF has them."""

    page_size = PAGE


class BareViewSet(viewsets.ReadOnlyModelViewSet[Incident]):
    """What DRF gives without further thought, but for the joined tables and our index."""

    queryset = Incident.objects.select_related("team", "owner").order_by("-opened_at", "-id")
    serializer_class = BareSerializer
    pagination_class = BarePages
    renderer_classes = (JSONRenderer,)
    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()
    filter_backends: Any = ()

    def get_queryset(self) -> QuerySet[Incident]:
        """Return the incidents of the team that the path names, so that they come by an index."""
        rows: QuerySet[Incident] = super().get_queryset().filter(team=self.kwargs["team"])
        return rows


_COLUMNS = [field.attname for field in Incident._meta.concrete_fields]


def bare_row(_request: HttpRequest, pk: str) -> HttpResponse:
    """One row by its id, without instances, authentication or anything of DRF."""
    row = Incident.objects.filter(pk=pk).values(*_COLUMNS).get()
    return HttpResponse(orjson.dumps(row), content_type="application/json")


urlpatterns = [
    path("bare/of/<uuid:team>/", BareViewSet.as_view({"get": "list"})),
    path("bare/<uuid:pk>/", bare_row),
    path("", include("crisis_api.urls")),
]


def figures(*, quick: bool) -> list[Figure]:
    """Fetch the first page of fifty, and one incident, in process, through every middleware."""
    team, people, _ = a_team_with_people(steps=1)
    incidents = [bare_incident(team, people[n % len(people)]) for n in range(ROWS)]
    Incident.objects.bulk_create(incidents, batch_size=1000)
    _, key = keys.issue(name="Bench", scopes=["read"], by=SYSTEM, team=team)
    client, stranger = APIClient(HTTP_HOST="localhost"), APIClient(HTTP_HOST="localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    page, one = f"/api/v1/incidents/?page_size={PAGE}", incidents[0].pk
    all_rows = f"/bare/of/{team.pk}/"
    if connection.vendor == "postgresql":
        # As a server does by itself within minutes; until then it sorts all rows for each page.
        # SQLite never does, and needs none for it.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    with override_settings(ROOT_URLCONF="bench.lists"):
        _fetch(client, page)
        listed, bare = rates(lambda: _fetch(client, page), lambda: _fetch(stranger, all_rows))
        single, row = rates(
            lambda: _fetch(client, f"/api/v1/incidents/{one}/"),
            lambda: _fetch(stranger, f"/bare/{one}/"),
        )
    anchor = "ModelViewSet with select_related, 50 rows, no authentication"
    view = "plain view of one row: values() and orjson, no authentication"
    return [
        Figure("1", "list of 50, key and team scope", listed, "/s", 4, True, anchor, bare),
        Figure("3", "one incident with all that belongs to it", single, "/s", 0.6, True, view, row),
    ]


def _fetch(client: APIClient, url: str) -> int:
    for _ in range(REQUESTS):
        answer = client.get(url)
        assert answer.status_code == 200, answer.content
    return REQUESTS
