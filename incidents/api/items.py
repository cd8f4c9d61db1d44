"""One item of a request becomes a parsed mention, or all that is wrong with it.

Stricter than files: types are JSON's own, and what nobody declared is an error. Texts may hold
whatever people write.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from crisis_api.access.callers import Caller
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.problems import escaped
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Invalid, Refused
from incidents.api.parse_errors import sentence
from incidents.channels.manual.records import FIELDS, Defaults, parse_record
from incidents.channels.protocol import AuthorKind, MentionKind, ParsedMention, ParseError
from incidents.intake.reading import is_of
from incidents.models import Account

_TYPES: Final[Mapping[str, tuple[type, str]]] = {
    **dict.fromkeys(FIELDS, (str, "string")),
    "author_followers": (int, "integer"),
    "deleted": (bool, "boolean"),
    "hidden": (bool, "boolean"),
}

_TIMES: Final = frozenset({"written_at", "answer_by"})
# Files may say 1790000000, too; a program can write RFC 3339. Its zone is asked for later.
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_WORDS: Final[Mapping[str, type[StrEnum]]] = {"kind": MentionKind, "author_kind": AuthorKind}

Parsed = ParsedMention | tuple[ParseError, ...]


def account_of(view: ResourceViewSet, named: Any) -> Account:
    """Return the account that something came in through, by its id, handle or id on the network.

    Nobody need name the only one there is. Raises Refused (422) where there is none or several of
    the name, and Forbidden where the caller may not take in for its team.
    """
    caller: Caller = view.caller
    rows = Account.objects.visible_to(caller).select_related("team")
    if named in (None, ""):
        found = list(rows[:2])
        if len(found) != 1:
            raise Invalid(errors=[_wrong("required")])
    elif not isinstance(named, str):
        raise Invalid(errors=[_wrong("invalid_type", expected="string")])
    else:
        number = canonical_uuid(named)
        # A team has few accounts, and handles are compared as people write them.
        found = [row for row in rows if _is_meant(row, named, number)]
    if not found:
        detail = _("There is no such account in your teams.")
        raise Refused(errors=[FieldError("/account", "unknown_account", detail)])
    if len(found) > 1:
        detail = _("Several of your accounts are called so; use its id.")
        raise Refused(errors=[FieldError("/account", "ambiguous_account", detail)])
    caller.require("mentions.intake", found[0].team_id)
    return found[0]


def _is_meant(account: Account, named: str, number: UUID | None) -> bool:
    return account.pk == number if number else is_of(account, named)


def parse_item(item: Any, account: Account, *, place: int = 1) -> Parsed:
    """Return the mention that an item says, or all that is wrong with it."""
    if not isinstance(item, Mapping):
        return (ParseError(place, "", "invalid_type", {"expected": "object"}),)
    errors = [error for name, value in item.items() if (error := _check(place, name, value))]
    named = item.get("account")
    if isinstance(named, str) and named and not _is_named(account, named):
        told: dict[str, str | int] = {"account": named[:100], "count": 1}
        errors.append(ParseError(place, "/account", "other_account", told))
    if errors:
        return tuple(errors)
    return parse_record(
        {**item, "account": account.handle}, line=place, defaults=Defaults(account=account.handle)
    )


def _is_named(account: Account, named: str) -> bool:
    return _is_meant(account, named, canonical_uuid(named))


def _check(place: int, name: str, value: Any) -> ParseError | None:
    if name not in _TYPES:
        return ParseError(place, f"/{escaped(name)}", "unknown_field")
    kind, word = _TYPES[name]
    if value is not None and type(value) is not kind:
        return ParseError(place, f"/{name}", "invalid_type", {"expected": word})
    if name in _TIMES and value and not _TIME.fullmatch(str(value)):
        return ParseError(place, f"/{name}", "invalid_time")
    if name in _WORDS and value and value not in set(_WORDS[name]):
        allowed = ", ".join(_WORDS[name])
        return ParseError(place, f"/{name}", "unknown_word", {"allowed": allowed})
    return None


def _wrong(code: str, **params: Any) -> FieldError:
    return FieldError("/account", code, sentence(code, params))
