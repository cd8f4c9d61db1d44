"""Who and what the ids on a page are, looked up together: a page costs a handful of queries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.apps import apps
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from crisis_api.access.admin import display
from crisis_api.access.models import ContactPoint, Owner, Role
from crisis_api.lib.actors import Actor
from incidents.models import Event, Incident, Reminder, Rotation

# Which of an event's data are ids of people, and which of incidents.
PEOPLE = ("owner", "previous_owner", "acknowledged_by", "person", "approver", "people")
INCIDENTS = ("source", "into", "other", "out_of", "split_from")
_APPS = ("incidents", "responses", "access")


class Lookup:
    """People, incidents and actors by their ids; what is gone, or not ours to see, is a dash."""

    def __init__(
        self,
        *,
        actors: Iterable[Actor] = (),
        people: Iterable[UUID] = (),
        incidents: Iterable[UUID] = (),
        rotations: Iterable[UUID] = (),
        webhooks: Iterable[UUID] = (),
    ) -> None:
        self._names = display.Names.of(actors, people)
        self._incidents = _known(Incident, "reference", incidents)
        self._rotations = _known(Rotation, "name", rotations)
        self._webhooks = _known(ContactPoint, "label", webhooks)

    @classmethod
    def of_events(cls, events: Sequence[Event]) -> "Lookup":
        """Look up everybody and everything that these events name."""
        return cls(
            actors=[event.actor for event in events],
            people=_ids(events, PEOPLE),
            incidents=_ids(events, INCIDENTS),
        )

    @classmethod
    def of_reminders(cls, reminders: Sequence[Reminder]) -> "Lookup":
        """Look up everybody whom these reminders mean."""
        named: dict[str, set[UUID]] = {"person": set(), "rotation": set(), "webhook": set()}
        for reminder in reminders:
            for target in reminder.targets:
                if target.get("kind") in named and target.get("id"):
                    named[target["kind"]].add(UUID(target["id"]))
        return cls(people=named["person"], rotations=named["rotation"], webhooks=named["webhook"])

    def actor(self, actor: Actor) -> str:
        """Return who did something."""
        return self._names.actor(actor)

    def person(self, given: Any) -> str:
        """Return a person's name."""
        pk = as_id(given)
        return self._names.person(pk) if pk else ""

    def incident(self, given: Any) -> str:
        """Return an incident's reference."""
        return self._incidents.get(as_id(given), "")

    def target(self, target: Mapping[str, Any]) -> str:
        """Return whom a reminder means, in words."""
        pk = as_id(target.get("id"))
        match target.get("kind"):
            case "owner":
                return _("the owner")
            case "person":
                return self._names.person(pk)
            case "rotation":
                return _("on call: %s") % self._rotations.get(pk, display.NONE)
            case "role":
                roles = dict(Role.choices)
                role = str(target.get("role"))
                return _("all with the role %s") % roles.get(role, role)
            case "webhook":
                return _("webhook: %s") % self._webhooks.get(pk, display.NONE)
        return display.NONE


def as_id(given: Any) -> UUID | None:
    """Return an id that an event or a plan holds as text."""
    try:
        return UUID(str(given)) if given else None
    except ValueError:
        return None


def _known(model: Any, column: str, ids: Iterable[UUID]) -> dict[UUID | None, str]:
    wanted = set(ids)
    return dict(model.objects.filter(pk__in=wanted).values_list("pk", column)) if wanted else {}


def _ids(events: Sequence[Event], names: Sequence[str]) -> set[UUID]:
    found: set[UUID] = set()
    for event in events:
        for name in names:
            given = event.data.get(name)
            for each in given if isinstance(given, list) else [given]:
                pk = as_id(each)
                if pk is not None:
                    found.add(pk)
    return found


def subject_link(subject_type: str, subject_id: UUID, text: Any = None) -> Any:
    """Return a link to the page of what an event or reminder is about, "" where it has none."""
    name = subject_type.replace("_", "")
    for label in _APPS:
        model = apps.all_models.get(label, {}).get(name)
        if model is not None:
            try:
                url = reverse(f"admin:{label}_{name}_change", args=[subject_id])
            except NoReverseMatch:
                return ""
            return display.anchor(url, text or model._meta.verbose_name)
    return ""


def people_of(owner_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return names by the ids of people."""
    return dict(Owner.objects.filter(pk__in=set(owner_ids)).values_list("pk", "name"))
