"""What things of ours are called in other systems: `external_refs [{system, id, url}]`.

    class IncidentRead(ReadSerializer):
        external_refs = refs.Refs("incident")

    class IncidentInput(StrictSerializer):
        external_refs = refs.RefsInput(required=False)

    class IncidentFilter(ResourceFilter):
        external_refs = refs.RefsFilter("incident")      # ?external_refs=jira:CR-12, or ?…=jira

    refs.replace(incident, given, by=caller.actor)

The word for the kind of thing is its class in snake_case, as in the timeline: `follow_up`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers

from crisis_api.access.models import ExternalRef, Team
from crisis_api.lib.actors import Actor
from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.filters import QueryFilter
from crisis_api.lib.drf.serializers import ReadSerializer, StrictSerializer, TitleField
from crisis_api.lib.errors import FieldError, Invalid
from crisis_api.lib.records import made_by

MOST = 20


class RefRead(ReadSerializer):
    """The name of a thing in another system."""

    system = serializers.CharField()
    id = serializers.CharField(source="external_id")
    url = serializers.CharField()


class Refs(Related):
    """The external references of each row of a page, with one query for all."""

    def __init__(self, subject_type: str, **kwargs: Any) -> None:
        super().__init__(
            RefRead,
            queryset=lambda: ExternalRef.objects.filter(subject_type=subject_type),
            fk="subject_id",
            **kwargs,
        )


class WebField(serializers.URLField):
    """An http or https address: a link that staff click must not be `javascript:` or `file:`."""

    def to_internal_value(self, data: Any) -> str:
        """Return the address as it is, or refuse it."""
        text: str = super().to_internal_value(data)
        if text and not text.lower().startswith(("http://", "https://")):
            self.fail("invalid")
        return text


class RefInput(StrictSerializer):
    """The name of a thing in another system, such as a ticket's number in Jira."""

    system = TitleField(max_length=40)
    id = TitleField(max_length=200)
    url = WebField(max_length=1000, allow_blank=True, required=False)


class RefsInput(serializers.ListField):
    """All references of a thing; they replace those it had."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=RefInput(), max_length=MOST, **kwargs)


class RefsFilter(QueryFilter):
    """`jira:CR-12`: rows that Jira calls so; `jira`: rows that it knows at all."""

    def __init__(self, subject_type: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.subject_type = subject_type

    def clean(self, text: str) -> tuple[str, str]:
        """Return the system and the id there, "" for any."""
        system, _colon, external_id = text.partition(":")
        if not system:
            raise ValidationError(_("Expected system:id, such as jira:CR-12."), code="invalid_ref")
        return system, external_id

    def filter(self, qs: QuerySet[Any], value: tuple[str, str] | None) -> QuerySet[Any]:
        """Keep rows that have such a reference."""
        if value is None:
            return qs
        named = ExternalRef.objects.filter(
            subject_type=self.subject_type, subject_id=OuterRef("pk"), system=value[0]
        )
        if value[1]:
            named = named.filter(external_id=value[1])
        return qs.filter(Exists(named))

    def schema(self) -> dict[str, Any]:
        """Return a string."""
        return {"type": "string", "examples": ["jira:CR-12"]}


def refuse_twins(refs: Sequence[Mapping[str, Any]]) -> None:
    """Raise Invalid where one reference stands twice."""
    if len({(ref["system"], ref["id"]) for ref in refs}) != len(refs):
        detail = _("One reference stands here twice.")
        raise Invalid(errors=[FieldError("/external_refs", "named_twice", detail)])


@transaction.atomic
def replace(subject: Model, refs: Sequence[Mapping[str, Any]], *, by: Actor) -> bool:
    """Give a thing exactly these references; return whether that changed anything.

    Raises Invalid where one stands twice. Whoever calls raises the thing's version and says on the
    timeline or in the audit that `external_refs` changed.
    """
    refuse_twins(refs)
    wanted = {(ref["system"], ref["id"]): ref.get("url", "") for ref in refs}
    team_id = _team_of(subject)
    mine = ExternalRef.objects.filter(subject_type=word_of(subject), subject_id=subject.pk)
    stored = {(ref.system, ref.external_id): ref for ref in mine}
    gone = [ref.pk for key, ref in stored.items() if wanted.get(key) != ref.url]
    new = [key for key, url in wanted.items() if key not in stored or stored[key].url != url]
    ExternalRef.objects.filter(pk__in=gone).delete()
    ExternalRef.objects.bulk_create(
        [
            ExternalRef(
                team_id=team_id,
                subject_type=word_of(subject),
                subject_id=subject.pk,
                system=key[0],
                external_id=key[1],
                url=wanted[key],
                **made_by(by),
            )
            for key in new
        ]
    )
    return bool(gone or new)


def read(subject: Model) -> list[dict[str, Any]]:
    """Return a thing's references as they are served."""
    mine = ExternalRef.objects.filter(subject_type=word_of(subject), subject_id=subject.pk)
    return RefRead.rows(mine.order_by("id"))


def word_of(subject: Model) -> str:
    """Return the word for the kind of a thing: `follow_up`."""
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(subject).__name__)
    return words.removeprefix("_")


def _team_of(subject: Model) -> UUID:
    team_id: UUID = subject.pk if isinstance(subject, Team) else subject.team_id  # type: ignore[attr-defined]
    return team_id
