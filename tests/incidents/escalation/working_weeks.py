"""Working hours as somebody reads them off the clock on their wall, a quarter after another."""

from datetime import timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class AtWork:
    """When somebody is at work, found by looking at the clock on their wall every quarter."""

    def __init__(self, chance, zone):
        self.zone = ZoneInfo(zone)
        begins = chance.randrange(0, 80)
        ends = chance.randrange(begins + 4, 97)
        self.begins, self.ends = begins * QUARTER, ends * QUARTER
        self.days = chance.sample(range(7), chance.randint(2, 7))
        # Night shifts end on the next morning.
        self.crosses = chance.random() < 0.25
        if self.crosses:
            self.begins, self.ends = timedelta(hours=21), timedelta(hours=5)

    def document(self):
        span = [_wall(self.begins), _wall(self.ends)]
        return {DAYS[day]: [span] for day in sorted(self.days)}

    def __call__(self, due):
        """Return the first instant from a time on at which they are at work."""
        if self.is_at_work(due):
            return due
        at = due.replace(minute=due.minute // 15 * 15, second=0, microsecond=0) + QUARTER
        while not self.is_at_work(at):
            at += QUARTER
        return at

    def is_at_work(self, at):
        wall = at.astimezone(self.zone)
        clock = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second)
        clock += timedelta(microseconds=wall.microsecond)
        if not self.crosses:
            return wall.weekday() in self.days and self.begins <= clock < self.ends
        tonight = wall.weekday() in self.days and clock >= self.begins
        return tonight or ((wall.weekday() - 1) % 7 in self.days and clock < self.ends)


def _wall(since_midnight):
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"
