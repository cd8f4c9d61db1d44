from django.db import models

from crisis_api.lib import clock


class LoginAttempts(models.Model):
    """How often somebody tried to sign in to one account from one address, since when."""

    id = models.BigAutoField(primary_key=True)
    # A keyed hash: what people type by mistake may be their password.
    account = models.CharField(max_length=64)
    address = models.CharField(max_length=50)
    since = models.DateTimeField(default=clock.now)
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "address"], name="one_count_per_account_and_address"
            ),
        )
        indexes = (
            # The engine deletes counts that are over.
            models.Index(fields=["since"], name="login_attempts_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.count} from {self.address}"
