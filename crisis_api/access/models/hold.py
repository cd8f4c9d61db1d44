from typing import Optional
from uuid import UUID

from django.db import models
from django.db.models import Exists, Q

from crisis_api.lib import clock

# The only id there may be: two holds at once would mean that releasing one releases nothing.
THE_ONE = UUID(int=1)


class SendingHold(models.Model):
    """While its one row is there, nothing goes out: no message, no webhook, no publication.

    A restore writes it, because what the backup takes for unsent may have been sent since; a person
    deletes it by `manage.py release_sending`. Whoever claims something for sending asks for it in
    the claiming statement itself (`unless_held`), so that no claim starts after it is committed.
    """

    class Reason(models.TextChoices):
        RESTORED = "restored"
        BY_HAND = "by_hand"

    id = models.UUIDField(primary_key=True, default=THE_ONE, editable=False)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    held_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(id=THE_ONE), name="sending_is_held_once_or_not"),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.held_at:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def current(cls) -> Optional["SendingHold"]:
        """Return the hold in force, if there is one."""
        return cls._default_manager.first()


def unless_held() -> Q:
    """Return the condition that nothing is held, for the WHERE of whoever claims or lists."""
    return ~Q(Exists(SendingHold._default_manager.all()))
