"""Each working morning: how many mentions nobody has answered, and what a person has still to do.

One reminder for each membership, due at the person's next working morning. It says counts and where
to look, never a word of a mention. Where there is nothing to say, nothing is sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count

from crisis_api.access.models import Membership, Owner
from crisis_api.access.permissions import permission
from crisis_api.lib import clock
from incidents.escalation import reminders
from incidents.escalation.hours import BrokenHours, WorkingHours
from incidents.escalation.mornings import next_morning
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, Said, SubjectRules, register
from incidents.escalation.wall_clock import UnknownZone
from incidents.models import Mention, Reminder
from incidents.models.escalation import ReminderKind

KIND = ReminderKind.MORNING_DIGEST
# Who answers mentions; whoever only looks on is not told how many wait.
_ANSWERS = permission("mentions.attach").roles

Counter = Callable[[Sequence[Membership]], Mapping[UUID, int]]

_counters: dict[str, tuple[Counter, str]] = {}


def register_counter(kind: str, counter: Counter, path: str) -> None:
    """Let a layer count something for the people of some memberships; `path` is where it is seen.

    `kind` is what the wording calls it. Called once, at start.
    """
    _counters[kind] = (counter, path)


def lay_out(limit: int = 500) -> int:
    """Schedule the next digest of everybody who has none ahead, and anew whose hours changed."""
    now = clock.decisive_now()
    ahead = Reminder.objects.pending().filter(kind=KIND)
    planned = dict(ahead.values_list("subject_id", "created_at"))
    wanting = Membership.objects.filter(owner__deactivated_at=None, owner__wants_digest=True)
    done = 0
    for membership in wanting.select_related("owner").order_by("id").iterator():
        made_at = planned.get(membership.pk)
        if made_at is not None and membership.owner.updated_at <= made_at:
            continue
        if made_at is not None:
            reminders.cancel(membership, kinds=[KIND])
        done += _schedule(membership, now)
        if done >= limit:
            break
    return done


def _schedule(membership: Membership, now: datetime) -> bool:
    owner = membership.owner
    try:
        hours = WorkingHours.from_json(owner.working_hours, zone=owner.time_zone)
    except (BrokenHours, UnknownZone):
        hours = WorkingHours("UTC")
    morning = next_morning(hours, now)
    if morning is None:
        return False
    # The version too: whoever changes their hours twice may come back to the same morning.
    key = f"{KIND}:{membership.pk.hex}:{owner.version}:{morning.timestamp():.0f}"
    reminder = reminders.schedule(KIND, membership, due_at=morning, dedup_key=key)
    return reminder.status == Reminder.Status.PENDING


def register_rules() -> None:
    """Tell the engine of digests; called once, at start."""
    register(
        "membership",
        SubjectRules(Membership, wanted=_wanted, targets=_targets, says=_says),
    )
    register_counter("unanswered_mentions", _unanswered, "/admin/incidents/mention/")


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    """Those of people who want it and to whom there is something to say."""
    memberships = [rows[each.subject_id] for each in asked]
    owners = Owner.objects.active().filter(pk__in={each.owner_id for each in memberships})
    wanting = set(owners.filter(wants_digest=True).values_list("pk", flat=True))
    said = _counts([each for each in memberships if each.owner_id in wanting])
    return {each.pk for each in asked if each.subject_id in said}


def _targets(membership: Membership, _reminder: Reminder) -> list[Target]:
    return [Target("person", id=str(membership.owner_id))]


def _says(membership: Membership) -> list[Said]:
    """Return what there is to say, counted at the moment of sending."""
    return [
        Said(kind, count, f"{settings.PUBLIC_URL}{_counters[kind][1]}")
        for kind, count in _counts([membership]).get(membership.pk, {}).items()
    ]


def _counts(memberships: Sequence[Membership]) -> dict[UUID, dict[str, int]]:
    """Return what each has, by kind; who has nothing is missing."""
    found: dict[UUID, dict[str, int]] = {}
    for kind, (counter, _path) in _counters.items():
        for pk, count in counter(memberships).items() if memberships else ():
            if count:
                found.setdefault(pk, {})[kind] = count
    return found


def _unanswered(memberships: Sequence[Membership]) -> dict[UUID, int]:
    mine = [each for each in memberships if each.role in _ANSWERS]
    by_team = _by_team({each.team_id for each in mine})
    return {each.pk: by_team.get(each.team_id, 0) for each in mine}


def _by_team(team_ids: Iterable[UUID]) -> dict[UUID, int]:
    rows = Mention.objects.unanswered().filter(team_id__in=set(team_ids))
    return dict(rows.values_list("team_id").annotate(Count("pk")).order_by())
