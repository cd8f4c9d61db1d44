"""What networks push: verified over its raw bytes, kept, and only then answered.

Who cannot prove to be the network learns nothing: neither whether an account is known, nor what was
wrong. Copies of one delivery are one row, which counts them.
"""

import hashlib
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from crisis_api.lib import clock, nudge
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import NotAuthenticated, NotFound
from crisis_api.lib.records import made_by
from incidents.channels import registry
from incidents.channels.protocol import WebhookChannel, WebhookReply, WebhookRequest
from incidents.channels.values import Credentials
from incidents.models import Account, Connection, Receipt
from incidents.services import networks, receipts

SOURCE: Final = receipts.PUSHED
READ: Final = "incidents.read_receipts"
_NOTED_EVERY: Final = timedelta(minutes=1)


def arrive(network: str, account_id: UUID | None, request: WebhookRequest) -> WebhookReply:
    """Keep a delivery and return what the network is answered; NotAuthenticated where it is none.

    NotFound where the network surely signed it and we have no such account (any more): so it tries
    again for a while, and somebody who is just connecting loses nothing.
    """
    channel = _channel(network)
    reply: WebhookReply | None = channel.handshake(request)
    if reply is not None:
        return reply
    named = _connection(network, account_id=account_id) if account_id else None
    secrets = _secrets(named) if account_id else tuple(settings.TIKTOK_APP_SECRET)
    if not channel.verify(request, secrets, clock.now(), networks.tolerance()):
        raise NotAuthenticated
    connection = named
    if connection is None:
        addressee = channel.addressee(request.body)
        connection = _connection(network, external_id=addressee) if addressee else None
    if connection is None:
        raise NotFound
    _keep(connection, request)
    return WebhookReply(200, channel.ack_body)


def _channel(network: str) -> WebhookChannel:
    try:
        channel = registry.get(network)
    except registry.UnknownChannel:
        raise NotAuthenticated from None
    if not isinstance(channel, WebhookChannel):
        raise NotAuthenticated
    return channel


def _connection(network: str, **named: Any) -> Connection | None:
    rows = Connection.objects.exclude(status="disconnected").select_related("account")
    return rows.filter(network=network, **named).first()


def _secrets(connection: Connection | None) -> tuple[str, ...]:
    stored = connection.account.credentials if connection else ""
    return (Credentials.from_json(stored).webhook_secret,) if stored else ()


def _keep(connection: Connection, request: WebhookRequest) -> None:
    account: Account = connection.account
    now = clock.now()
    body_sha256 = hashlib.sha256(request.body).hexdigest()
    receipt = Receipt(
        team_id=account.team_id,
        account=account,
        source=SOURCE,
        content_type=request.headers.get("content-type", "")[:60],
        body=request.body,
        body_sha256=body_sha256,
        pushed_sha256=body_sha256,
        received_at=now,
        # Due at once: whoever hears the hint or looks first reads it.
        due_at=now,
        **made_by(SYSTEM),
    )
    try:
        with transaction.atomic():
            receipt.save(force_insert=True)
            nudge.hint(READ, [receipt.pk])
    except IntegrityError:
        same = Receipt.objects.filter(account=account, pushed_sha256=body_sha256)
        if not same.update(copies=F("copies") + 1):
            raise
    if connection.delivered_at is None or now - connection.delivered_at > _NOTED_EVERY:
        Connection.objects.filter(pk=connection.pk).update(delivered_at=now)
