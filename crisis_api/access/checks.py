"""What `manage.py check --deploy` looks at besides Django's own."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from crisis_api.access.services import addresses


@register(Tags.security, deploy=True)
def mail_goes_out(**kwargs: Any) -> list[CheckMessage]:
    """Warn where reminders by e-mail would be printed, and so reach nobody."""
    if not addresses.mail_is_only_printed():
        return []
    alarms = " So would those to ALARM_EMAIL." if settings.ALARM_EMAIL else ""
    return [
        Warning(
            f"No mail server is set: reminders by e-mail would only be printed.{alarms}",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@host:587.",
            id="crisis.W001",
        )
    ]
