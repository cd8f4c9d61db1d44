"""`/support_tickets/`: drafts for the platform's support, and what became of them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
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
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.models import Category, Incident, Mode
from responses.api.named import row_of
from responses.models import SupportTicket
from responses.services import ticket_gaps, tickets

LANGUAGES = ("en", "ru")


class SettledRead(serializers.Serializer[Any]):
    """Something that was missing and has been seen to: who said so, and when."""

    code = serializers.CharField()
    actor_type = serializers.CharField()
    actor_id = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()


class SupportTicketRead(ReadSerializer):
    """A ticket; `sections` is its text, `missing` what still has to be added, as codes."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    incident = serializers.UUIDField(source="incident_id")
    incident_reference = serializers.CharField(source="incident__reference")
    mode = serializers.ChoiceField(choices=Mode.values, source="incident__mode")
    status = serializers.ChoiceField(choices=SupportTicket.Status.values)
    platform = serializers.CharField()
    category = serializers.ChoiceField(choices=Category.values)
    language = serializers.ChoiceField(choices=LANGUAGES)
    sections = serializers.DictField(child=serializers.CharField())
    edited_sections = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    settled = SettledRead(many=True, allow_null=True)
    drafted_at = InstantField(allow_null=True)
    last_error = serializers.CharField()
    submitted_at = InstantField(allow_null=True)
    platform_ref = serializers.CharField()
    answered_at = InstantField(allow_null=True)
    answer = serializers.CharField()
    closed_at = InstantField(allow_null=True)
    external_refs = refs.Refs("support_ticket")
    html_url = HtmlUrlField("/admin/responses/supportticket/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class SupportTicketInput(StrictSerializer):
    """For which incident; the category is the incident's unless another is named."""

    incident = serializers.UUIDField()
    category = serializers.ChoiceField(choices=Category.values, required=False)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    external_refs = refs.RefsInput(required=False)


class SupportTicketFields(StrictSerializer):
    """Sections to write; those not named stay. Drafting again keeps what was written.

    `settled` are codes of what was missing and has been seen to; the list replaces the one before.
    """

    sections = serializers.DictField(
        child=serializers.CharField(max_length=tickets.LONGEST_SECTION, allow_blank=True),
        required=False,
    )
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    settled = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, required=False
    )
    external_refs = refs.RefsInput(required=False)


class MarkReadyInput(StrictSerializer):
    """`accept_missing` where what is missing cannot be had."""

    accept_missing = serializers.BooleanField(required=False)


class MarkSubmittedInput(StrictSerializer):
    """Under which number the platform has it, where it gave one."""

    platform_ref = TitleField(max_length=100, allow_blank=True, required=False)


class RecordAnswerInput(StrictSerializer):
    """What the platform answered."""

    answer = serializers.CharField(max_length=20_000)


class AppealInput(StrictSerializer):
    """What was said against the answer."""

    reason = serializers.CharField(max_length=20_000)


class SupportTicketFilter(ResourceFilter):
    """What a list of tickets can be asked for."""

    team = IdFilter(field_name="team_id")
    incident = IdFilter(field_name="incident_id")
    status = WordsFilter(words=SupportTicket.Status.values)
    category = WordsFilter(words=Category.values)
    mode = WordsFilter(words=Mode.values, field_name="incident__mode")
    platform = TextFilter(max_length=20)
    platform_ref = TextFilter(max_length=100)
    drafted = FlagFilter(field_name="drafted_at", lookup_expr="isnull", exclude=True)
    created_at = InstantRange()
    updated_at = InstantRange()
    submitted_at = InstantRange()
    external_refs = refs.RefsFilter("support_ticket")
    ordering = OrderingFilter(
        {"created_at": "created_at", "updated_at": "updated_at", "submitted_at": "submitted_at"},
        default="-created_at",
    )


class SupportTicketViewSet(ResourceViewSet):
    """Tickets to the platform's support."""

    read_serializer = SupportTicketRead
    filters = SupportTicketFilter
    permissions: ClassVar[dict[str, str]] = {
        "list": "support_tickets.view",
        "retrieve": "support_tickets.view",
        "create": "support_tickets.write",
        "partial_update": "support_tickets.write",
        "redraft": "support_tickets.write",
        "mark_ready": "support_tickets.write",
        "mark_submitted": "support_tickets.write",
        "record_answer": "support_tickets.write",
        "appeal": "support_tickets.write",
        "close": "support_tickets.write",
    }
    inputs: ClassVar[dict[str, type[StrictSerializer]]] = {
        "create": SupportTicketInput,
        "partial_update": SupportTicketFields,
        "mark_ready": MarkReadyInput,
        "mark_submitted": MarkSubmittedInput,
        "record_answer": RecordAnswerInput,
        "appeal": AppealInput,
    }
    # Texts of many mentions, which people may have rewritten.
    max_body_bytes = 1024 * 1024

    def queryset_for(self, caller: Caller) -> QuerySet[SupportTicket]:
        """Return those of the caller's teams."""
        return SupportTicket.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Have a ticket drafted for an incident; it is `drafting` for a moment."""
        data = self.validated()
        data["incident"] = row_of(Incident, data["incident"], self.caller)
        self.require_in(data["incident"].team_id)
        return self.show(tickets.create(**data, by=self.caller.actor), status=201)

    def as_good_since(self, instance: SupportTicket) -> int | None:
        """Let a person's first words stand however often the machine has drafted meanwhile."""
        writes = self.action == "partial_update"
        return 1 if writes and ticket_gaps.is_the_machines(instance) else None

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Write sections; one that was ready becomes a draft again."""
        return self._do(tickets.edit, partial=True)

    @action(detail=True, methods=["post"])
    def redraft(self, request: Request, **kwargs: Any) -> Response:
        """Draft it again from what is known now; what people wrote stays."""
        return self._do(tickets.redraft)

    @action(detail=True, methods=["post"])
    def mark_ready(self, request: Request, **kwargs: Any) -> Response:
        """Say that it can be submitted."""
        return self._do(tickets.mark_ready)

    @action(detail=True, methods=["post"])
    def mark_submitted(self, request: Request, **kwargs: Any) -> Response:
        """Say that somebody has submitted it."""
        return self._do(tickets.mark_submitted)

    @action(detail=True, methods=["post"])
    def record_answer(self, request: Request, **kwargs: Any) -> Response:
        """Write down what the platform answered."""
        return self._do(tickets.record_answer)

    @action(detail=True, methods=["post"])
    def appeal(self, request: Request, **kwargs: Any) -> Response:
        """Say that the answer was appealed against."""
        return self._do(tickets.appeal)

    @action(detail=True, methods=["post"])
    def close(self, request: Request, **kwargs: Any) -> Response:
        """Say that nothing more comes of it."""
        return self._do(tickets.close)

    def _do(self, verb: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        data = self.validated(**kwargs) if self.action in self.inputs else {}
        version = version_read(self, row)
        return self.show(verb(row, **data, by=self.caller.actor, version=version))
