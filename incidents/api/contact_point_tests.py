"""`/contact_points/{id}/test/`: does a message get through?"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.contact_points import require_change, visible_points
from crisis_api.access.callers import Caller
from crisis_api.access.models import ContactPoint
from crisis_api.lib.drf.serializers import InstantField, ReadSerializer
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.services import contact_point_tests


class OutcomeRead(ReadSerializer):
    """What came of a test; `code` and `detail` say why where it was not sent."""

    sent = serializers.BooleanField()
    at = InstantField()
    code = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)


class ContactPointTestViewSet(ResourceViewSet):
    """The test button of a contact point.

    It is a resource of this side, because access knows no senders.
    """

    read_serializer = OutcomeRead
    team_column = ""
    etag_column = ""
    permissions = {"test": ""}

    def queryset_for(self, caller: Caller) -> QuerySet[ContactPoint]:
        """Return the contact points that exist for the caller."""
        return visible_points(caller)

    def test(self, request: Request, **kwargs: Any) -> Response:
        """Send a test message at once; 200 whether it got through or not."""
        point: ContactPoint = self.get_object()
        require_change(self.caller, point)
        outcome = contact_point_tests.try_out(point, by=self.caller.actor)
        return Response(
            {
                "sent": outcome.sent,
                "at": outcome.at,
                "code": outcome.code,
                "detail": outcome.detail,
            }
        )

    def _answer(
        self, handler: Callable[..., HttpResponseBase], request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        # An Idempotency-Key would hold a transaction, on SQLite the only one that writes, for as
        # long as the network takes. Sending twice within ten seconds is refused instead.
        return handler(request, *args, **kwargs)
