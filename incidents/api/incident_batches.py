"""Many incidents in one request: `POST /incidents/batch/`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import team_of
from crisis_api.access.models import Team
from crisis_api.lib.drf.parsers import MAX_BODY_BYTES
from crisis_api.lib.drf.problems import flat
from crisis_api.lib.drf.serializers import ReadSerializer, StrictSerializer
from crisis_api.lib.errors import FieldError, Invalid, Problem
from incidents.api import named, parse_errors
from incidents.api.mention_shapes import ItemError
from incidents.api.serializers import IncidentInput
from incidents.services import lifecycle
from incidents.services.beginning import Opening

if TYPE_CHECKING:
    from crisis_api.lib.drf.views import ResourceViewSet as _Base
else:
    _Base = object

AT_ONCE = 500
BATCH_BYTES = 4 * 1024 * 1024

Item = Opening | Sequence[FieldError]


class IncidentBatchItem(IncidentInput):
    """A new incident of the batch's team, or a signal for the one that has the `dedup_key`."""

    team = None  # type: ignore[assignment]


class IncidentBatchInput(StrictSerializer):
    """At most 500 incidents of one team."""

    team = serializers.UUIDField(
        required=False, help_text="Needed by callers who belong to several teams."
    )
    incidents = serializers.ListField(child=IncidentBatchItem(), min_length=1, max_length=AT_ONCE)


class IncidentResult(ReadSerializer):
    """What became of one item of a batch."""

    index = serializers.IntegerField()
    result = serializers.ChoiceField(choices=["opened", "joined", "error"])
    id = serializers.UUIDField(allow_null=True)
    reference = serializers.CharField(allow_null=True)
    errors = serializers.ListField(child=ItemError())  # type: ignore[assignment]


class IncidentBatchResult(ReadSerializer):
    """What a batch came to, item by item."""

    opened = serializers.IntegerField()
    joined = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = serializers.ListField(child=IncidentResult())


class Batches(_Base):
    """The way in for whatever watches and has much to say at once."""

    inputs: ClassVar[dict[str, Any]] = {"batch": IncidentBatchInput}
    shows: ClassVar[dict[str, Any]] = {"batch": IncidentBatchResult}
    permissions: ClassVar[dict[str, str]] = {"batch": "incidents.open"}
    max_body_bytes = MAX_BODY_BYTES

    @action(detail=False, methods=["post"], max_body_bytes=BATCH_BYTES)
    def batch(self, request: Request, **kwargs: Any) -> Response:
        """Open up to 500 incidents of one team, or join those that have the same `dedup_key`.

        Good items are opened in one transaction, whatever is wrong with others, with a result for
        each. The answer is 200 even if all failed.
        """
        data: Any = request.data
        given = _items(data)
        team = team_of(self, _team_id(data))
        parsed = _parsed(given, team)
        good = [item for item in parsed if isinstance(item, Opening)]
        opened = iter(lifecycle.open_all(good, by=self.caller.actor))
        results = [
            _told(index, item, next(opened) if isinstance(item, Opening) else None)
            for index, item in enumerate(parsed)
        ]
        words = [each["result"] for each in results]
        return Response(
            {
                "opened": words.count("opened"),
                "joined": words.count("joined"),
                "failed": words.count("error"),
                "results": results,
            }
        )


def _items(data: dict[str, Any]) -> Sequence[Any]:
    errors = [
        FieldError(f"/{name}", "unknown_field", parse_errors.sentence("unknown_field", {}))
        for name in sorted(data.keys() - {"team", "incidents"})
    ]
    given = data.get("incidents")
    if not isinstance(given, list) or not 0 < len(given) <= AT_ONCE:
        detail = _("A list of 1 to %s incidents.") % AT_ONCE
        errors.append(FieldError("/incidents", "out_of_range", detail))
        given = []
    if errors:
        raise Invalid(errors=errors)
    return given


def _team_id(data: dict[str, Any]) -> Any:
    if data.get("team") is None:
        return None
    field = serializers.UUIDField()
    try:
        return field.run_validation(data["team"])
    except serializers.ValidationError as error:
        raise Invalid(errors=flat(error.detail, "/team")) from None


def _parsed(given: Sequence[Any], team: Team) -> list[Item]:
    """Return what is to be opened, or what is wrong with it, for each item in its place."""
    shape = IncidentBatchItem()
    parsed: dict[int, Item] = {}
    values: dict[int, dict[str, Any]] = {}
    for index, item in enumerate(given):
        try:
            values[index] = shape.run_validation(item)
        except serializers.ValidationError as error:
            parsed[index] = flat(error.detail)
    unknown = named.replaced(list(values.values()), team.pk)
    for (index, value), errors in zip(values.items(), unknown, strict=True):
        parsed[index] = errors or _opening(team, value)
    return [parsed[index] for index in range(len(given))]


def _opening(team: Team, values: dict[str, Any]) -> Item:
    opening = Opening(team=team, **values)
    try:
        opening.check()
    except Problem as problem:
        return problem.errors or [FieldError("", problem.code, problem.detail)]
    return opening


def _told(index: int, item: Item, opened: lifecycle.OpenResult | None) -> dict[str, Any]:
    errors = () if isinstance(item, Opening) else item
    word = "error"
    if opened is not None:
        word = "opened" if opened.created else "joined"
    return {
        "index": index,
        "result": word,
        "id": opened.incident.pk if opened else None,
        "reference": opened.incident.reference if opened else None,
        "errors": [
            {
                "pointer": f"/incidents/{index}{error.pointer}",
                "code": error.code,
                "detail": error.detail,
            }
            for error in errors
        ],
    }
