"""What goes into and comes out of the inbox: leases, outcomes, batches, figures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from crisis_api.lib import clock
from crisis_api.lib.drf.filters import FlagFilter, IdFilter, InstantRange, ResourceFilter
from crisis_api.lib.drf.serializers import (
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from incidents.models import Mention
from incidents.services.handling import AT_ONCE, BY_HAND


class LeaseRead(ReadSerializer):
    """Who has taken it, and until when."""

    owner = serializers.UUIDField()
    until = InstantField()


def lease_of(owner: UUID | None, until: datetime | None) -> dict[str, Any] | None:
    """Return who has taken a mention; nobody once the time is over."""
    if until is None or until <= clock.now():
        return None
    return {"owner": owner, "until": until}


class UnansweredFilter(FlagFilter):
    """Whether it waits for somebody."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        """Keep what waits, or what does not."""
        if value is None:
            return qs
        return qs.filter(priority__gt=0) if value else qs.filter(priority__lte=0)


class LeasedFilter(FlagFilter):
    """Whether somebody has taken it at the moment."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        """Keep what is taken, or what is free."""
        if value is None:
            return qs
        taken = {"leased_until__gt": clock.now()}
        return qs.filter(**taken) if value else qs.exclude(**taken)


class HandleInput(StrictSerializer):
    """What was done with it."""

    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in BY_HAND])


class HandOffInput(StrictSerializer):
    """To whom, one of the two, and why."""

    owner = serializers.UUIDField(required=False, allow_null=True)
    desk = TitleField(max_length=200, required=False, allow_blank=True)
    reason = TitleField(max_length=500)


class UnmaskInput(StrictSerializer):
    """Why somebody needs to see the personal data."""

    reason = TitleField(max_length=500)


class UnmaskedRead(ReadSerializer):
    """What was written, whole."""

    id = serializers.UUIDField()
    text = serializers.CharField()
    author_name = serializers.CharField(source="author__name", allow_null=True)


class SeveralInput(StrictSerializer):
    """Up to 500 mentions."""

    mentions = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=AT_ONCE
    )


class HandleBatchInput(SeveralInput, HandleInput):
    """What was done with each of up to 500 mentions."""


class AttachBatchInput(SeveralInput):
    """The incident that up to 500 mentions belong to."""

    incident = serializers.UUIDField()


class DoneError(ReadSerializer):
    """Why nothing was done with one of them."""

    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class DoneRead(ReadSerializer):
    """What became of one of them."""

    index = serializers.IntegerField()
    id = serializers.UUIDField()
    result = serializers.ChoiceField(choices=["done", "unchanged", "error"])
    errors = serializers.ListField(child=DoneError())  # type: ignore[assignment]


class BatchDone(ReadSerializer):
    """What became of several mentions, in the order in which they were named."""

    done = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = serializers.ListField(child=DoneRead())


class HandledFilter(ResourceFilter):
    """Of whom, and of which period, the figures are."""

    team = IdFilter(field_name="team_id")
    owner = IdFilter(field_name="handled_by_id")
    account = IdFilter(field_name="account_id")
    handled_at = InstantRange()


class HandledBy(ReadSerializer):
    """What one person dealt with; `median_seconds` from writing to dealing with it."""

    team = serializers.UUIDField()
    owner = serializers.UUIDField()
    handled = serializers.IntegerField()
    toxic = serializers.IntegerField()
    by_outcome = serializers.DictField(child=serializers.IntegerField())
    median_seconds = serializers.IntegerField()


class HandledCounts(ReadSerializer):
    """What each person dealt with, whoever did most first."""

    people = serializers.ListField(child=HandledBy())


OUTCOMES = tuple(Mention.Outcome.values)
