"""People: made with their account, changed, deactivated. Never deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

from crisis_api.access import keys
from crisis_api.access.models import ApiKey, Membership, Owner, Team, User
from crisis_api.access.services import changes, memberships, working_hours
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid
from crisis_api.lib.records import made_by

_OF_THE_ACCOUNT = ("email",)


@transaction.atomic
def create(
    *,
    team: Team,
    role: str,
    username: str,
    name: str,
    by: Actor,
    email: str = "",
    password: str | None = None,
    **values: Any,
) -> Owner:
    """Make an account and its person, and make them a member of the team.

    Without a password nobody can sign in as them until somebody sets one. `values`: language,
    time_zone, working_hours.
    """
    user = User(username=username, email=email, is_staff=True)
    _check_password(user, password)
    working_hours.check(values.get("working_hours"))
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict("This user name is taken.", code="username_taken")
    user.set_password(password)
    user.save(force_insert=True)
    owner = Owner.objects.create(user=user, name=name, **values, **made_by(by))
    changes.note("owner.created", owner, teams=[team], by=by)
    memberships.add(team=team, owner=owner, role=role, by=by)
    return owner


def _check_password(user: User, password: str | None) -> None:
    if password is None:
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "This password is too weak.",
            errors=[
                FieldError("/password", str(each.code or "weak"), " ".join(each.messages))
                for each in error.error_list
            ],
        ) from None


@transaction.atomic
def change(
    owner: Owner, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Owner:
    """Change a person's name, e-mail, language, time zone or working hours."""
    if "working_hours" in values:
        working_hours.check(values["working_hours"])
    mine = {name: value for name, value in values.items() if name not in _OF_THE_ACCOUNT}
    fields = changes.apply(owner, mine, by=by, version=version)
    for name in _OF_THE_ACCOUNT:
        if name in values and getattr(owner.user, name) != values[name]:
            setattr(owner.user, name, values[name])
            owner.user.save(update_fields=[name])
            fields.append(name)
    if fields:
        changes.note("owner.changed", owner, teams=teams_of(owner), by=by, fields=fields)
    return owner


@transaction.atomic
def deactivate(owner: Owner, *, by: Actor) -> Owner:
    """End a person's access at once: sessions, keys, reminders; doing it again changes nothing.

    What they did stays under their name. Shifts that are theirs are nobody's from now on.
    """
    teams = memberships.lock_teams_of(owner)
    memberships.require_other_manager([team.pk for team in teams], owner)
    if Owner.objects.filter(pk=owner.pk, deactivated_at=None).change(deactivated_at=clock.now()):
        User.objects.filter(pk=owner.user_id).update(is_active=False)
        for key in ApiKey.objects.filter(owner=owner, revoked_at=None):
            keys.revoke(key, by=by)
        for session in _sessions_of(owner.user):
            session.delete()
        changes.note("owner.deactivated", owner, teams=teams, by=by)
    owner.refresh_from_db()
    return owner


@transaction.atomic
def reactivate(owner: Owner, *, by: Actor) -> Owner:
    """Let a person in again, in the roles they had; their keys stay revoked."""
    back = Owner.objects.filter(pk=owner.pk, deactivated_at__isnull=False)
    if back.change(deactivated_at=None):
        User.objects.filter(pk=owner.user_id).update(is_active=True)
        changes.note("owner.reactivated", owner, teams=teams_of(owner), by=by)
    owner.refresh_from_db()
    return owner


def teams_of(owner: Owner) -> list[Team]:
    """Return the teams that a person belongs to."""
    ids = Membership.objects.filter(owner=owner).values_list("team_id", flat=True)
    return list(Team.objects.filter(pk__in=ids).order_by("pk"))


def _sessions_of(user: User) -> Iterator[Session]:
    # Whose a session is stands inside its signed data, so each has to be opened; there are as many
    # as people signed in during the last hours.
    for session in Session.objects.filter(expire_date__gt=clock.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            yield session
