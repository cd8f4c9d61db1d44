"""Random lives of incidents, each told to the product and to the reference model alike.

A world is some incidents under one clock, which one engine looks at. It sleeps, its clock is set
ahead or back, its host's clock departs from the one that decides, and sending is held for a while.
"""

import random
from datetime import timedelta
from functools import cache
from itertools import count
from zoneinfo import ZoneInfo

from django.db.models import Min

from crisis_api.access.models import ContactPoint, Owner, SendingHold
from crisis_api.access.services import holding
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.models import (
    EscalationPolicy,
    EscalationStep,
    Incident,
    Notification,
    Reminder,
    Severity,
)
from incidents.services import lifecycle, merging
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import an_incident
from tests.incidents.escalation.changes_of_clock import changes
from tests.incidents.escalation.reference_model import EXPIRY, SNOOZE, STEP, Fired, Model, Plan
from tests.incidents.escalation.working_weeks import AtWork

KINDS = (STEP, SNOOZE, EXPIRY)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
# By how much a clock is set ahead or back: mostly a little, now and then a year.
JUMPS = (*(1, 5, 60, 3600) * 4, *(86400,) * 2, 30 * 86400, 365 * 86400)
SPAN = 5 * DAY
# Every how many seconds the engine looks; None is the very moment at which something falls due.
BEATS = (None, 5, 60, 60)

_number = count(1)


@cache
def seasons():
    """Every change of a clock, in order, those of some days together."""
    found = []
    for change in sorted(changes(), key=lambda each: (each.at, each.zone)):
        if not found or change.at - found[-1][0].at > SPAN:
            found.append([])
        found[-1].append(change)
    return found


def write_policy(team, plan, present, absent):
    """Write a policy that says what the plan says."""
    policy = EscalationPolicy.objects.create(
        team=team,
        name=f"Policy {next(_number)}",
        rounds=plan.rounds,
        round_pause_seconds=plan.pause // SECOND,
    )
    steps = EscalationStep.objects.bulk_create(
        EscalationStep(
            policy=policy,
            number=number,
            delay_seconds=delay // SECOND,
            working_hours_only=number in plan.hours,
        )
        for number, delay in enumerate(plan.delays, start=1)
    )
    means = EscalationStep.people.through
    means.objects.bulk_create(
        means(
            escalationstep=step, owner=absent if step.number in plan.unreachable else present
        )
        for step in steps
    )
    return policy


class Life:
    """One incident and its person, what is done to it, and the same done to the model."""

    def __init__(self, world, season):
        self.world, self.chance = world, world.chance
        # Whoever keeps working hours is never away: what is put off for them cannot find nobody.
        self.at_work = AtWork(self.chance, season.zone) if season else None
        self.team = a_team()
        self.present = a_person(self.team)
        if self.at_work is not None:
            Owner.objects.filter(pk=self.present.pk).update(
                time_zone=self.at_work.zone.key, working_hours=self.at_work.document()
            )
        self.point, self.away = a_contact_point(self.present), False
        self.verbs, self.story = 0, []
        self.plan = self.a_plan()
        self.policy = write_policy(self.team, self.plan, self.present, world.absent)
        self.incident = lifecycle.open_incident(
            team=self.team, category="spam", severity=Severity.MEDIUM, title="T", by=SYSTEM,
            owner=self.present, policy=self.policy,
        ).incident  # fmt: skip
        self.model = Model(self.plan, world.now, self.is_absent, self.at_work or (lambda at: at))

    def a_plan(self):
        chance = self.chance
        delays = [
            chance.choice([0, 0, 30, 60, 300, 301]) * SECOND for _ in range(chance.randint(1, 6))
        ]
        numbers = range(1, len(delays) + 1)
        unreachable = frozenset(n for n in numbers if chance.random() < 0.12)
        hours = frozenset(n for n in numbers if self.at_work and chance.random() < 0.6)
        pause = chance.choice([60, 120, 600]) * SECOND
        return Plan(delays, chance.choice([1, 2, 3, 6, 12, 20]), pause, hours, unreachable)

    def is_absent(self, step):
        return self.away or step in self.model.plan.unreachable

    def act(self):
        """Do one thing that the status allows, and do it to the model."""
        self.incident.refresh_from_db()
        is_open = ["acknowledge", "snooze", "stop", "policy", "raise", "fall", "merge", "again"]
        verbs = {
            "open": [*is_open, "escalate", "escalate"],
            "acknowledged": ["stop", "raise", "extend", "contain", "escalate"],
            "contained": ["reopen", "raise", "stop"],
            "resolved": ["reopen", "reopen", "reopen"],
        }.get(self.incident.status, [])
        verbs = [*verbs, "edit", "delete", *["leave"] * (5 if self.away else 1)]
        if self.incident.snoozed_until is not None:
            # Then they only say what comes after the snooze, or end it.
            verbs = [verb for verb in verbs if verb not in ("policy", "fall", "again")]
        if self.incident.severity == Severity.CRITICAL and "raise" in verbs:
            verbs.remove("raise")
        verb = self.chance.choice(verbs)
        self.verbs += 1
        self.story.append((f"{self.world.now:%F %T.%f}", verb))
        getattr(self, f"_{verb}")(self.world.now)

    def _acknowledge(self, now):
        expires = self.chance.choice([None, 90 * SECOND, 900 * SECOND])
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        self.model.acknowledge(now + expires if expires else None)

    def _extend(self, now):
        until = self.incident.acknowledged_until
        if until is None or until <= now:
            return
        expires = until - now + 60 * SECOND
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        self.model.acknowledge(now + expires)

    def _snooze(self, now):
        until = now + self.chance.choice([45, 600]) * SECOND
        lifecycle.snooze(self.incident, until=until, by=SYSTEM)
        self.model.snooze(until)

    def _stop(self, now):
        lifecycle.resolve(self.incident, note="Over.", by=SYSTEM)
        self.model.stop()

    def _contain(self, now):
        lifecycle.contain(self.incident, by=SYSTEM)
        self.model.stop()

    def _merge(self, now):
        other = an_incident(self.team, severity=Severity.CRITICAL, owner=self.present)
        merging.merge(self.incident, into=other, by=SYSTEM)
        self.model.stop()

    def _reopen(self, now):
        lifecycle.reopen(self.incident, reason="", by=SYSTEM)
        self.model.restart(now, self.plan)

    def _again(self, now):
        """Reopen what is open, which changes nothing."""
        lifecycle.reopen(self.incident, reason="", by=SYSTEM)

    def _escalate(self, now):
        lifecycle.escalate(self.incident, by=SYSTEM)
        self.model.escalate(now)

    def _raise(self, now):
        severity = self.incident.severity + 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        self.model.restart(now, self.plan)

    def _fall(self, now):
        if self.incident.severity == Severity.LOW:
            return
        severity = self.incident.severity - 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        self.model.restart(now, self.plan)

    def _policy(self, now):
        self.plan = self.a_plan()
        self.policy = write_policy(self.team, self.plan, self.present, self.world.absent)
        lifecycle.change(self.incident, {"policy": self.policy}, by=SYSTEM)
        self.model.restart(now, self.plan)

    def _edit(self, now):
        """Write the policy anew, which changes nothing that runs."""
        if self.plan is None:
            return
        self.plan = self.a_plan()
        fresh = write_policy(self.team, self.plan, self.present, self.world.absent)
        self.policy.steps.all().delete()
        EscalationStep.objects.filter(policy=fresh).update(policy=self.policy)
        EscalationPolicy.objects.filter(pk=self.policy.pk).update(
            rounds=fresh.rounds, round_pause_seconds=fresh.round_pause_seconds
        )
        fresh.delete()

    def _delete(self, now):
        """Delete the policy, which changes nothing that runs, or starts again."""
        if self.plan is not None:
            self.policy.delete()
            self.plan = None

    def _leave(self, now):
        """The person cannot be reached for a while, or can be again."""
        if self.at_work is None:
            self.away = not self.away
            points = ContactPoint.objects.filter(pk=self.point.pk)
            points.update(disabled_at=clock.now() if self.away else None)


class World:
    """Some incidents, the clock they live by, and the engine that looks at them.

    With an odd seed somebody keeps working hours in each zone whose clock changes in those days.
    """

    def __init__(self, seed, the_clock, patch, lives):
        self.seed, self.clock, self.chance = seed, the_clock, random.Random(seed)
        season = seasons()[seed // 2 % len(seasons())] if seed % 2 else []
        # From the host's clock to the one that decides; on PostgreSQL they are two.
        self.apart = timedelta(0)
        patch.setattr(clock, "decisive_now", lambda using="default": self.now)
        if season:
            the_clock.set(season[0].at - self.chance.randint(0, 3 * 86400) * SECOND)
        self.began = self.now
        self.beat = self.chance.choice(BEATS)
        self.held, self.turns, self.met, self.story = False, 0, set(), []
        self.absent = a_person()
        self.lives = [Life(self, (season or [None])[n % (len(season) or 1)]) for n in range(lives)]
        self.season = season

    @property
    def now(self):
        """What the clock shows that decides what is due."""
        return clock.now() + self.apart

    def set(self, at):
        self.clock.set(at - self.apart)

    def live(self):
        """Live all lives; return how many steps there were."""
        for _ in range(self.chance.randint(4, 10)):
            self.live_until(self.now + self.chance.randint(1, 700) * SECOND)
            for life in self.lives:
                if self.chance.random() < 0.6:
                    life.act()
            self.turn()
        if self.held:
            self._release()
        self.live_until(self.now + (9 * DAY if self.season else 12 * timedelta(hours=1)))
        self.meet()
        fired = sum(len(life.model.fired) for life in self.lives)
        return fired + self.turns + sum(life.verbs for life in self.lives)

    def meet(self):
        """Note which changes of a clock these lives have lived through."""
        zones = {life.at_work.zone.key for life in self.lives if life.at_work}
        self.met = {
            str(change)
            for change in self.season
            if change.zone in zones and self.began <= change.at <= self.now
        }

    def live_until(self, at):
        """Let the engine look whenever something falls due, up to that time.

        The model is asked as well as the rows, so that neither's silence hides the other's.
        """
        while (due := self.next_due()) is not None and due <= at and not self.held:
            look = max(due, self.now)
            if self.beat:
                beats = -((look - self.began) // -(self.beat * SECOND))
                look = self.began + beats * self.beat * SECOND
            if look > at:
                break
            self.set(look)
            self.look()
            assert self.next_due() != due or self.held, f"nothing went out: {self.tale()}"
        self.set(at)

    def next_due(self):
        ahead = Reminder.objects.pending().filter(kind__in=KINDS)
        dues = [ahead.aggregate(first=Min("due_at"))["first"]]
        dues += [life.model.next_due() for life in self.lives]
        return min((due for due in dues if due is not None), default=None)

    def look(self):
        decide.fire_all_due()
        if not self.held:
            for life in self.lives:
                life.model.look(self.now)

    def turn(self):
        """Something happens to the machine."""
        verbs = (self._sleep, self._go_back, self._disagree, self._hold, self._release, int)
        self.turns += 1
        verb = self.chance.choice(verbs)
        self.story.append((f"{self.now:%F %T.%f}", verb.__name__))
        verb()

    def _sleep(self):
        """The machine sleeps, or its clock is set ahead: nobody looks meanwhile."""
        self.set(self.now + self.chance.choice(JUMPS) * SECOND)
        self.look()

    def _go_back(self):
        """Its clock is set back: what went out stays so, the rest waits until it shows that time."""
        self.set(self.now - self.chance.choice(JUMPS) * SECOND)
        self.look()

    def _disagree(self):
        """The clock of the host is set, and not that of its database, which decides."""
        now = self.now
        self.apart = self.chance.choice([0, 1, -1]) * self.chance.choice(JUMPS) * SECOND
        self.set(now)

    def _hold(self):
        holding.hold(reason=SendingHold.Reason.BY_HAND, by=SYSTEM)
        self.held = True

    def _release(self):
        holding.release(by=SYSTEM)
        self.held = False
        self.look()

    def fired(self):
        """Return what went out according to the rows, by incident, in the model's words."""
        fired = {life.incident.pk: [] for life in self.lives}
        rows = Reminder.objects.filter(incident__in=fired, kind__in=KINDS, status="fired")
        columns = ("fired_at", "planned_at", "kind", "round", "step", "outcome")
        for pk, *told, outcome in rows.values_list("incident_id", *columns):
            fired[pk].append(Fired(*told, outcome != Reminder.Outcome.NOBODY))
        return fired

    def check(self):
        """Compare every life with the model, and see that whoever was to be told has a message."""
        fired = self.fired()
        for life in self.lives:
            mine, expected = (
                sorted(each, key=str) for each in (fired[life.incident.pk], life.model.fired)
            )
            assert mine == expected, self.tale(life)
        told = Reminder.objects.filter(outcome=Reminder.Outcome.NOTIFIED, kind=STEP)
        assert not told.filter(notifications=None).exists(), self.tale()
        assert not Reminder.objects.filter(status="parked").exists(), self.tale()

    def tale(self, life=None):
        story = f"seed {self.seed}, {self.story}"
        if life is not None:
            story += f", life {self.lives.index(life)}: {life.story}"
        return story
