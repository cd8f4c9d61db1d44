"""Worlds of random lives: some incidents under one clock, which one engine looks at.

It sleeps, its clock is set ahead or back, its host's clock departs from the one that decides, and
sending is held for a while.
"""

import random
from datetime import timedelta
from functools import cache

from django.db.models import Min

from crisis_api.access.models import SendingHold
from crisis_api.access.services import holding
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.models import Reminder
from tests.factories.access import a_person
from tests.incidents.escalation.changes_of_clock import changes
from tests.incidents.escalation.lives import SECOND, Life
from tests.incidents.escalation.reference_model import EXPIRY, SNOOZE, STEP, Fired

KINDS = (STEP, SNOOZE, EXPIRY)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# By how much a clock is set ahead or back: mostly a little, now and then a year.
JUMPS = (*(1, 5, 60, 3600) * 4, *(86400,) * 2, 30 * 86400, 365 * 86400)
# Changes of a clock so far apart at most are lived through together.
SPAN = 5 * DAY
# Every how many seconds the engine looks; None is the very moment at which something falls due.
BEATS = (None, 5, 60, 60)


@cache
def seasons():
    """Every change of a clock, in order, those of some days together."""
    found = []
    for change in sorted(changes(), key=lambda each: (each.at, each.zone)):
        if not found or change.at - found[-1][0].at > SPAN:
            found.append([])
        found[-1].append(change)
    return found


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
        self.live_until(self.now + (9 * DAY if self.season else 12 * HOUR))
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
        """Its clock is set back: what went out stays so, the rest waits for its time."""
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
