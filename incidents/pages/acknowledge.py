"""`/ack/<token>/`: a person acknowledges an incident from a reminder, without a login.

Opening the page changes nothing, because mail servers and chats open links to preview them; the
button does. The token in the address is what authorises it, for one person and one incident, and
only while that person may still acknowledge there.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crisis_api.access import callers
from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner
from crisis_api.lib import clock
from crisis_api.lib.errors import NotAllowedNow, NotFound, Problem
from crisis_api.lib.signing import LinkExpired
from incidents.escalation import links
from incidents.models import Incident, IncidentStatus
from incidents.services import lifecycle

PERMISSION = "incidents.acknowledge"
_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # The address is a secret of one person's.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class _Visit:
    """Who opened which link: the person, as the one who calls, and the incident it leads to."""

    owner: Owner
    caller: Caller
    incident: Incident


# The token in the address authorises, and no cookie is looked at: there is nothing that another
# site could make a browser send along.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Show the incident and a button; on POST acknowledge it as the person of the link."""
    try:
        visit = _visit(token)
    except LinkExpired:
        return _useless(
            request,
            410,
            _("This link has expired"),
            _("A link to acknowledge is good for 24 hours. Sign in to see how things stand."),
        )
    except NotFound:
        return _useless(
            request,
            404,
            _("This link leads nowhere"),
            _("It is damaged, or not for you any more. Sign in to see how things stand."),
        )
    with translation.override(visit.owner.language):
        if request.method != "POST":
            return _shown(request, visit)
        return _acknowledged(request, visit)


def _visit(token: str) -> _Visit:
    link = links.read_acknowledgement(token, clock.now())
    owner = Owner.objects.active().select_related("user").filter(pk=link.owner_id).first()
    incident = Incident.objects.filter(pk=link.incident_id).first()
    while incident is not None and incident.merged_into_id is not None:
        incident = Incident.objects.filter(pk=incident.merged_into_id).first()
    if owner is None or incident is None or not owner.user.is_active:
        raise NotFound
    caller = callers.for_user(owner.user)
    if not caller.may(PERMISSION, incident.team_id):
        raise NotFound
    return _Visit(owner, caller, incident)


def _acknowledged(request: HttpRequest, visit: _Visit) -> HttpResponse:
    try:
        lifecycle.acknowledge(visit.incident, by=visit.caller.actor, owner=visit.owner)
    except NotAllowedNow:
        return _shown(request, visit, status=409)
    except Problem as problem:
        return _shown(request, visit, status=problem.status, refusal=problem.detail)
    # So that reloading the page does not ask whether to send it again.
    return redirect(request.path, permanent=False)


def _shown(
    request: HttpRequest, visit: _Visit, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    incident = visit.incident
    opened = incident.opened_at.astimezone(ZoneInfo(visit.owner.time_zone))
    return _page(
        request,
        status,
        incident=incident,
        owner=visit.owner,
        opened=formats.date_format(opened, "DATETIME_FORMAT"),
        can_acknowledge=incident.status == IncidentStatus.OPEN,
        link=links.incident_link(incident.pk),
        refusal=refusal,
    )


def _useless(request: HttpRequest, status: int, heading: str, text: str) -> HttpResponse:
    return _page(request, status, heading=heading, text=text)


def _page(request: HttpRequest, status: int, **shown: Any) -> HttpResponse:
    # The style is a file of ours: as it is, it fits the hash in the policy.
    style = SafeString(_STYLE)
    context = {**shown, "language": translation.get_language(), "style": style}
    page = render(request, "incidents/acknowledge.html", context, status=status)
    for name, value in _HEADERS.items():
        page.headers[name] = value
    return page
