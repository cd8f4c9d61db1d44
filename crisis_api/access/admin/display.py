"""How values look in the admin."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crisis_api.access import refs
from crisis_api.access.models import ApiKey, Owner
from crisis_api.lib.actors import Actor

NONE = "–"
# Which colour a word has; what is not named here is grey.
_COLOURS = {
    **dict.fromkeys(("critical", "dead", "parked", "overdue", "failed", "missed"), "danger"),
    **dict.fromkeys(("high", "open", "unparsed", "disabled", "frozen", "in_review"), "warning"),
    **dict.fromkeys(("medium", "acknowledged", "pending", "sending", "in_progress"), "info"),
    **dict.fromkeys(("drafting", "submitted", "running", "ready", "approved"), "info"),
    **dict.fromkeys(("contained", "resolved", "sent", "fired", "done", "published"), "success"),
    **dict.fromkeys(("delivered", "parsed", "answered", "reached", "active"), "success"),
}


def badge(word: str, text: Any) -> SafeString:
    """Return a word in the colour of its meaning."""
    return format_html('<span class="crisis-badge crisis-{}">{}</span>', colour(word), text)


def colour(word: str) -> str:
    """Return the colour of a status or severity."""
    return _COLOURS.get(word, "plain")


def moment(at: datetime | None) -> str:
    """Return a time in the zone of whoever looks, which it names."""
    return NONE if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S\u00a0%Z}"


def minute(at: datetime | None) -> str:
    """Return a time in the zone of whoever looks, to the minute."""
    return NONE if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M\u00a0%Z}"


def page_of(row: Model) -> str:
    """Return the address of a row's page, "" where it has none."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    try:
        return reverse(name, args=[row.pk])
    except NoReverseMatch:
        return ""


def list_of(model: type[Model], **query: Any) -> str:
    """Return the address of a noun's list, filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def add_to(model: type[Model], **query: Any) -> str:
    """Return the address of the form for one more, with values filled in."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    return f"{address}?{urlencode(query)}" if query else address


def refs_of(row: Model) -> SafeString | str:
    """Return what other systems call a row."""
    return joined(away(ref["url"], f"{ref['system']} {ref['id']}") for ref in refs.read(row))


def anchor(url: str, text: Any) -> SafeString:
    """Return a link inside the house."""
    return format_html('<a class="crisis-link" href="{}">{}</a>', url, text)


def link(row: Model | None, text: Any = None) -> SafeString | str:
    """Return a link to a row's page."""
    if row is None:
        return NONE
    url = page_of(row)
    words = text if text is not None else str(row)
    return anchor(url, words) if url else words


def away(url: str, text: str = "") -> SafeString | str:
    """Return a link out of the house; an address that is no web address stays plain text."""
    if not url.lower().startswith(("http://", "https://")):
        return text or url or NONE
    return format_html(
        '<a class="crisis-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        url,
        text or url,
    )


def joined(parts: Iterable[Any]) -> SafeString | str:
    """Return parts with commas between them."""
    return format_html_join(", ", "{}", ((part,) for part in parts)) or NONE


def lines(text: str) -> SafeString:
    """Return a text with its line breaks."""
    return format_html('<div class="crisis-text">{}</div>', text)


def digest(values: Iterable[Any]) -> str:
    """Return what changes when any of the values does."""
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()[:32]


def with_actor(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Let each of the rows of a list know by name who did it."""
    person = Owner.objects.filter(user_id=OuterRef("actor_id")).values("name")[:1]
    key = ApiKey.objects.filter(pk=OuterRef("actor_id")).values("name")[:1]
    return rows.annotate(actor_person=Subquery(person), actor_key=Subquery(key))


def actor_of(row: Any) -> str:
    """Return who did it, of a row that was read `with_actor`."""
    return _actor(row.actor_type, row.actor_person or "", row.actor_key or "")


def _actor(kind: str, person: str, key: str) -> str:
    if kind == "user":
        return person or _("an account")
    if kind == "api_key":
        return _("key “%s”") % key if key else _("a key")
    return _("the system")


class Names:
    """Who the actors and people on a page are, looked up together."""

    def __init__(
        self, people: Mapping[UUID, str], users: Mapping[UUID, str], keys: Mapping[UUID, str]
    ) -> None:
        self._people, self._users, self._keys = people, users, keys

    @classmethod
    def of(cls, actors: Iterable[Actor], people: Iterable[UUID] = ()) -> Self:
        """Look up the actors, and people by their own ids."""
        ids: dict[str, set[UUID]] = {"user": set(), "api_key": set()}
        for actor in actors:
            if actor.id is not None and actor.type in ids:
                ids[actor.type].add(actor.id)
        wanted = set(people)
        by_user = Owner.objects.filter(user_id__in=ids["user"]).values_list("user_id", "name")
        by_id = Owner.objects.filter(pk__in=wanted).values_list("pk", "name")
        keys = ApiKey.objects.filter(pk__in=ids["api_key"]).values_list("pk", "name")
        return cls(
            dict(by_id) if wanted else {},
            dict(by_user) if ids["user"] else {},
            dict(keys) if ids["api_key"] else {},
        )

    def person(self, pk: UUID | None) -> str:
        """Return a person's name."""
        return self._people.get(pk, NONE) if pk is not None else NONE

    def actor(self, actor: Actor) -> str:
        """Return who did something, in words."""
        known = {"user": self._users, "api_key": self._keys}.get(actor.type, {})
        name = known.get(actor.id, "") if actor.id else ""
        return _actor(actor.type, name, name)
