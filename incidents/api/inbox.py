"""What moderators do with mentions: the queue, leases, outcomes, and many at once."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.lib import clock
from crisis_api.lib.drf import pages
from crisis_api.lib.errors import FieldError, Forbidden, Invalid, NotFound, Problem, Refused
from incidents import mention_reads
from incidents.api import named
from incidents.api.inbox_shapes import (
    AttachBatchInput,
    BatchDone,
    HandleBatchInput,
    HandledCounts,
    HandledFilter,
    HandleInput,
    HandOffInput,
    SeveralInput,
    UnmaskedRead,
    UnmaskInput,
)
from incidents.api.mention_shapes import InboxFilter
from incidents.api.serializers import NothingInput
from incidents.models import Incident, Mention
from incidents.services import hand_offs, handling, inbox, leases, mention_batches, unmasking
from incidents.services.handling import Done

if TYPE_CHECKING:
    from crisis_api.lib.drf.views import ResourceViewSet as _Base
else:
    _Base = object

QUEUE = pages.Ordering.by("-priority", "id")
LEFT_OUT = {"type": "array", "items": {"type": "string", "enum": ["toxic"]}}
LONGEST_PERIOD = timedelta(days=93)


class Inbox(_Base):
    """The moderators' part of `/mentions/`."""

    inputs: ClassVar[dict[str, Any]] = {
        "lease": NothingInput,
        "release": NothingInput,
        "handle": HandleInput,
        "unmask": UnmaskInput,
        "hand_off": HandOffInput,
        "reopen": NothingInput,
        "handle_batch": HandleBatchInput,
        "attach_batch": AttachBatchInput,
        "detach_batch": SeveralInput,
    }
    shows: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("handle_batch", "attach_batch", "detach_batch"), BatchDone),
        "handled_counts": HandledCounts,
        "unmask": UnmaskedRead,
    }
    permissions: ClassVar[dict[str, str]] = {
        "inbox": "mentions.view",
        **dict.fromkeys(("lease", "release", "handle", "reopen"), "mentions.handle"),
        "unmask": "mentions.unmask",
        "hand_off": "mentions.hand_off",
        "handle_batch": "mentions.handle",
        "attach_batch": "mentions.attach",
        "detach_batch": "mentions.attach",
        "handled_counts": "mentions.view",
    }
    action_filters: ClassVar[dict[str, Any]] = {
        "inbox": InboxFilter,
        "handled_counts": HandledFilter,
    }
    query_params: ClassVar[dict[str, frozenset[str]]] = {
        "handled_counts": frozenset(HandledFilter.base_filters)
    }

    @action(detail=False)
    def inbox(self, request: Request, **kwargs: Any) -> Response:
        """What waits for somebody, the most pressing first.

        `left_out` says what is kept from the caller for now: `toxic` where a person has dealt with
        as many insults and threats within the hour as the team gives one.
        """
        caller, now = self.caller, clock.now()
        rows, spared = inbox.spare(
            self.scoped().filter(priority__gt=0), caller.owner, caller.team_ids(), now=now
        )
        mine = Q(leased_by=caller.owner, leased_until__gt=now) if caller.owner else Q(pk__in=[])
        is_mine = Case(When(mine, then=Value(True)), default=Value(False))
        response = self.page(rows.annotate(mine=is_mine), QUEUE)
        response.data["left_out"] = ["toxic"] if spared else []
        return response

    @action(detail=True, methods=["post"])
    def lease(self, request: Request, **kwargs: Any) -> Response:
        """Take a mention, so that nobody else answers it; again to keep it for longer.

        409 with who holds it where another person has taken it. It is free again by itself.
        """
        mention = self.get_object()
        self.validated()
        version = version_read(self, mention)
        return self.show(leases.take(mention, owner=self.caller.owner, version=version))

    @action(detail=True, methods=["post"])
    def release(self, request: Request, **kwargs: Any) -> Response:
        """Let others take a mention; managers also what another person has taken."""
        mention = self.get_object()
        self.validated()
        released = leases.release(
            mention,
            owner=self.caller.owner,
            anybodys=self.caller.may("inbox.manage", mention.team_id),
            version=version_read(self, mention),
        )
        return self.show(released)

    @action(detail=True, methods=["post"])
    def handle(self, request: Request, **kwargs: Any) -> Response:
        """Say what was done with a mention; it leaves the queue."""
        mention = self.get_object()
        handled = handling.handle(
            mention,
            outcome=self.validated()["outcome"],
            owner=self.caller.owner,
            by=self.caller.actor,
            version=version_read(self, mention),
        )
        return self.show(handled)

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **kwargs: Any) -> Response:
        """Put a mention back into the queue, as if nobody had dealt with it."""
        mention = self.get_object()
        self.validated()
        version = version_read(self, mention)
        return self.show(handling.reopen(mention, by=self.caller.actor, version=version))

    @action(detail=True, methods=["post"])
    def unmask(self, request: Request, **kwargs: Any) -> Response:
        """Show a mention's personal data to a person who says why.

        It is written down who looked.
        """
        mention = self.get_object()
        unmasking.unmask(
            mention,
            reason=self.validated()["reason"],
            owner=self.caller.owner,
            by=self.caller.actor,
        )
        return self.show(mention, headers={"Cache-Control": "no-store"})

    @action(detail=True, methods=["post"])
    def hand_off(self, request: Request, **kwargs: Any) -> Response:
        """Give a mention to a person of the team, or to a desk such as customer care.

        They are reminded until the hand-off is closed.
        """
        mention, values = self.get_object(), self.validated()
        hand_offs.hand_off(
            mention,
            reason=values["reason"],
            to=values.get("owner"),
            desk=values.get("desk", ""),
            owner=self.caller.owner,
            by=self.caller.actor,
            version=version_read(self, mention),
        )
        return self.show(mention)

    @action(detail=False, methods=["post"], url_path="handle/batch")
    def handle_batch(self, request: Request, **kwargs: Any) -> Response:
        """Say what was done with up to 500 mentions, with a result for each; no injuries."""
        values = self.validated()
        return self._each(
            values["mentions"],
            lambda rows: handling.handle_all(
                rows,
                outcome=values["outcome"],
                owner=self.caller.owner,
                by=self.caller.actor,
            ),
        )

    @action(detail=False, methods=["post"], url_path="attach/batch")
    def attach_batch(self, request: Request, **kwargs: Any) -> Response:
        """Put up to 500 mentions into an incident, with a result for each."""
        values = self.validated()
        visible = Incident.objects.visible_to(self.caller)
        incident = named.incident("incident", values["incident"], visible)
        self.caller.require("mentions.attach", incident.team_id)
        return self._each(
            values["mentions"],
            lambda rows: mention_batches.attach_all(rows, incident=incident, by=self.caller.actor),
        )

    @action(detail=False, methods=["post"], url_path="detach/batch")
    def detach_batch(self, request: Request, **kwargs: Any) -> Response:
        """Take up to 500 mentions out of their incidents, with a result for each."""
        values = self.validated()
        return self._each(
            values["mentions"],
            lambda rows: mention_batches.detach_all(rows, by=self.caller.actor),
        )

    def _each(self, ids: Sequence[UUID], do: Callable[[list[Mention]], list[Done]]) -> Response:
        """Do something with the mentions that exist for the caller; say what became of each."""
        found = self.queryset_for(self.caller).in_bulk(set(ids))
        allowed = set(self.caller.teams_for(self.permission))
        good = [row for row in found.values() if row.team_id in allowed]
        if not found:
            raise Refused(_("There is no such mention."), code="unknown_mentions")
        if not good:
            raise Forbidden(permission=self.permission)
        results = {done.mention_id: done for done in do(good)}
        for pk in set(ids) - set(results):
            refusal = Forbidden() if pk in found else NotFound()
            results[pk] = Done(pk, "error", refusal)
        told = [_told(index, results[pk]) for index, pk in enumerate(ids)]
        number = {word: sum(each["result"] == word for each in told) for word in _RESULTS}
        return Response(
            {
                "done": number["done"],
                "unchanged": number["unchanged"],
                "failed": number["error"],
                "results": told,
            }
        )

    @action(detail=False)
    def handled_counts(self, request: Request, **kwargs: Any) -> Response:
        """Count what each person dealt with in a period, and how long it had waited.

        Everybody sees their own figures, managers those of the team. `handled_at__gte` is needed.
        """
        chosen = HandledFilter(request.query_params, self.scoped())
        since = chosen.form.cleaned_data.get("handled_at__gte")
        until = chosen.form.cleaned_data.get("handled_at__lt") or clock.now()
        if since is None or until - since > LONGEST_PERIOD:
            detail = _("Say from when on, at most %s days.") % LONGEST_PERIOD.days
            raise Invalid(errors=[FieldError("/query/handled_at__gte", "out_of_range", detail)])
        all_of = Q(team_id__in=self.caller.teams_for("inbox.manage"))
        own = Q(handled_by=self.caller.owner) if self.caller.owner else Q(pk__in=[])
        return Response({"people": mention_reads.handled(chosen.qs.filter(all_of | own))})


_RESULTS = ("done", "unchanged", "error")


def _told(index: int, done: Done) -> dict[str, Any]:
    problem: Problem | None = done.problem
    errors = []
    if problem is not None:
        pointer = f"/mentions/{index}"
        errors = [{"pointer": pointer, "code": problem.code, "detail": str(problem.detail)}]
    return {"index": index, "id": done.mention_id, "result": done.result, "errors": errors}
