"""What goes into and comes out of `/incidents/`."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from rest_framework import serializers

from crisis_api.access import refs
from crisis_api.lib import clock
from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    SecondsField,
    StrictSerializer,
    TitleField,
    WordField,
)
from incidents.models import Category, Claim, Incident, IncidentStatus, Mode
from incidents.reads import (
    SEVERITIES,
    ClaimBrief,
    IncidentBrief,
    LatestEscalation,
    Milestones,
    RelatedIncidents,
)
from incidents.services.merging import MOST_MENTIONS

A_YEAR = 365 * 24 * 3600
LONGEST_TEXT = 20_000


class LinkRead(ReadSerializer):
    """A link that belongs to an incident."""

    url = serializers.CharField()
    title = serializers.CharField()


class IncidentRead(ReadSerializer):
    """An incident, as in the list."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    team = serializers.UUIDField(source="team_id")
    title = serializers.CharField()
    summary = serializers.CharField()
    category = serializers.ChoiceField(choices=Category.values)
    severity = WordField(words=SEVERITIES)
    mode = serializers.ChoiceField(choices=Mode.values)
    status = serializers.ChoiceField(choices=IncidentStatus.values)
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    policy = serializers.UUIDField(source="policy_id", allow_null=True)
    account = serializers.UUIDField(source="account_id", allow_null=True)
    links = serializers.ListField(child=LinkRead())
    dedup_key = serializers.CharField(allow_null=True)
    signal_count = serializers.IntegerField()
    mention_count = serializers.IntegerField()
    negative_count = serializers.IntegerField()
    acknowledged_by = serializers.UUIDField(source="acknowledged_by_id", allow_null=True)
    acknowledged_at = InstantField(allow_null=True)
    acknowledged_until = InstantField(allow_null=True)
    snoozed_until = InstantField(allow_null=True)
    resolution_note = serializers.CharField()
    merged_into = serializers.UUIDField(source="merged_into_id", allow_null=True)
    detected_at = InstantField()
    opened_at = InstantField()
    first_public_response_at = InstantField(allow_null=True)
    contained_at = InstantField(allow_null=True)
    resolved_at = InstantField(allow_null=True)
    closed_at = InstantField(allow_null=True)
    external_refs = refs.Refs("incident")
    html_url = HtmlUrlField("/admin/incidents/incident/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class IncidentDetail(IncidentRead):
    """An incident with all that belongs to it."""

    milestones = Milestones()
    escalation = LatestEscalation()
    related_incidents = RelatedIncidents()
    merged_incidents = Related(
        IncidentBrief, queryset=Incident.objects.all, fk="merged_into_id", order=["id"]
    )
    claims = Related(
        ClaimBrief,
        queryset=Claim.objects.standing,
        fk="incident_id",
        order=["-mention_count", "id"],
    )


class LinkInput(StrictSerializer):
    """A link that belongs to an incident."""

    url = refs.WebField(max_length=1000)
    title = TitleField(max_length=200, allow_blank=True, default="")


class IncidentFields(StrictSerializer):
    """What can be changed of an incident. `status` is moved by verbs alone."""

    title = TitleField(max_length=200)
    summary = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    category = serializers.ChoiceField(choices=Category.values)
    severity = WordField(words=SEVERITIES)
    policy = serializers.UUIDField(required=False)
    account = serializers.UUIDField(required=False, allow_null=True)
    links = serializers.ListField(child=LinkInput(), max_length=50, required=False)
    external_refs = refs.RefsInput(required=False)


class IncidentInput(IncidentFields):
    """A new incident, or a signal for the one that has the `dedup_key` and is unresolved."""

    team = serializers.UUIDField(
        required=False, help_text="Needed by callers who belong to several teams."
    )
    mode = serializers.ChoiceField(choices=Mode.values, required=False)
    owner = serializers.UUIDField(
        required=False, allow_null=True, help_text="Left out: whom the assignment rules name."
    )
    dedup_key = TitleField(max_length=200, required=False)
    detected_at = InstantField(required=False)

    def validate_detected_at(self, at: datetime) -> datetime:
        """Refuse what is yet to come, with some patience for clocks."""
        if at > clock.now() + timedelta(minutes=5):
            raise serializers.ValidationError(_("This is in the future."), code="in_the_future")
        return at


class NothingInput(StrictSerializer):
    """No fields."""


class AcknowledgeInput(StrictSerializer):
    """Who acknowledges, and for how long it holds."""

    owner = serializers.UUIDField(
        required=False, help_text="Needed by a team's key: the person who acknowledges."
    )
    expires_in_seconds = SecondsField(min_value=60, max_value=A_YEAR, required=False)


class AssignInput(StrictSerializer):
    """Who is responsible from now on."""

    owner = serializers.UUIDField()


class SnoozeInput(StrictSerializer):
    """Until when everybody is left in peace: in the future and within a year."""

    snoozed_until = InstantField()

    def validate_snoozed_until(self, at: datetime) -> datetime:
        """Refuse the past, and what is more than a year away."""
        now = clock.now()
        if not now < at <= now + timedelta(seconds=A_YEAR):
            message = _("In the future, and within a year.")
            raise serializers.ValidationError(message, code="out_of_range")
        return at


class ResolveInput(StrictSerializer):
    """What came of it."""

    resolution_note = serializers.CharField(max_length=LONGEST_TEXT)


class ReopenInput(StrictSerializer):
    """Why it is not over; kept as a note."""

    reason = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, default="")


class MergeInput(StrictSerializer):
    """Which incident it goes into."""

    into = serializers.UUIDField()


class SplitInput(StrictSerializer):
    """Which of its mentions make a second incident, and what that one is about."""

    mention_ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_MENTIONS
    )
    title = TitleField(max_length=200)
    category = serializers.ChoiceField(choices=Category.values)
    severity = WordField(words=SEVERITIES)


class RelateInput(StrictSerializer):
    """Which incident it has to do with."""

    other = serializers.UUIDField()


class UnresolvedCounts(ReadSerializer):
    """What somebody still has to end."""

    total = serializers.IntegerField()
    without_owner = serializers.IntegerField()
    by_severity = serializers.DictField(child=serializers.IntegerField())


class IncidentCounts(ReadSerializer):
    """How many incidents there are."""

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    by_severity = serializers.DictField(child=serializers.IntegerField())
    unresolved = UnresolvedCounts()
