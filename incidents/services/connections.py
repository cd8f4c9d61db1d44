"""Connecting the brand's accounts to their networks, and what may go out through each.

    url = connections.begin(account, by=…)             # the browser goes there …
    connections.finish(state=…, code=…)                # … and comes back here
    connections.connect_bot(account, token=…, by=…)    # where a person brings the token instead
    connections.disconnect(account, by=…)

No transaction is held while a network is called.
"""

import hashlib
import logging
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, NotFound, Refused
from crisis_api.lib.records import made_by
from crisis_api.lib.states import Edges
from incidents import timeline
from incidents.channels.errors import NetworkError
from incidents.channels.protocol import Capability
from incidents.channels.values import Credentials, Profile
from incidents.escalation import reminders
from incidents.models import Account, AuthorizationRequest, Connection
from incidents.models.escalation import ReminderKind
from incidents.services import networks, subscribing, tokens

log = logging.getLogger("crisis.connections")

EDGES = Edges(
    {
        "disconnected": {"connect": "connected"},
        "connected": {
            "connect": "connected",
            "lose": "reauthorization_required",
            "disconnect": "disconnected",
        },
        "reauthorization_required": {"connect": "connected", "disconnect": "disconnected"},
    }
)
GOOD_FOR: Final = timedelta(minutes=10)
# Without these nothing of the inbox works; what else is missing is shown.
NEEDED: Final = frozenset({"user.info.basic", "video.list", "comment.list"})
WAYS_OUT: Final = {
    "replies": Capability.REPLY,
    "hides": Capability.HIDE,
    "publishing": Capability.PUBLISH,
}


@transaction.atomic
def begin(account: Account, *, by: Actor) -> tuple[str, datetime]:
    """Return where the account holder's browser goes, and until when that is good.

    Whoever has this address and the account's password connects it; it is good once.
    """
    channel = networks.channel_of(account)
    if Capability.AUTHORISE not in channel.capabilities:
        raise Refused(_("Accounts of this network are not connected so."), code="not_authorised_so")
    if not settings.TIKTOK_APP_ID or not settings.TIKTOK_APP_SECRET:
        raise Conflict(_("This installation has no app on the network yet."), code="app_not_set")
    now = clock.now()
    state = secrets.token_urlsafe(32)
    AuthorizationRequest.objects.filter(expires_at__lt=now - GOOD_FOR).delete()
    request = AuthorizationRequest.objects.create(
        team_id=account.team_id,
        account=account,
        state_sha256=_hashed(state),
        expires_at=now + GOOD_FOR,
        **made_by(by),
    )
    changes.note("account.authorization_begun", account, teams=[account.team], by=by)
    return channel.authorize_url(state=state, redirect_uri=redirect_uri()), request.expires_at


def redirect_uri() -> str:
    """Return where the network sends the browser back; it has to know this address."""
    return f"{settings.PUBLIC_URL}/connect/tiktok/"


def finish(*, state: str, code: str, error: str = "") -> Account:
    """Take what the browser brought back: check the scopes, store the credentials, subscribe.

    Good once, whatever comes of it. Raises Problem with what to tell the person.
    """
    request = _spent(state)
    account: Account = request.account
    if error or not code:
        said = "access_denied" if error == "access_denied" else "refused_by_network"
        _note(request, said)
        raise Refused(_("The network did not let us in."), code=said)
    channel = networks.channel_of(account)
    try:
        credentials = channel.exchange(code, redirect_uri=redirect_uri(), now=clock.now())
        missing = sorted(NEEDED - credentials.scopes)
        if missing:
            channel.revoke(credentials)
            _note(request, "scopes_missing")
            detail = _("Not everything that is needed was allowed: %s.") % ", ".join(missing)
            raise Refused(detail, code="scopes_missing")
        profile = channel.connect(credentials).profile()
    except NetworkError as failure:
        _note(request, failure.code)
        raise _told(failure) from failure
    lacking = sorted(set(channel.scopes) - credentials.scopes)
    try:
        connected(account, credentials, profile, lacking=lacking, by=request.actor)
    except Conflict as refused:
        _note(request, refused.code)
        raise
    _note(request, "connected")
    subscribing.subscribe(account)
    return account


def connect_bot(account: Account, *, token: str, by: Actor) -> Account:
    """Connect an account whose token a person brings, such as a Telegram bot's."""
    channel = networks.channel_of(account)
    if Capability.AUTHORISE in channel.capabilities or not hasattr(channel, "connect"):
        raise Refused(_("Accounts of this network are not connected so."), code="not_authorised_so")
    if _is_connected_by(account, token):
        return account
    credentials = Credentials("", token, webhook_secret=secrets.token_urlsafe(32))
    try:
        profile = channel.connect(credentials).profile()
    except NetworkError as failure:
        raise _told(failure, "/token") from failure
    credentials = replace(credentials, account_external_id=profile.external_id)
    connected(account, credentials, profile, lacking=[], by=by)
    subscribing.subscribe(account)
    return account


def _is_connected_by(account: Account, token: str) -> bool:
    try:
        stored = tokens.credentials_of(account).access_token
    except NetworkError:
        return False
    return secrets.compare_digest(stored.encode(), token.encode())


@transaction.atomic
def connected(
    account: Account, credentials: Credentials, profile: Profile, *, lacking: list[str], by: Actor
) -> None:
    """Store credentials that replace all earlier ones, under the account's lock."""
    row: Account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    now = clock.decisive_now()
    external_id = credentials.account_external_id
    known = Connection.objects.filter(account=row).first()
    if known is not None and known.external_id not in ("", external_id):
        # What came in so far is of the other one.
        raise Conflict(_("This is another account than before."), code="other_account")
    _check_free(row, external_id)
    EDGES.follow(known.status if known else "disconnected", "connect")
    columns = {
        "status": Connection.Status.CONNECTED,
        "external_id": external_id,
        "missing_scopes": lacking,
        "connected_at": now,
        "refreshed_at": now,
        "ended_at": None,
        "subscribed_at": None,
        "attempts": 0,
        "lease_owner": "",
        "lease_until": None,
        "last_error_code": "",
        **tokens.terms(credentials, now),
    }
    if known is None:
        common = {"team_id": row.team_id, "account": row, "network": row.network}
        Connection.objects.create(**common, **columns, **made_by(by))
    else:
        # The fence, too: a refresh of the old token that is under way must store nothing.
        Connection.objects.filter(pk=known.pk).change(**columns, fence=known.fence + 1)
    handle = f"@{profile.handle}" if profile.handle else row.handle
    url = profile.url or row.url
    changes.apply(row, {"external_id": external_id, "handle": handle[:100], "url": url}, by=by)
    Account.objects.filter(pk=row.pk).update(credentials=credentials.to_json())
    reminders.cancel(row, kinds=[ReminderKind.REAUTHORIZATION_REQUIRED])
    timeline.record("account.connected", row, by=by, data={"scopes_missing": len(lacking)})
    changes.note("account.connected", row, teams=[row.team], by=by)
    account.refresh_from_db()


def disconnect(account: Account, *, by: Actor) -> tuple[Account, bool]:
    """Forget the credentials at once, then take them back from the network; return whether it did.

    Where the network cannot be told, whoever had them could still use them: the account holder
    takes them back there. Doing it again changes nothing.
    """
    stored = _forget(account, by)
    if stored is None:
        return account, True
    channel = networks.channel_of(account)
    revoked = True
    try:
        subscribing.unsubscribe(account, stored)
        if hasattr(channel, "revoke"):
            channel.revoke(stored)
    except NetworkError as error:
        revoked = False
        log.warning("account %s was not revoked on its network: %s", account.pk, error.code)
        mine = Connection.objects.filter(account_id=account.pk, status="disconnected")
        mine.change(last_error_code=error.code[:60], last_error_at=clock.decisive_now())
    account.refresh_from_db()
    return account, revoked


@transaction.atomic
def _forget(account: Account, by: Actor) -> Credentials | None:
    row: Account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = Connection.objects.filter(account=row).first()
    if known is None or known.status == Connection.Status.DISCONNECTED:
        return None
    Connection.objects.filter(pk=known.pk).change(
        status=EDGES.follow(known.status, "disconnect"),
        ended_at=clock.decisive_now(),
        refresh_at=None,
        subscribed_at=None,
        lease_owner="",
        lease_until=None,
        fence=known.fence + 1,
        last_error_code="",
    )
    stored = Credentials.from_json(row.credentials) if row.credentials else None
    Account.objects.filter(pk=row.pk).update(credentials="")
    reminders.cancel(row, kinds=[ReminderKind.REAUTHORIZATION_REQUIRED])
    timeline.record("account.disconnected", row, by=by)
    changes.note("account.disconnected", row, teams=[row.team], by=by)
    return stored


@transaction.atomic
def enable(account: Account, *, what: str, by: Actor) -> Account:
    """Let `replies`, `hides` or `publishing` go out through an account."""
    if WAYS_OUT[what] not in networks.channel_of(account).capabilities:
        detail = _("This network does not let us do that.")
        raise Refused(detail, errors=[FieldError("/what", "unsupported", detail)])
    return _turn(account, what, to=True, by=by)


@transaction.atomic
def disable(account: Account, *, what: str, by: Actor) -> Account:
    """Let them go out no more; what is being sent at this moment may still arrive."""
    return _turn(account, what, to=False, by=by)


def _turn(account: Account, what: str, *, to: bool, by: Actor) -> Account:
    row: Account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    fields = changes.apply(row, {f"{what}_enabled": to}, by=by)
    if fields:
        kind = "account.enabled" if to else "account.disabled"
        timeline.record(kind, row, by=by, data={"what": what})
        changes.note(kind, row, teams=[row.team], by=by, fields=fields)
    return row


def _spent(state: str) -> AuthorizationRequest:
    now = clock.now()
    mine = AuthorizationRequest.objects.filter(state_sha256=_hashed(state))
    if not mine.filter(used_at=None, expires_at__gt=now).change(used_at=now):
        raise NotFound(_("This authorisation is over. Begin again."), code="authorization_over")
    request: AuthorizationRequest = mine.select_related("account__team").get()
    return request


def _note(request: AuthorizationRequest, outcome: str) -> None:
    AuthorizationRequest.objects.filter(pk=request.pk).update(outcome=outcome[:60])


def _check_free(account: Account, external_id: str) -> None:
    """Refuse what is connected elsewhere; two at once are settled by the database."""
    others = Connection.objects.filter(network=account.network, external_id=external_id)
    taken = others.exclude(status="disconnected").exclude(account=account).exists()
    same = Account.objects.filter(
        team=account.team_id, network=account.network, external_id=external_id
    )
    if taken or same.exclude(pk=account.pk).exists():
        raise Conflict(_("This account is connected already."), code="connected_already")


def _told(failure: NetworkError, pointer: str = "") -> Refused:
    detail = _("The network did not let us in.")
    errors = [FieldError(pointer, failure.code, detail)] if pointer else []
    return Refused(detail, code=failure.code, errors=errors)


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
