"""The incident list, with authentication and team scope, against a bare ModelViewSet."""

from typing import Any

from django.test.utils import override_settings
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.pagination import PageNumberPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIClient

from bench.table import Figure, rate
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
    """What DRF gives without further thought, but for the joined tables."""

    queryset = Incident.objects.select_related("team", "owner").order_by("-opened_at", "-id")
    serializer_class = BareSerializer
    pagination_class = BarePages
    renderer_classes = (JSONRenderer,)
    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()
    filter_backends: Any = ()


urlpatterns = [
    path("bare/", BareViewSet.as_view({"get": "list"})),
    path("", include("crisis_api.urls")),
]


def figures() -> list[Figure]:
    """Fetch the first page of fifty, in process, through every middleware."""
    team, people, _ = a_team_with_people(steps=1)
    incidents = [bare_incident(team, people[n % len(people)]) for n in range(ROWS)]
    Incident.objects.bulk_create(incidents, batch_size=1000)
    _, key = keys.issue(name="Bench", scopes=["read"], by=SYSTEM, team=team)
    client = APIClient(HTTP_HOST="localhost")
    with override_settings(ROOT_URLCONF="bench.lists"):
        bare = rate(lambda: _fetch(client, "/bare/"))
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        ours = rate(lambda: _fetch(client, f"/api/v1/incidents/?page_size={PAGE}"))
        one = f"/api/v1/incidents/{incidents[0].pk}/"
        single = rate(lambda: _fetch(client, one))
    return [
        Figure("incident list, 50 rows, key and team scope", ours, "bare ModelViewSet, 50", bare),
        Figure("one incident with its milestones", single, "bare ModelViewSet, 50", bare),
    ]


def _fetch(client: APIClient, url: str) -> int:
    for _ in range(REQUESTS):
        answer = client.get(url)
        assert answer.status_code == 200, answer.content
    return REQUESTS
