"""Tries a contact point: sends one message at once and says what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from crisis_api.access.models import ContactPoint
from crisis_api.access.services import addresses, changes, contact_points, owners
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import ChannelError, Refused, Throttled
from crisis_api.lib.ids import uuid7
from incidents.escalation import senders
from incidents.escalation.wording import Message

# Enough for a person who tries; too little for a stranger's phone to be flooded with.
NOT_AGAIN_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: `code` and `detail` say why where it was not sent."""

    sent: bool
    at: datetime
    code: str = ""
    detail: str = ""


def try_out(point: ContactPoint, *, by: Actor) -> Outcome:
    """Send a test message through the contact point, at once and once.

    Called outside transactions: it waits for the network, ten seconds at most. Raises Throttled
    within ten seconds of the last message, and Refused where e-mail would only be printed: whoever
    tries must not be told that it works.
    """
    printed = point.kind == ContactPoint.Kind.EMAIL and addresses.mail_is_only_printed()
    if printed and not addresses.console_allowed():
        raise Refused(
            "No mail server is set (EMAIL_URL): mail is only printed and reaches nobody.",
            code="email_not_configured",
        )
    now = clock.now()
    last = max((at for at in (point.last_success_at, point.last_failure_at) if at), default=None)
    if last is not None and now - last < NOT_AGAIN_WITHIN:
        wait = int((last + NOT_AGAIN_WITHIN - now).total_seconds()) + 1
        raise Throttled("This contact point was just used.", headers={"Retry-After": str(wait)})
    language = point.owner.language if point.owner else "en"
    try:
        senders.get(point.kind).send(
            point.address,
            _message(language),
            message_id=f"test_{uuid7().hex}",
            secret=point.secret,
        )
        outcome = Outcome(True, now)
        contact_points.note_success(point)
    except ChannelError as error:
        outcome = Outcome(False, now, error.code, error.detail)
        contact_points.note_failure(point)
    teams = [point.team] if point.team else owners.teams_of(point.owner) if point.owner else []
    changes.note(
        "contact_point.tested", point, teams=teams, by=by, sent=outcome.sent, code=outcome.code
    )
    return outcome


def _message(language: str) -> Message:
    with translation.override(language):
        subject = _("Test: this contact point works")
        text = _(
            "Somebody tried whether reminders of a crisis reach you here. They do; "
            "there is nothing to be done."
        )
        return Message(subject, f"{text}\n", f"{subject}. {text}"[:160])
