"""What goes into and comes out of `/claims/`."""

from rest_framework import serializers

from crisis_api.access import refs
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    NumberRange,
    OrderingFilter,
    ResourceFilter,
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
from incidents.intake.claim_verbs import MOST_MENTIONS
from incidents.models import Claim


class RaidReasonRead(ReadSerializer):
    """One reason to take it for a raid: the share that was seen, and the points it gave."""

    code = serializers.CharField()
    share = serializers.FloatField()
    points = serializers.IntegerField()


class ClaimRead(ReadSerializer):
    """What many mentions say. Its figures follow within seconds.

    `title` is empty until a person names it: `signs` says, of the latest 2000 mentions, how many
    carry which. `raid_score` 60 and more looks like a copy-paste raid; a raid may be right.
    """

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    title = serializers.CharField()
    truth = serializers.ChoiceField(choices=Claim.Truth.values)
    evidence_note = serializers.CharField()
    evidence_links = serializers.ListField(child=serializers.CharField())
    truth_set_at = InstantField(allow_null=True)
    truth_set_by = ActorField(prefix="truth_set_by", allow_null=True)
    incident = serializers.UUIDField(source="incident_id", allow_null=True)
    merged_into = serializers.UUIDField(source="merged_into_id", allow_null=True)
    first_seen_at = InstantField()
    last_seen_at = InstantField()
    mention_count = serializers.IntegerField()
    negative_count = serializers.IntegerField()
    author_count = serializers.IntegerField()
    signs = serializers.DictField(child=serializers.IntegerField())
    raid_score = serializers.IntegerField()
    raid_reasons = serializers.ListField(child=RaidReasonRead())
    external_refs = refs.Refs("claim")
    html_url = HtmlUrlField("/admin/incidents/claim/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class HourRead(ReadSerializer):
    """One hour in which it was said."""

    hour = InstantField()
    mentions = serializers.IntegerField()
    negative = serializers.IntegerField()
    authors = serializers.IntegerField()


class ClaimVolume(ReadSerializer):
    """How often it was said, hour by hour."""

    hours = serializers.ListField(child=HourRead())


class ClaimFilter(ResourceFilter):
    """What a list of claims can be asked for."""

    team = IdFilter(field_name="team_id")
    truth = WordsFilter(words=Claim.Truth.values)
    incident = IdFilter(field_name="incident_id", allow_none=True)
    merged_into = IdFilter(field_name="merged_into_id", allow_none=True)
    external_refs = refs.RefsFilter("claim")
    mention_count = NumberRange()
    negative_count = NumberRange()
    raid_score = NumberRange()
    first_seen_at = InstantRange()
    last_seen_at = InstantRange()
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {
            "last_seen_at": "last_seen_at",
            "first_seen_at": "first_seen_at",
            "mention_count": "mention_count",
            "negative_count": "negative_count",
            "raid_score": "raid_score",
            "updated_at": "updated_at",
        },
        default="-last_seen_at",
    )


class VolumeFilter(ResourceFilter):
    """Of which time the hours are counted."""

    written_at = InstantRange()


class ClaimFields(StrictSerializer):
    """What may be changed of a claim."""

    title = TitleField(max_length=200, allow_blank=True)
    incident = serializers.UUIDField(required=False, allow_null=True)
    external_refs = refs.RefsInput()


class TruthInput(StrictSerializer):
    """Whether it is true, and what shows it: a note or a link is needed, but for `unverified`."""

    truth = serializers.ChoiceField(choices=Claim.Truth.values)
    evidence_note = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    evidence_links = serializers.ListField(
        child=refs.WebField(max_length=1000), max_length=50, default=list
    )


class MergeClaimInput(StrictSerializer):
    """Which claim it goes into."""

    into = serializers.UUIDField()


class SplitClaimInput(StrictSerializer):
    """Which of its mentions make a second claim, and what that one is called."""

    mention_ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_MENTIONS
    )
    title = TitleField(max_length=200, allow_blank=True, default="")
