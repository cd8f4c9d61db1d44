from django.db import models

from crisis_api.lib import clock
from crisis_api.lib.ids import uuid7


class IdempotencyRecord(models.Model):
    """What a POST with an Idempotency-Key answered, kept in the transaction of its effect."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    principal = models.CharField(max_length=60)
    route = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["principal", "route", "key"], name="one_answer_per_idempotency_key"
            ),
        )
        indexes = (
            # The engine deletes what is older than 48 hours.
            models.Index(fields=["expires_at"], name="idempotency_expiry"),
        )

    def __str__(self) -> str:
        return self.key
