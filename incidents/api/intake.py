"""How mentions come in over the API: one, a batch, a file. Kept first, answered afterwards."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from crisis_api.lib import clock
from crisis_api.lib.errors import FieldError, Invalid, Refused, TooLarge
from incidents.api import bodies, items, parse_errors
from incidents.api.mention_shapes import (
    BatchInput,
    BatchResult,
    MentionItem,
    MentionRead,
    UploadForm,
    UploadResult,
)
from incidents.channels.manual import MAX_BYTES
from incidents.channels.protocol import ParsedMention
from incidents.intake import reading
from incidents.intake.receive import AT_ONCE, Outcome, Received
from incidents.models import Receipt
from incidents.services import receipts

if TYPE_CHECKING:
    from crisis_api.lib.drf.views import ResourceViewSet as _Base
else:
    _Base = object

BATCH_BYTES = 4 * 1024 * 1024
TAKES_IN = frozenset({"create", "batch", "upload"})


class Intake(_Base):
    """The three ways in. Repeating any of them changes nothing."""

    inputs: ClassVar[dict[str, Any]] = {
        "create": MentionItem,
        "batch": BatchInput,
        "upload": UploadForm,
    }
    shows: ClassVar[dict[str, Any]] = {"batch": BatchResult, "upload": UploadResult}
    permissions: ClassVar[dict[str, str]] = dict.fromkeys(TAKES_IN, "mentions.intake")
    query_params: ClassVar[dict[str, frozenset[str]]] = {"upload": frozenset({"account"})}
    dry_runs = TAKES_IN
    max_body_bytes = 256 * 1024

    @property
    def throttle_bucket(self) -> str:
        """A storm must not use up what people need to handle it."""
        return "intake" if self.action in TAKES_IN else "api"

    @extend_schema(responses={200: MentionRead, 201: MentionRead})
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Take in one mention: 201, or 200 where it was known."""
        item: Any = request.data
        account = items.account_of(self, item.get("account"))
        parsed = items.parse_item(item, account)
        if not isinstance(parsed, ParsedMention):
            raise Invalid(errors=[parse_errors.of_a_field(error) for error in parsed])
        _receipt, received = reading.take(
            account,
            [parsed],
            source="api",
            content_type="application/json",
            body=getattr(request, bodies.RAW),
            by=self.caller.actor,
        )
        outcome = received.outcomes[0]
        if outcome.result != "created":
            return self.show(outcome.mention_id)
        address = reverse("mention-detail", args=[outcome.mention_id], request=request)
        return self.show(outcome.mention_id, status=201, headers={"Location": address})

    @action(detail=False, methods=["post"], max_body_bytes=BATCH_BYTES)
    def batch(self, request: Request, **kwargs: Any) -> Response:
        """Take in up to 500 mentions of one account, with a result for each.

        Good items are stored whatever is wrong with others. The answer is 200 even if all failed.
        """
        data: Any = request.data
        given = _batch_items(data)
        account = items.account_of(self, data.get("account"))
        parsed = [
            items.parse_item(item, account, place=place) for place, item in enumerate(given, 1)
        ]
        good = [each for each in parsed if isinstance(each, ParsedMention)]
        bad = [error for each in parsed if not isinstance(each, ParsedMention) for error in each]
        receipt, received = reading.take(
            account,
            good,
            source="batch",
            content_type="application/json",
            body=getattr(request, bodies.RAW),
            by=self.caller.actor,
            errors=bad,
        )
        results = _results(parsed, received.outcomes)
        return Response({**_taken(receipt, received, len(given) - len(good)), "results": results})

    @extend_schema(
        request={
            "multipart/form-data": UploadForm,
            "application/json": MentionItem(many=True),
            **{text: {"type": "string"} for text in bodies.TEXTS},
        }
    )
    @action(detail=False, methods=["post"], parser_classes=bodies.FILES)
    def upload(self, request: Request, **kwargs: Any) -> Response:
        """Take in a file of up to 10,000 lines and 5 MB: CSV, JSON lines or a JSON list.

        As the body itself, or as `file` of a form. It is kept first and read afterwards; should
        this process die meanwhile, another reads the rest. Good lines are stored whatever is wrong
        with others.
        """
        body, content_type, named = _file_of(request)
        account = items.account_of(self, named)
        receipt = receipts.keep(
            account,
            source="upload",
            content_type=content_type,
            body=body,
            by=self.caller.actor,
            now=clock.now(),
        )
        read = reading.read(receipt, now=clock.now())
        errors = [parse_errors.of_a_line(error) for error in read.errors[: receipts.MOST_ERRORS]]
        if receipt.status == Receipt.Status.UNPARSED:
            # With a key the refusal undoes everything, the receipt included.
            kept = None if "Idempotency-Key" in request.headers else receipt
            raise _unreadable(kept, errors)
        return Response(
            {
                **_taken(receipt, read.received, len({error.line for error in read.errors})),
                "errors": errors,
                "warnings": [parse_errors.of_a_line(warning) for warning in read.warnings],
            }
        )


def _batch_items(data: dict[str, Any]) -> Sequence[Any]:
    errors = [
        FieldError(f"/{name}", "unknown_field", parse_errors.sentence("unknown_field", {}))
        for name in sorted(data.keys() - {"account", "mentions"})
    ]
    given = data.get("mentions")
    if not isinstance(given, list) or not 0 < len(given) <= AT_ONCE:
        detail = _("A list of 1 to %s mentions.") % AT_ONCE
        errors.append(FieldError("/mentions", "out_of_range", detail))
        given = []
    if errors:
        raise Invalid(errors=errors)
    return given


def _results(parsed: Sequence[items.Parsed], outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return a result for each item, in their order."""
    stored = iter(outcomes)
    results: list[dict[str, Any]] = []
    for index, each in enumerate(parsed):
        if isinstance(each, ParsedMention):
            outcome = next(stored)
            found = (outcome.result, outcome.mention_id, outcome.external_id)
            errors = []
        else:
            found = ("error", None, None)  # type: ignore[assignment]
            below = f"/mentions/{index}"
            told = [parse_errors.of_a_field(error, below=below) for error in each]
            errors = [
                {"pointer": error.pointer, "code": error.code, "detail": error.detail}
                for error in told
            ]
        result, mention, external_id = found
        results.append(
            {
                "index": index,
                "result": result,
                "id": mention,
                "external_id": external_id,
                "errors": errors,
            }
        )
    return results


def _taken(receipt: Receipt, received: Received, failed: int) -> dict[str, Any]:
    return {
        "receipt": receipt.pk,
        "created": received.created,
        "updated": received.updated,
        "unchanged": received.unchanged,
        "failed": failed,
        "incidents": [
            {
                "id": part.incident_id,
                "reference": part.reference,
                "opened": part.opened,
                "joined": part.joined,
            }
            for part in received.incidents
        ],
    }


def _file_of(request: Request) -> tuple[bytes, str, str | None]:
    """Return the file's bytes, its content type, and how its account is called."""
    form: Any = request.data
    named = request.query_params.get("account")
    raw = getattr(request, bodies.RAW, None)
    if raw is not None:
        return raw, str(request.content_type).partition(";")[0], named
    files = request.FILES
    unknown = [
        FieldError(f"/{name}", "unknown_field", parse_errors.sentence("unknown_field", {}))
        for name in sorted({*form, *files} - {"file", "account"})
    ]
    file = files.get("file")
    if file is None:
        detail = _("Send the file as `file`.")
        unknown.append(FieldError("/file", "required", detail))
    if unknown or file is None:
        raise Invalid(errors=unknown)
    if (file.size or 0) > MAX_BYTES:
        raise TooLarge(f"At most {MAX_BYTES} bytes.", max_bytes=MAX_BYTES)
    return file.read(), str(file.content_type or ""), form.get("account") or named


def _unreadable(kept: Receipt | None, errors: Sequence[dict[str, Any]]) -> Refused:
    """Return the refusal of a file without a readable line, with the receipt that is kept."""
    told = []
    for error in errors[:50]:
        where = f"/lines/{error['line']}" if error["line"] else ""
        told.append(FieldError(where + error["pointer"], error["code"], error["detail"]))
    extra: dict[str, Any] = {"receipt": str(kept.pk)} if kept else {}
    detail = _("Nothing in this file could be read.")
    return Refused(detail, code="nothing_readable", errors=told, **extra)
