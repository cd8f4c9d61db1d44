"""Accounts that sign in, as whoever runs the installation keeps them.

What a person may do in a team comes from their memberships; this is about getting in at all.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from crisis_api.access import audit
from crisis_api.access.models import Owner, Team, User
from crisis_api.access.services import owners
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused


@transaction.atomic
def create(
    *, username: str, by: Actor, email: str = "", password: str = "", is_superuser: bool = False
) -> User:
    """Make an account that may open the admin. Without a password nobody can sign in with it."""
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict("This user name is taken.", code="username_taken")
    user = User(username=username, email=email, is_staff=True, is_superuser=is_superuser)
    if password:
        _check(user, password)
    user.set_password(password or None)
    user.save(force_insert=True)
    _note("user.created", user, by)
    return user


@transaction.atomic
def change(user: User, *, by: Actor, values: Mapping[str, Any]) -> User:
    """Change the e-mail, `is_staff`, `is_active` or `is_superuser` of an account.

    Nobody takes their own way in: somebody must be left who can let others in.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    weaker = [
        name for name in ("is_staff", "is_active", "is_superuser") if not changed.get(name, 1)
    ]
    if row.pk == by.id and weaker:
        raise Refused("Nobody takes away their own access.", code="own_access")
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.save(update_fields=sorted(changed))
        _note("user.changed", row, by, fields=sorted(changed))
    return row


@transaction.atomic
def set_password(user: User, *, password: str, by: Actor) -> User:
    """Give an account another password; sessions made with the old one end by themselves."""
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _check(row, password)
    row.set_password(password)
    row.save(update_fields=["password"])
    _note("user.password_set", row, by)
    return row


def _check(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "This password is too weak.",
            errors=[FieldError("/password", "weak", text) for text in error.messages],
        ) from None


def _note(action: str, user: User, by: Actor, **data: Any) -> None:
    owner = Owner.objects.filter(user=user).first()
    teams: list[Team | None] = [*owners.teams_of(owner)] if owner is not None else []
    for team in teams or [None]:
        audit.record(action, user, team=team, by=by, data=data)
