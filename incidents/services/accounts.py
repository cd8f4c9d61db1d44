"""The brand's accounts on networks."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access import refs
from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Refused
from crisis_api.lib.records import made_by
from incidents.channels import registry
from incidents.models import Account

MOST = 500


@transaction.atomic
def create(*, team: Team, by: Actor, values: Mapping[str, Any]) -> Account:
    """Make an account. `values`: network, handle, external_id, url, external_refs.

    Without an id on the network, its handle stands for it. Nothing goes out through it until a
    manager enables that.
    """
    columns = dict(values)
    given = columns.pop("external_refs", ())
    network = columns.setdefault("network", "manual")
    if network not in registry.names():
        detail = _("Networks are: %s.") % ", ".join(registry.names())
        raise Refused(errors=[FieldError("/network", "unknown_network", detail)])
    columns["external_id"] = columns.get("external_id") or _id_of(columns["handle"])
    mine = Account.objects.filter(team=team)
    if mine.count() >= MOST:
        raise Conflict(f"There are {MOST} accounts already.", code="too_many")
    _check_free(team, network, columns["external_id"])
    account: Account = Account.objects.create(team=team, **columns, **made_by(by))
    refs.replace(account, given, by=by)
    changes.note("account.created", account, teams=[team], by=by)
    return account


@transaction.atomic
def change(
    account: Account, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Account:
    """Change the handle, id on the network, link or references. The network stays."""
    row: Account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    wanted = values.get("external_id", row.external_id)
    if wanted != row.external_id:
        _check_free(row.team, row.network, wanted)
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        changes.note("account.changed", row, teams=[row.team], by=by, fields=fields)
    return row


def _id_of(handle: str) -> str:
    return handle.removeprefix("@").casefold()


def _check_free(team: Team, network: str, external_id: str) -> None:
    """Refuse a second account of one id; two at once are settled by the database."""
    same = Account.objects.filter(team=team, network=network, external_id=external_id)
    if same.exists():
        raise Conflict(_("The team has this account already."), code="account_exists")
