"""Shows the admin in the language and the time zone of whoever is signed in."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation

from crisis_api.access.models import Owner


class PersonMiddleware:
    """Inside everything is UTC; the owner's zone is for the edge, and this is it.

    A language chosen in the browser by its cookie goes before that of the person.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the person's language and zone."""
        owner = self._owner(request)
        if owner is None:
            return self.get_response(request)
        chosen = translation.get_language_from_request(request)
        language = chosen if settings.LANGUAGE_COOKIE_NAME in request.COOKIES else owner.language
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(ZoneInfo(owner.time_zone)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response

    def _owner(self, request: HttpRequest) -> Owner | None:
        if not request.path.startswith(reverse("admin:index")) or not request.user.is_authenticated:
            return None
        mine = Owner.objects.filter(user=request.user, deactivated_at=None)
        return mine.only("language", "time_zone").first()
