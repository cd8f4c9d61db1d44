"""`/receipts/`: what arrived, as it arrived, and what could not be read of it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.masking import masked
from incidents.models import Receipt


class ReceiptRead(ReadSerializer):
    """What arrived, as in the list. `errors` name lines by number, with a code and parameters."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    account = serializers.UUIDField(source="account_id")
    source = serializers.CharField()  # type: ignore[assignment]
    content_type = serializers.CharField()
    body_sha256 = serializers.CharField()
    status = serializers.ChoiceField(choices=Receipt.Status.values)
    attempts = serializers.IntegerField()
    mention_count = serializers.IntegerField()
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]
    received_at = InstantField()
    html_url = HtmlUrlField("/admin/incidents/receipt/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


def _as_text(body: Any) -> str:
    return masked(bytes(body).decode("utf-8", "replace"))


class ReceiptDetail(ReceiptRead):
    """What arrived, with its body, in which personal data is masked.

    Bytes that are no UTF-8 are shown as a replacement sign.
    """

    body = Computed(columns=["body"], make=_as_text, child=serializers.CharField())


class ReceiptFilter(ResourceFilter):
    """What a list of receipts can be asked for."""

    team = IdFilter(field_name="team_id")
    account = IdFilter(field_name="account_id")
    source = TextFilter(max_length=20)
    status = WordsFilter(words=Receipt.Status.values)
    body_sha256 = TextFilter(max_length=64)
    received_at = InstantRange()
    ordering = OrderingFilter({"created_at": "id"}, default="-created_at")


class ReceiptViewSet(ResourceViewSet):
    """Receipts, to look at. They hold what was written as it came, so moderators see none."""

    read_serializer = ReceiptDetail
    shows = {"list": ReceiptRead}
    filters = ReceiptFilter
    permissions = {"list": "receipts.view", "retrieve": "receipts.view"}

    def queryset_for(self, caller: Caller) -> QuerySet[Receipt]:
        """Return the receipts of the caller's teams."""
        return Receipt.objects.visible_to(caller)
