"""The way by which the auditor calls a person: not the notifications that it looks after.

A line in the log, a figure, a mail to ALARM_EMAIL straight through the mail server, `failing` at
/healthz/engine, and silence towards the watchdog outside. None of them needs the engine, and the
first three not even the database.
"""

import logging
import smtplib
import socket
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from incidents import metrics

log = logging.getLogger("crisis.auditor")

ONE_MAIL_IN = timedelta(minutes=10)
SENDING = timedelta(seconds=10)

_mailed: dict[str, float] = {}


def tell(code: str, number: int, detail: str = "") -> None:
    """Say that something was overlooked, or that the engine is silent."""
    log.critical("auditor: %s %d %s", code, number, detail)
    metrics.OVERLOOKED.labels(code).inc(number)
    last = _mailed.get(code)
    if last is None or time.monotonic() - last >= ONE_MAIL_IN.total_seconds():
        _mailed[code] = time.monotonic()
        _mail(code, number)


def _mail(code: str, number: int) -> None:
    if not settings.ALARM_EMAIL:
        return
    with override(settings.LANGUAGE_CODE):
        subject = _("Crisis API needs somebody: %(code)s") % {"code": code}
        body = _(
            "The auditor on %(host)s found %(code)s (%(number)d) and has done what it could.\n"
            "Whether reminders go out now: %(url)s\n"
            "What the code means: docs/operations.md, “The auditor”."
        ) % {
            "host": socket.gethostname(),
            "code": code,
            "number": number,
            "url": f"{settings.PUBLIC_URL}/healthz/engine",
        }
    connection = get_connection(timeout=SENDING.total_seconds())
    headers = {"Auto-Submitted": "auto-generated", "Importance": "high"}
    mail = EmailMessage(
        subject, body, to=settings.ALARM_EMAIL, headers=headers, connection=connection
    )
    try:
        mail.send()
    except (OSError, ValueError, smtplib.SMTPException):
        log.critical("auditor: the mail about %s could not be sent", code, exc_info=True)


def forget() -> None:
    """Mail the next alarm of any kind at once, as a fresh process would."""
    _mailed.clear()
