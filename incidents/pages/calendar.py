"""`/calendar/<token>.ics`: shifts for a calendar program, which cannot sign in.

The token in the address authorises. A feed of one's own shifts names nobody; that of a rotation
says who is on call, by name and nothing else of them.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from crisis_api.lib import clock
from crisis_api.lib.errors import NotFound
from incidents.services import calendar_feeds
from incidents.services.calendar_feeds import Entry

_READ_AGAIN_AFTER = timedelta(hours=1)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # The address is a secret of one person's.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Disposition": 'attachment; filename="on-call.ics"',
}


@never_cache
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Return the shifts of a feed, from a month ago to half a year ahead."""
    try:
        found = calendar_feeds.read(token)
    except NotFound:
        return HttpResponse(status=404, headers=_HEADERS, content_type="text/plain")
    with translation.override(found.feed.owner.language):
        body = _calendar(found).to_ical()
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=_HEADERS)


def _calendar(found: calendar_feeds.Calendar) -> Calendar:
    rotation = found.feed.rotation
    calendar = Calendar()
    calendar.add("prodid", "-//Crisis API//on call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    # What programs call it is not in the standard but is what all of them read.
    calendar.add("x-wr-calname", rotation.name if rotation else _("My shifts"))
    calendar.add("refresh-interval", _READ_AGAIN_AFTER)
    for entry in found.entries:
        calendar.add_component(_event(entry, names_people=rotation is not None))
    return calendar


def _event(entry: Entry, *, names_people: bool) -> Event:
    words = {"rotation": entry.rotation.name}
    if names_people:
        words["person"] = entry.person.name if entry.person else _("nobody")
        summary = _("%(person)s: %(rotation)s") % words
    else:
        summary = _("On call: %(rotation)s") % words
    event = Event()
    # The same shift keeps its id, so that a program moves it instead of showing it twice.
    start = entry.shift.start
    event.add("uid", f"{entry.rotation.pk.hex}-{start:%Y%m%dT%H%M%SZ}@crisis-api")
    event.add("dtstamp", clock.now())
    event.add("dtstart", start)
    event.add("dtend", entry.shift.end)
    event.add("summary", summary)
    event.add("url", f"{settings.PUBLIC_URL}/admin/incidents/rotation/{entry.rotation.pk}/change/")
    # Whoever is on call may still be invited to lunch.
    event.add("transp", "TRANSPARENT")
    return event
