"""Comments taken in over HTTP and kept before they are answered, against the least of that."""

import hashlib
import hmac
import json
from itertools import count

import orjson
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.test import APIClient

from bench.table import Figure, rates
from bench.world import a_team_with_people
from crisis_api.access import keys
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.models import Account, Receipt

REQUESTS = 100
SECRET = b"shared"
_number = count(1)


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """Verify a signature, insert one row, commit."""
    good = hmac.new(SECRET, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(good, request.headers.get("X-Signature", "")):
        return HttpResponse(status=401)
    orjson.loads(request.body)
    account = Account.objects.only("team_id").first()
    assert account is not None
    row = Receipt(
        team_id=account.team_id, account=account, source="bench", content_type="json",
        body=request.body, body_sha256=good, status="parsed",
    )  # fmt: skip
    Receipt.objects.bulk_create([row])
    return HttpResponse(b"{}", status=202, content_type="application/json")


urlpatterns = [path("bare/", bare), path("", include("crisis_api.urls"))]


def _items(number: int) -> list[dict[str, str]]:
    now = clock.now().isoformat()
    return [
        {
            "external_id": f"bench-{next(_number)}",
            "text": "The cream burns my skin, and nobody answers.",
            "author_id": "somebody",
            "written_at": now,
        }
        for _ in range(number)
    ]


def figures(*, quick: bool) -> list[Figure]:
    """Post mentions singly and in hundreds, in process, through every middleware."""
    team, _, _ = a_team_with_people(steps=1)
    Account.objects.create(team=team, handle="@bench", external_id="bench")
    _, key = keys.issue(name="Bench", scopes=["intake"], by=SYSTEM, team=team)
    client = APIClient(HTTP_HOST="localhost")
    ours_headers = {"Authorization": f"Bearer {key}"}

    def post(url: str, payload: object, headers: dict[str, str]) -> None:
        body = json.dumps(payload)
        headers = headers or {"X-Signature": _signed(body)}
        answer = client.post(url, body, content_type="application/json", headers=headers)
        assert 200 <= answer.status_code < 300, answer.content

    def singly() -> int:
        for _ in range(REQUESTS):
            post("/api/v1/mentions/", _items(1)[0], ours_headers)
        return REQUESTS

    def in_hundreds() -> int:
        for _ in range(5):
            post("/api/v1/mentions/batch/", {"mentions": _items(100)}, ours_headers)
        return 500

    def barely() -> int:
        for _ in range(REQUESTS):
            post("/bare/", _items(1)[0], {})
        return REQUESTS

    with override_settings(ROOT_URLCONF="bench.intake"):
        ours, anchor = rates(singly, barely)
        batched, _ = rates(in_hundreds, barely)
    name = "plain view: signature, one insert, commit"
    return [
        Figure("4", "comment taken in, read, scored; kept", ours, "/s", 0.5, True, name, anchor),
        Figure("4", "the same in batches of 100", batched, "/s", None, True, name, anchor),
    ]


def _signed(body: str) -> str:
    return hmac.new(SECRET, body.encode(), hashlib.sha256).hexdigest()
