"""Names of time zones, as stored on teams, people and rotations."""

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all time zones, such as `Europe/Moscow`."""
    return frozenset(available_timezones() - {"Factory", "localtime"})


def validate_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    if name not in known_zones():
        raise ValidationError(
            _("“%(name)s” is no time zone; an example: Europe/Moscow."),
            code="unknown_time_zone",
            params={"name": name},
        )
