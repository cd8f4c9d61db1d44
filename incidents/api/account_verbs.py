"""The verbs of `/accounts/{id}/`: connecting it to its network, and what may go out through it."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.lib.drf.serializers import (
    Computed,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from incidents.models import Account, Connection
from incidents.services import connections

if TYPE_CHECKING:
    from crisis_api.lib.drf.views import ResourceViewSet as _Base
else:
    _Base = object

_COLUMNS = (
    "status",
    "scopes",
    "missing_scopes",
    "connected_at",
    "ended_at",
    "subscribed_at",
    "delivered_at",
    "access_expires_at",
    "refresh_expires_at",
    "refreshed_at",
    "last_error_code",
    "last_error_at",
)
COLUMNS = tuple(f"connection__{name}" for name in _COLUMNS)


class ConnectionRead(serializers.Serializer[Any]):
    """How an account is connected. Its tokens are never shown."""

    status = serializers.ChoiceField(choices=Connection.Status.values)
    scopes = serializers.ListField(child=serializers.CharField())
    missing_scopes = serializers.ListField(child=serializers.CharField())
    connected_at = InstantField(allow_null=True)
    ended_at = InstantField(allow_null=True)
    subscribed_at = InstantField(allow_null=True)
    delivered_at = InstantField(allow_null=True)
    access_expires_at = InstantField(allow_null=True)
    refresh_expires_at = InstantField(allow_null=True)
    refreshed_at = InstantField(allow_null=True)
    last_error_code = serializers.CharField(allow_blank=True)
    last_error_at = InstantField(allow_null=True)


def as_connection(*values: Any) -> dict[str, Any]:
    """Return how an account is connected; of one that never was, the same without times."""
    told = dict(zip(_COLUMNS, values, strict=True))
    told["status"] = told["status"] or Connection.Status.DISCONNECTED
    for name in ("scopes", "missing_scopes"):
        told[name] = told[name] or []
    told["last_error_code"] = told["last_error_code"] or ""
    return told


class AuthorizationRead(ReadSerializer):
    """Where the account holder's browser goes; good once."""

    authorize_url = Computed(columns=["id"], make=lambda _id: "", child=serializers.URLField())
    expires_at = Computed(columns=["id"], make=lambda _id: None, child=serializers.DateTimeField())


class BotInput(StrictSerializer):
    """The token of a bot."""

    token = TitleField(max_length=255, help_text="From Telegram's @BotFather. Never shown again.")


class WayOutInput(StrictSerializer):
    """Which way out."""

    what = serializers.ChoiceField(choices=list(connections.WAYS_OUT))


class AccountVerbs(_Base):
    """What can be done with an account. Done already: nothing changes, and the answer is 200."""

    inputs: ClassVar[dict[str, Any]] = {
        "connect": BotInput,
        "enable": WayOutInput,
        "disable": WayOutInput,
    }
    shows: ClassVar[dict[str, Any]] = {"authorize": AuthorizationRead}
    permissions: ClassVar[dict[str, str]] = dict.fromkeys(
        ("authorize", "connect", "disconnect", "enable", "disable"), "accounts.connect"
    )

    @action(detail=True, methods=["post"])
    def authorize(self, request: Request, **kwargs: Any) -> Response:
        """Begin to connect it: answers with the address that the account holder opens.

        For networks that let us in by a browser, such as TikTok. The address is good once, for ten
        minutes; whoever can sign in to the account on its network may open it.
        """
        url, expires_at = connections.begin(self.get_object(), by=self.caller.actor)
        return Response({"authorize_url": url, "expires_at": expires_at})

    @action(detail=True, methods=["post"])
    def connect(self, request: Request, **kwargs: Any) -> Response:
        """Connect it by a token that a person brings, such as a Telegram bot's."""
        account: Account = self.get_object()
        values = self.validated()
        connections.connect_bot(account, token=values["token"], by=self.caller.actor)
        return self.show(account)

    @action(detail=True, methods=["post"])
    def disconnect(self, request: Request, **kwargs: Any) -> Response:
        """Forget its credentials, and take them back from the network.

        Where the network could not be told, `connection.last_error_code` says why: then take them
        back there.
        """
        account: Account = self.get_object()
        connections.disconnect(account, by=self.caller.actor)
        return self.show(account)

    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **kwargs: Any) -> Response:
        """Let replies, hides or publishing go out through it."""
        account: Account = self.get_object()
        connections.enable(account, by=self.caller.actor, **self.validated())
        return self.show(account)

    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **kwargs: Any) -> Response:
        """Let them go out no more; what is being sent at this moment may still arrive."""
        account: Account = self.get_object()
        connections.disable(account, by=self.caller.actor, **self.validated())
        return self.show(account)
