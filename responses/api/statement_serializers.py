"""What statements look like outside, and what is taken in about them."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crisis_api.access import refs
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    Related,
    StrictSerializer,
    TitleField,
)
from responses.models import Approval, Publication, Remark, RevisionAuthor, Statement
from responses.services import status_pages
from responses.services.publications import LONGEST_REASON, TARGETS
from responses.services.reviews import LONGEST_REMARK
from responses.services.texts import LONGEST


class TextInput(StrictSerializer):
    """A text in one language: plain, with blank lines between paragraphs."""

    title = TitleField(max_length=LONGEST["title"])
    body = serializers.CharField(max_length=LONGEST["body"])


class TextsInput(StrictSerializer):
    """The text in at least one language."""

    en = TextInput(required=False)
    ru = TextInput(required=False)


class TextRead(serializers.Serializer[Any]):
    """A text in one language."""

    title = serializers.CharField()
    body = serializers.CharField()


class RevisionRead(ReadSerializer):
    """One wording, which never changes."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    sha256 = serializers.CharField(help_text=_("Over the canonical JSON of the texts."))
    actor = ActorField()
    created_at = InstantField()


class FullRevisionRead(RevisionRead):
    """One wording with its texts, and who may not approve it."""

    texts = serializers.DictField(child=TextRead())
    authors = Related(
        serializers.UUIDField(),
        queryset=RevisionAuthor.objects.all,
        fk="revision_id",
        flat="owner_id",
    )


class ApprovalRead(ReadSerializer):
    """Who approved which wording."""

    approver = serializers.UUIDField(source="approver_id")
    revision = serializers.IntegerField(source="revision.number")
    sha256 = serializers.CharField()
    review_round = serializers.IntegerField()
    created_at = InstantField()


class PublicationRead(ReadSerializer):
    """Where which wording was published."""

    target = serializers.ChoiceField(choices=TARGETS)
    status = serializers.ChoiceField(choices=Publication.Status.values)
    revision = serializers.IntegerField(source="revision.number")
    sha256 = serializers.CharField()
    published_at = InstantField(allow_null=True)
    retracted_at = InstantField(allow_null=True)


class RemarkRead(ReadSerializer):
    """What a reviewer asked to be changed."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(source="revision.number")
    text = serializers.CharField()
    actor = ActorField()
    created_at = InstantField()


def _public_url(slug: str, statement_id: UUID, published_at: Any) -> str | None:
    return None if published_at is None else status_pages.address_of(slug, statement_id)


class StatementRead(ReadSerializer):
    """What the brand says in public, with its present wording and who stood for it."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    incident = serializers.UUIDField(source="incident_id")
    kind = serializers.ChoiceField(choices=Statement.Kind.values)
    status = serializers.ChoiceField(choices=Statement.Status.values)
    texts = serializers.DictField(child=TextRead(), source="revision.texts")
    revision = RevisionRead()
    authors = Related(
        serializers.UUIDField(),
        queryset=RevisionAuthor.objects.all,
        fk="revision_id",
        key="revision_id",
        flat="owner_id",
        help_text=_("Who wrote or submitted this text, and so may not approve it."),
    )
    review_round = serializers.IntegerField()
    approvals = Related(ApprovalRead, queryset=Approval.objects.all, fk="revision__statement_id")
    publications = Related(PublicationRead, queryset=Publication.objects.all, fk="statement_id")
    remarks = Related(RemarkRead, queryset=Remark.objects.all, fk="statement_id")
    corrects = serializers.UUIDField(source="corrects_id", allow_null=True)
    corrections = Related(
        serializers.UUIDField(),
        queryset=Statement.objects.all,
        fk="corrects_id",
        flat="id",
    )
    next_update_at = InstantField(allow_null=True)
    submitted_at = InstantField(allow_null=True)
    approved_at = InstantField(allow_null=True)
    published_at = InstantField(allow_null=True)
    retracted_at = InstantField(allow_null=True)
    retraction_reason = serializers.CharField(help_text=_("For the team alone."))
    public_reason = serializers.ChoiceField(choices=["", *Statement.PublicReason.values])
    public_url = Computed(
        columns=["team__slug", "id", "published_at"],
        make=_public_url,
        child=serializers.URLField(allow_null=True),
    )
    external_refs = refs.Refs("statement")
    html_url = HtmlUrlField("/admin/responses/statement/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class StatementChanges(StrictSerializer):
    """What may be rewritten until it is published; `texts` replace all languages."""

    kind = serializers.ChoiceField(choices=Statement.Kind.values)
    texts = TextsInput()
    next_update_at = InstantField(
        allow_null=True, required=False, help_text=_("When the next update is promised for.")
    )
    external_refs = refs.RefsInput(required=False)


class StatementInput(StatementChanges):
    """A new statement about an incident, whose team it belongs to."""

    incident = serializers.UUIDField()
    team = serializers.UUIDField(required=False)
    corrects = serializers.UUIDField(
        required=False, help_text=_("The published statement that a correction puts right.")
    )


class CorrectInput(StrictSerializer):
    """The wording of a correction."""

    texts = TextsInput()
    next_update_at = InstantField(allow_null=True, required=False)


class RemarkInput(StrictSerializer):
    """What should be changed."""

    text = serializers.CharField(max_length=LONGEST_REMARK)


class PublishInput(StrictSerializer):
    """Where it is published: each target by name, since nothing means everywhere."""

    targets = serializers.ListField(
        child=serializers.ChoiceField(choices=TARGETS), min_length=1, max_length=len(TARGETS)
    )


class RetractInput(StrictSerializer):
    """Why it is withdrawn: in one's own words for the team, in prepared ones for the public."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    public_reason = serializers.ChoiceField(choices=Statement.PublicReason.values, required=False)


class NoInput(StrictSerializer):
    """Nothing but the verb itself."""


class StatementFilter(ResourceFilter):
    """What a list of statements can be asked for."""

    team = IdFilter(field_name="team_id")
    incident = IdFilter(field_name="incident_id")
    kind = WordsFilter(words=Statement.Kind.values)
    status = WordsFilter(words=Statement.Status.values)
    corrects = IdFilter(field_name="corrects_id", allow_none=True)
    published_at = InstantRange()
    next_update_at = InstantRange()
    created_at = InstantRange()
    updated_at = InstantRange()
    external_refs = refs.RefsFilter("statement")
    ordering = OrderingFilter(
        {
            "created_at": "created_at",
            "updated_at": "updated_at",
            "published_at": "published_at",
        },
        default="-created_at",
    )
