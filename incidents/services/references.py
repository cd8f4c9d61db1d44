"""References such as CR-2026-0142: how people name an incident to each other."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import F

from crisis_api.access.models import Team
from incidents.models import ReferenceCounter


def next_reference(team: Team, at: datetime) -> str:
    """Take the next number of the team in the year that it is there.

    Holds the counter's row until the transaction ends, so that no number is given twice and a
    transaction that fails leaves no gap.
    """
    year = at.astimezone(ZoneInfo(team.time_zone)).year
    counter = ReferenceCounter.objects.filter(team=team, year=year)
    if not counter.update(last=F("last") + 1):
        first = ReferenceCounter(team=team, year=year, last=0)
        ReferenceCounter.objects.bulk_create([first], ignore_conflicts=True)
        counter.update(last=F("last") + 1)
    number = counter.values_list("last", flat=True).get()
    return f"CR-{year}-{number:04}"
