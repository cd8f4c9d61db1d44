"""`/statements/`: what the brand says in public, from the draft to the withdrawal."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner
from crisis_api.lib.drf import pages
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import Forbidden, NotFound, Refused
from incidents.models import Incident
from responses.api.named import row_of
from responses.api.statement_serializers import (
    CorrectInput,
    FullRevisionRead,
    NoInput,
    PublishInput,
    RemarkInput,
    RetractInput,
    StatementChanges,
    StatementFilter,
    StatementInput,
    StatementRead,
)
from responses.models import Revision, Statement
from responses.services import publications, reviews, statements


class StatementViewSet(ResourceViewSet):
    """Statements. The tone and the wording are people's; publishing needs a second person."""

    read_serializer = StatementRead
    filters = StatementFilter
    permissions: ClassVar[dict[str, str]] = {
        "list": "statements.view",
        "retrieve": "statements.view",
        "create": "statements.write",
        "partial_update": "statements.write",
        "submit": "statements.submit",
        "approve": "statements.approve",
        "request_changes": "statements.request_changes",
        "publish": "statements.publish",
        "retract": "statements.retract",
        "correct": "statements.write",
    }
    inputs: ClassVar[dict[str, Any]] = {
        "create": StatementInput,
        "partial_update": StatementChanges,
        "submit": NoInput,
        "approve": NoInput,
        "request_changes": RemarkInput,
        "publish": PublishInput,
        "retract": RetractInput,
        "correct": CorrectInput,
    }
    dry_runs = frozenset({"publish"})
    match_required = frozenset({"partial_update", "approve", "publish"})

    def queryset_for(self, caller: Caller) -> QuerySet[Statement]:
        """Return those of the caller's teams."""
        return Statement.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Write the first wording of a statement about an incident."""
        data = self.validated()
        incident = row_of(Incident, data.pop("incident"), self.caller)
        if "corrects" in data:
            data["corrects"] = row_of(Statement, data["corrects"], self.caller)
        if data.pop("team", incident.team_id) != incident.team_id:
            raise Refused(_("The incident is another team's."), code="of_another_team")
        self.require_in(incident.team_id)
        row = statements.draft(incident, **data, by=self.caller.actor, author=self._author())
        return self._made(row)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Rewrite it before publication; in review or approved already, it is a draft again."""
        row, data = self._row(), self.validated(partial=True)
        return self.show(statements.revise(**row, **data, author=self._author()))

    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **kwargs: Any) -> Response:
        """Ask the approvers for their word."""
        row, _data = self._row(), self.validated()
        return self.show(reviews.submit(**row, author=self._author()))

    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **kwargs: Any) -> Response:
        """Approve the wording, as a person who wrote none of it."""
        row, _data = self._row(), self.validated()
        if self.caller.owner is None:
            raise Forbidden(_("Only a person may approve."), code="four_eyes")
        return self.show(reviews.approve(**row, approver=self.caller.owner))

    @action(detail=True, methods=["post"])
    def request_changes(self, request: Request, **kwargs: Any) -> Response:
        """Send it back to its authors, with what should change."""
        row, data = self._row(), self.validated()
        return self.show(reviews.request_changes(**row, **data))

    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **kwargs: Any) -> Response:
        """Show the approved wording at the named targets."""
        row, data = self._row(), self.validated()
        return self.show(publications.publish(**row, **data))

    @action(detail=True, methods=["post"])
    def retract(self, request: Request, **kwargs: Any) -> Response:
        """Withdraw it: it stays readable, marked as withdrawn."""
        row, data = self._row(), self.validated()
        return self.show(publications.retract(**row, **data))

    @extend_schema(responses={201: StatementRead})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, **kwargs: Any) -> Response:
        """Write a new draft that corrects this one, and return it."""
        row, data = self._row(), self.validated()
        return self._made(statements.correct(**row, **data, author=self._author()))

    def _row(self) -> dict[str, Any]:
        """Return what every verb's service is told: which statement, as of when, and by whom."""
        row = self.get_object()
        version = version_read(self, row)
        return {"statement": row, "version": version, "by": self.caller.actor}

    def _author(self) -> Owner:
        """Return whose words they are; a team's key writes for the person who made it."""
        author: Owner | None = self.caller.author
        if author is None:
            raise Refused(
                _("A text needs an author: no person stands behind this key."),
                code="author_needed",
            )
        return author

    def _made(self, row: Statement) -> Response:
        return self.show(row, status=201)


class RevisionViewSet(ResourceViewSet):
    """Every wording that a statement has had, the newest first. None of them ever changes."""

    read_serializer = FullRevisionRead
    permissions: ClassVar[dict[str, str]] = {"list": "statements.view"}
    ordering = pages.Ordering.by("-number")

    def queryset_for(self, caller: Caller) -> QuerySet[Revision]:
        """Return those of the statement that the path names, which must exist for the caller."""
        pk = canonical_uuid(str(self.kwargs["statement"]))
        mine = Statement.objects.visible_to(caller).filter(pk=pk)
        if pk is None or not mine.exists():
            raise NotFound()
        return Revision.objects.visible_to(caller).filter(statement_id=pk)
