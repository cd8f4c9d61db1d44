"""References such as CR-2026-0142: how people name an incident to each other."""

from datetime import datetime
from zoneinfo import ZoneInfo

from crisis_api.access.models import Team
from crisis_api.lib import counters
from incidents.models import ReferenceCounter


def next_references(team: Team, at: datetime, *, count: int) -> list[str]:
    """Take the next numbers of the team in the year that it is there.

    Holds the counter's row until the transaction ends, so that no number is given twice and a
    transaction that fails leaves no gap.
    """
    year = at.astimezone(ZoneInfo(team.time_zone)).year
    counter = ReferenceCounter.objects.filter(team=team, year=year)
    last = counters.next_of(counter, "last", by=count)
    if last is None:
        first = ReferenceCounter(team=team, year=year, last=0)
        ReferenceCounter.objects.bulk_create([first], ignore_conflicts=True)
        last = counters.next_of(counter, "last", by=count) or count
    return [f"CR-{year}-{number:04}" for number in range(last - count + 1, last + 1)]
