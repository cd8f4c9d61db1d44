"""The demo team that `make run` lays out: people, on-call, a policy, rules, an account, a page."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from secrets import token_urlsafe

from django.conf import settings
from django.db import transaction

from crisis_api.access import keys
from crisis_api.access.models import ApiKey, ContactPoint, Membership, Owner, Team, User
from crisis_api.access.permissions import Scope
from crisis_api.access.services import contact_points, owners, teams
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.settings import kept
from incidents.escalation.plan import Step, Target
from incidents.models import (
    Account,
    AssignmentRule,
    EscalationPolicy,
    IncidentSettings,
    Rotation,
    Severity,
    StormRule,
)
from incidents.services import policies, rotations
from responses.models import DeskSettings, StatusPage
from responses.models.desk import default_ticket_categories

TEAM = "lumelle"
ADMIN = "admin"
# User name, name, role, language.
PEOPLE = (
    (ADMIN, "Alex Admin", "manager", "en"),
    ("anna", "Анна Орлова", "responder", "ru"),
    ("ben", "Ben Hart", "responder", "en"),
    ("vera", "Вера Лис", "approver", "ru"),
    ("leo", "Leo Stone", "legal", "en"),
    ("mia", "Mia Moss", "moderator", "en"),
)


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How to come in: the admin's login, with whose password all demo people sign in, and a key."""

    admin_username: str
    admin_password: str
    api_key: str


def seed() -> DemoAccess:
    """Lay out the demo team if it is not there, and return how to come in.

    What people changed since stays. Password and key are kept in DATA_DIR with mode 0600, so that
    the next start says the same.
    """
    password = kept.secret("", _kept("demo_password"), lambda: token_urlsafe(9))
    with transaction.atomic():
        if not Team.objects.filter(slug=TEAM).exists():
            _lay_out(password)
    return DemoAccess(ADMIN, password, _key())


def _kept(name: str) -> Path:
    return Path(settings.DATA_DIR) / name


def _key() -> str:
    """Return the key that is kept, or a new one where it is gone or no longer good."""
    file = _kept("demo_api_key")
    text = file.read_text(encoding="ascii").strip() if file.exists() else ""
    if text and keys.find(text) is not None:
        return text
    file.unlink(missing_ok=True)
    team = Team.objects.get(slug=TEAM)
    creator = Owner.objects.filter(user__username=ADMIN).first()

    def issue() -> str:
        _, issued = keys.issue(
            name="Demo", scopes=list(Scope), by=SYSTEM, team=team, created_by=creator
        )
        return issued

    with transaction.atomic():
        ApiKey.objects.filter(team=team, name="Demo", revoked_at=None).change(
            revoked_at=clock.now()
        )
        return kept.secret("", file, issue)


def _lay_out(password: str) -> None:
    team = teams.create(name="Lumelle", slug=TEAM, by=SYSTEM)
    people = {name: _person(team, password, name, *rest) for name, *rest in PEOPLE}
    User.objects.filter(username=ADMIN).update(is_superuser=True)
    rotation = _rotation(team, people)
    policy = _policy(team, rotation)
    AssignmentRule.objects.create(
        team=team, position=1, min_severity=Severity.LOW, rotation=rotation, policy=policy
    )
    IncidentSettings.objects.update_or_create(team=team, defaults={"default_policy": policy})
    account = Account.objects.create(
        team=team,
        network="manual",
        handle="@lumelle",
        external_id="lumelle",
        url="https://www.tiktok.com/@lumelle",
    )
    StormRule.objects.create(team=team, account=account, name="A wave of negative comments")
    DeskSettings.objects.update_or_create(
        team=team,
        defaults={
            "brand_name": "Lumelle",
            "contact_name": "Alex Admin",
            "contact_email": "care@lumelle.example",
            # The demo's wave is about a product, and its ticket should be seen as well.
            "ticket_categories": [*default_ticket_categories(), "product_safety"],
        },
    )
    StatusPage.objects.update_or_create(
        team=team,
        defaults={
            "is_enabled": True,
            "title_en": "Lumelle: what happened and what we do",
            "title_ru": "Lumelle: что случилось и что мы делаем",
            "contact": "care@lumelle.example",
        },
    )


def _person(team: Team, password: str, name: str, full: str, role: str, language: str) -> Owner:
    existing = Owner.objects.filter(user__username=name).first()
    if existing is not None:
        Membership.objects.get_or_create(team=team, owner=existing, defaults={"role": role})
        return existing
    owner = owners.create(
        team=team,
        role=role,
        username=name,
        name=full,
        by=SYSTEM,
        email=f"{name}@lumelle.example",
        password=password,
        language=language,
    )
    contact_points.add(
        kind=ContactPoint.Kind.CONSOLE, address=name, by=SYSTEM, owner=owner, label="Console"
    )
    return owner


def _rotation(team: Team, people: dict[str, Owner]) -> Rotation:
    today = clock.now().date()
    return rotations.create(
        team=team,
        by=SYSTEM,
        values={
            "name": "On call",
            "participants": [people["anna"].pk, people["ben"].pk],
            "time_zone": "Europe/Moscow",
            "starts_on": date(today.year, 1, 1),
            "handoff_time": time(9),
            "shift_days": 1,
        },
    )


def _policy(team: Team, rotation: Rotation) -> EscalationPolicy:
    """Short delays, so that a newcomer sees the next person being called."""
    minute = timedelta(minutes=1)
    steps = [
        Step(1, timedelta(0), (Target("owner"),), "urgent"),
        Step(2, minute, (Target("rotation", id=str(rotation.pk)),), "urgent"),
        Step(3, minute, (Target("role", role="approver"),), "urgent"),
        Step(4, minute, (Target("role", role="manager"),), "urgent"),
    ]
    return policies.create(
        team=team,
        by=SYSTEM,
        values={"name": "Standard", "steps": steps, "rounds": 3, "round_pause": 2 * minute},
    )
