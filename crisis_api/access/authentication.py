"""How a request says who calls: an API key in `Authorization: Bearer ck_…`, or a session."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as CookieAuthentication
from rest_framework.request import Request

from crisis_api.access import callers, keys
from crisis_api.lib.errors import NotAuthenticated


class ApiKeyAuthentication(BaseAuthentication):
    """A bearer key; `request.auth` becomes the Caller."""

    def authenticate(self, request: Request) -> tuple[Any, callers.Caller] | None:
        """Return the key's person (anonymous for a team's key) and the Caller."""
        header = request.headers.get("Authorization", "")
        kind, _, text = header.partition(" ")
        if not header:
            return None
        if kind.lower() != "bearer":
            raise NotAuthenticated("Send the key as: Authorization: Bearer ck_…")
        key = keys.find(text.strip())
        if key is None:
            raise NotAuthenticated("This key is unknown, revoked or expired.", code="bad_key")
        keys.note_use(key)
        caller = callers.for_key(key)
        return (key.owner.user if key.owner else AnonymousUser()), caller

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that makes a refusal a 401."""
        return 'Bearer realm="crisis-api"'


class SessionAuthentication(CookieAuthentication):
    """A signed-in person, with CSRF checked; `request.auth` becomes the Caller."""

    def authenticate(self, request: Request) -> tuple[Any, callers.Caller] | None:
        """Return the person and the Caller."""
        found = super().authenticate(request)
        if found is None:
            return None
        return found[0], callers.for_user(found[0])
