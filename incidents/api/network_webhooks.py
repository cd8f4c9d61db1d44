"""`/webhooks/<network>/`: where networks send what happens. Kept first, answered at once.

A plain view, since what is signed are the raw bytes, and since it has to be quick. Strangers are
all answered alike.
"""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crisis_api.lib.drf.problems import respond
from crisis_api.lib.errors import NotAuthenticated, Problem, TooLarge
from incidents.channels.protocol import WebhookRequest
from incidents.intake import arrivals

MOST_BYTES: Final = 256 * 1024


# Signed by the network, and no cookie is looked at.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def deliver(request: HttpRequest, network: str, account: UUID | None = None) -> HttpResponse:
    """Take one delivery of a network."""
    try:
        if _length(request) > MOST_BYTES or len(request.body) > MOST_BYTES:
            raise TooLarge
        reply = arrivals.arrive(network, account, _untouched(request))
    except NotAuthenticated:
        return respond(NotAuthenticated("This is not signed by the network."), request)
    except Problem as problem:
        return respond(problem, request)
    return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)


def _length(request: HttpRequest) -> int:
    told = request.headers.get("Content-Length", "")
    return int(told) if told.isascii() and told.isdigit() else 0


def _untouched(request: HttpRequest) -> WebhookRequest:
    return WebhookRequest(
        method=request.method or "",
        query={name: str(request.GET[name]) for name in request.GET},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
    )
