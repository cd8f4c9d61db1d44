"""`/accounts/`: the brand's accounts on networks."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from crisis_api.access import refs
from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    Computed,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.api.account_verbs import COLUMNS, AccountVerbs, ConnectionRead, as_connection
from incidents.models import Account
from incidents.services import accounts


class AccountRead(ReadSerializer):
    """An account. What may go out through it is switched on elsewhere, each way by itself."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    network = serializers.CharField()
    handle = serializers.CharField()
    external_id = serializers.CharField()
    url = serializers.CharField()
    replies_enabled = serializers.BooleanField()
    hides_enabled = serializers.BooleanField()
    publishing_enabled = serializers.BooleanField()
    connection = Computed(columns=COLUMNS, make=as_connection, child=ConnectionRead())
    external_refs = refs.Refs("account")
    html_url = HtmlUrlField("/admin/incidents/account/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class AccountFields(StrictSerializer):
    """What may be changed of an account."""

    handle = TitleField(max_length=100, help_text="For example: @lumelle")
    external_id = TitleField(
        max_length=255, required=False, help_text="Its id on the network; the handle stands for it."
    )
    url = refs.WebField(max_length=1000, allow_blank=True, required=False)
    external_refs = refs.RefsInput(required=False)


class AccountInput(AccountFields):
    """A new account."""

    team = serializers.UUIDField(required=False)
    network = TitleField(max_length=20, required=False, help_text="`manual` unless told otherwise.")


class AccountFilter(ResourceFilter):
    """What a list of accounts can be asked for."""

    team = IdFilter(field_name="team_id")
    network = TextFilter(max_length=20)
    handle = TextFilter(max_length=100)
    external_id = TextFilter(max_length=255)
    external_refs = refs.RefsFilter("account")
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"handle": "handle", "created_at": "created_at", "updated_at": "updated_at"},
        default="handle",
    )


class AccountViewSet(AccountVerbs, ResourceViewSet):
    """Accounts. They are never deleted: what came in through them stays."""

    read_serializer = AccountRead
    filters = AccountFilter
    inputs = {"create": AccountInput, "partial_update": AccountFields, **AccountVerbs.inputs}
    permissions = {
        **AccountVerbs.permissions,
        "list": "accounts.view",
        "retrieve": "accounts.view",
        "create": "accounts.manage",
        "partial_update": "accounts.manage",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Account]:
        """Return the accounts of the caller's teams."""
        return Account.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make an account."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        account = accounts.create(team=team, by=self.caller.actor, values=values)
        address = reverse("account-detail", args=[account.pk], request=request)
        return self.show(account, status=201, headers={"Location": address})

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change an account."""
        account = self.get_object()
        accounts.change(
            account,
            by=self.caller.actor,
            version=version_read(self, account),
            values=self.validated(partial=True),
        )
        return self.show(account)
