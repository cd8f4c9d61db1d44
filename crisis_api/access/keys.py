"""API keys: issue, look up, revoke."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import CharField, Model, Q

from crisis_api.access import audit
from crisis_api.access.models import ApiKey, Membership, Owner, Team
from crisis_api.access.permissions import Scope
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid
from crisis_api.lib.prepared import Argument, Prepared
from crisis_api.lib.records import made_by

USE_RESOLUTION = timedelta(minutes=1)
_PREFIX_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue(
    *,
    name: str,
    scopes: Iterable[str],
    by: Actor,
    team: Team | None = None,
    owner: Owner | None = None,
    created_by: Owner | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is never shown again."""
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in set(Scope)]
    if unknown or not wanted:
        raise Invalid(
            f"Scopes are: {', '.join(Scope)}.",
            errors=[FieldError("/scopes", "unknown_scope", ", ".join(unknown) or "none given")],
        )
    prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        team=team,
        owner=owner,
        created_by=created_by,
        name=name,
        prefix=prefix,
        secret_sha256=_digest(secret),
        scopes=wanted,
        expires_at=expires_at,
        **made_by(by),
    )
    _note("api_key.issued", key, by, {"scopes": wanted})
    return key, f"ck_{prefix}_{secret}"


def find(text: str) -> ApiKey | None:
    """Return the good key that has this text: known, not revoked, not expired."""
    kind, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if kind != "ck" or len(prefix) != 8 or not secret or "\x00" in text:
        return None
    key = next((_key(values) for values in _NOT_REVOKED.rows(prefix=prefix)), None)
    if key is None or not secrets.compare_digest(key.secret_sha256, _digest(secret)):
        return None
    if key.expires_at is not None and key.expires_at <= clock.now():
        return None
    return key


# Before every request: nothing is joined but the person, at whom every request looks.
_NOT_REVOKED = Prepared(
    lambda: (
        ApiKey.objects.filter(prefix=Argument("prefix", CharField()), revoked_at=None)
        .order_by()
        .values_list(*_columns(ApiKey), *(f"owner__{column}" for column in _columns(Owner)))
    )
)


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _key(values: list[Any]) -> ApiKey:
    columns = _columns(ApiKey)
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, columns, values[: len(columns)])
    if key.owner_id is not None:
        key.owner = Owner.from_db(DEFAULT_DB_ALIAS, _columns(Owner), values[len(columns) :])
    return key


def note_use(key: ApiKey) -> None:
    """Stamp the last use, at most once a minute."""
    now = clock.now()
    stale = now - USE_RESOLUTION
    if key.last_used_at is None or key.last_used_at <= stale:
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=stale), pk=key.pk).update(
            last_used_at=now
        )


@transaction.atomic
def revoke(key: ApiKey, *, by: Actor) -> None:
    """Make a key useless at once; doing it again changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).change(revoked_at=clock.now()):
        _note("api_key.revoked", key, by, {})


def _note(action: str, key: ApiKey, by: Actor, data: dict[str, Any]) -> None:
    """Write it into the audit of the key's team, or of every team of its person."""
    mine = Membership.objects.filter(owner=key.owner).select_related("team") if key.owner else []
    for team in [key.team] if key.team else [membership.team for membership in mine]:
        audit.record(action, key, team=team, by=by, data=data)
