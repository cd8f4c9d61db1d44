"""What goes into and comes out of `/mentions/`."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from crisis_api.access import refs
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    NumberRange,
    OrderingFilter,
    ResourceFilter,
    SearchFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from incidents import masking
from incidents.api.inbox_shapes import OUTCOMES, LeasedFilter, LeaseRead, UnansweredFilter, lease_of
from incidents.channels.manual.records import MAX_SHORT, MAX_TEXT, MAX_URL
from incidents.intake.receive import AT_ONCE
from incidents.models import Author, Mention


class MentionAuthor(ReadSerializer):
    """Who wrote it."""

    id = serializers.UUIDField()
    external_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Author.Kind.values)
    followers = serializers.IntegerField(allow_null=True)


class ReasonRead(ReadSerializer):
    """One sign found in the text: what it is, where it stands (characters), its weight to 100."""

    code = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    weight = serializers.IntegerField()


class MentionRead(ReadSerializer):
    """What somebody wrote. `negativity` 50 is neutral; `risk` says what it could cost."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    account = serializers.UUIDField(source="account_id")
    incident = serializers.UUIDField(source="incident_id", allow_null=True)
    claim = serializers.UUIDField(source="claim_id", allow_null=True)
    post = serializers.UUIDField(source="post_id", allow_null=True)
    author = MentionAuthor(allow_null=True)
    receipt = serializers.UUIDField(source="receipt_id", allow_null=True)
    external_id = serializers.CharField()
    parent_external_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=Mention.Kind.values)
    text = serializers.CharField()
    url = serializers.CharField()
    language = serializers.CharField()
    negativity = serializers.IntegerField()
    risk = serializers.IntegerField()
    is_negative = serializers.BooleanField()
    reasons = serializers.ListField(child=ReasonRead())
    written_at = InstantField()
    received_at = InstantField()
    scored_at = InstantField(allow_null=True)
    deleted_at = InstantField(allow_null=True)
    hidden_at = InstantField(allow_null=True)
    answer_by = InstantField(allow_null=True)
    priority = serializers.IntegerField(help_text="The place in the inbox; 0 for none.")
    is_toxic = serializers.BooleanField()
    outcome = serializers.ChoiceField(choices=["", *OUTCOMES])
    handled_at = InstantField(allow_null=True)
    handled_by = serializers.UUIDField(source="handled_by_id", allow_null=True)
    lease = Computed(
        columns=["leased_by_id", "leased_until"], make=lease_of, child=LeaseRead(allow_null=True)
    )
    external_refs = refs.Refs("mention")
    html_url = HtmlUrlField("/admin/incidents/mention/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()

    @classmethod
    def fetch(cls, queryset: QuerySet[Any], *extra: str) -> list[tuple[Any, tuple[Any, ...]]]:
        """Return the rows without personal data, whoever asks."""
        found = super().fetch(queryset, *extra)
        masking.mask_rows(row for row, _extra in found)
        return found


class CountsFilter(ResourceFilter):
    """What mentions are counted."""

    team = IdFilter(field_name="team_id")
    account = IdFilter(field_name="account_id")
    incident = IdFilter(field_name="incident_id", allow_none=True)
    claim = IdFilter(field_name="claim_id", allow_none=True)
    has_incident = FlagFilter(field_name="incident", lookup_expr="isnull", exclude=True)
    author = IdFilter(field_name="author_id", allow_none=True)
    post = IdFilter(field_name="post_id", allow_none=True)
    kind = WordsFilter(words=Mention.Kind.values)
    language = TextFilter(max_length=5)
    is_negative = FlagFilter()
    deleted = FlagFilter(field_name="deleted_at", lookup_expr="isnull", exclude=True)
    hidden = FlagFilter(field_name="hidden_at", lookup_expr="isnull", exclude=True)
    unanswered = UnansweredFilter(help_text="Whether it waits for somebody.")
    is_toxic = FlagFilter()
    leased = LeasedFilter(help_text="Whether somebody has taken it at the moment.")
    outcome = WordsFilter(words=OUTCOMES)
    handled_by = IdFilter(field_name="handled_by_id", allow_none=True)
    q = SearchFilter("search_text")
    negativity = NumberRange()
    risk = NumberRange()
    written_at = InstantRange()
    received_at = InstantRange()
    answer_by = InstantRange()
    handled_at = InstantRange()


class InboxFilter(CountsFilter):
    """What of the inbox is asked for."""

    mine = FlagFilter(help_text="Whether the caller has taken it.")


class MentionFilter(CountsFilter):
    """What a list of mentions can be asked for."""

    receipt = IdFilter(field_name="receipt_id", allow_none=True)
    external_id = TextFilter(max_length=255)
    parent_external_id = TextFilter(max_length=255)
    external_refs = refs.RefsFilter("mention")
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {
            "written_at": "written_at",
            "received_at": "received_at",
            "updated_at": "updated_at",
            "risk": "risk",
            "negativity": "negativity",
            "priority": "priority",
            "handled_at": "handled_at",
        },
        default="-written_at",
    )


OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True, "allow_blank": True}


class AnyText(serializers.CharField):
    """What people write, whatever it holds."""


class MentionItem(StrictSerializer):
    """One thing that somebody wrote, as it is sent to us; it describes what `items` reads.

    Either `author_id` or `author_name` is needed, and neither `text` nor author of a deletion.
    Without `external_id` one is made of account, author, text and time. Null and empty texts are
    like left out.
    """

    external_id = AnyText(max_length=MAX_SHORT, **OPTIONAL)
    written_at = InstantField(help_text="When it was written, by the network's clock.")
    text = AnyText(max_length=MAX_TEXT, **OPTIONAL)
    kind = serializers.ChoiceField(choices=Mention.Kind.values, **OPTIONAL)
    author_id = AnyText(max_length=MAX_SHORT, **OPTIONAL)
    author_name = AnyText(max_length=MAX_SHORT, **OPTIONAL)
    author_kind = serializers.ChoiceField(choices=Author.Kind.values, **OPTIONAL)
    author_followers = serializers.IntegerField(
        min_value=0, max_value=10**12 - 1, required=False, allow_null=True
    )
    post_id = AnyText(max_length=MAX_SHORT, **OPTIONAL)
    post_url = serializers.URLField(max_length=MAX_URL, **OPTIONAL)
    url = serializers.URLField(max_length=MAX_URL, **OPTIONAL)
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$", **OPTIONAL, help_text="Such as `ru` or `en-GB`."
    )
    parent_id = AnyText(max_length=MAX_SHORT, **OPTIONAL)
    deleted = serializers.BooleanField(required=False, allow_null=True)
    hidden = serializers.BooleanField(required=False, allow_null=True)
    answer_by = InstantField(required=False, allow_null=True)
    account = AnyText(
        max_length=MAX_SHORT,
        **OPTIONAL,
        help_text="Id, handle or network's id of the account; left out where there is only one.",
    )


class BatchInput(StrictSerializer):
    """At most 500 mentions of one account."""

    account = AnyText(
        max_length=MAX_SHORT,
        **OPTIONAL,
        help_text="Id, handle or network's id of the account; left out where there is only one.",
    )
    mentions = serializers.ListField(child=MentionItem(), min_length=1, max_length=AT_ONCE)


class UploadForm(serializers.Serializer[object]):
    """A file as forms send it; the bare body of a request does as well."""

    file = serializers.FileField()
    account = serializers.CharField(required=False)


class MentionFields(StrictSerializer):
    """What people may change of a mention."""

    answer_by = InstantField(allow_null=True)
    external_refs = refs.RefsInput()


class AttachInput(StrictSerializer):
    """The incident it belongs to."""

    incident = serializers.UUIDField()


class GatheredRead(ReadSerializer):
    """An incident that took mentions in."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    opened = serializers.BooleanField(help_text="Whether these mentions opened it.")
    joined = serializers.IntegerField()


class ItemError(ReadSerializer):
    """What is wrong with an item or a line."""

    line = serializers.IntegerField(allow_null=True, required=False)
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ItemResult(ReadSerializer):
    """What became of one item of a batch."""

    index = serializers.IntegerField()
    result = serializers.ChoiceField(choices=["created", "updated", "unchanged", "error"])
    id = serializers.UUIDField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    errors = serializers.ListField(child=ItemError())  # type: ignore[assignment]


class Taken(ReadSerializer):
    """What a batch or a file came to."""

    receipt = serializers.UUIDField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    incidents = serializers.ListField(child=GatheredRead())


class BatchResult(Taken):
    """What a batch came to, item by item."""

    results = serializers.ListField(child=ItemResult())


class UploadResult(Taken):
    """What a file came to; at most 500 errors are told."""

    errors = serializers.ListField(child=ItemError())  # type: ignore[assignment]
    warnings = serializers.ListField(child=ItemError())


class IncidentShare(ReadSerializer):
    """How many of the mentions belong to one incident."""

    incident = serializers.UUIDField()
    total = serializers.IntegerField()
    negative = serializers.IntegerField()


class MentionCounts(ReadSerializer):
    """How many mentions there are; the hundred incidents with the most of them.

    `unanswered` are those that wait for somebody, by risk: `high` from 70 on, `medium` from 40 on.
    """

    total = serializers.IntegerField()
    negative = serializers.IntegerField()
    without_incident = serializers.IntegerField()
    by_kind = serializers.DictField(child=serializers.IntegerField())
    by_language = serializers.DictField(child=serializers.IntegerField())
    by_incident = serializers.ListField(child=IncidentShare())
    unanswered = serializers.IntegerField()
    unanswered_by_risk = serializers.DictField(child=serializers.IntegerField())
    unanswered_injuries = serializers.IntegerField()
    oldest_unanswered_at = InstantField(allow_null=True)
