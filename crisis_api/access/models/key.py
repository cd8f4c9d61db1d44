from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models.owner import Owner
from crisis_api.access.models.team import Team
from crisis_api.lib.records import Record


class ApiKey(Record):
    """A key for programs: of a team (acts as itself) or personal (acts as its person).

    Shown once as `ck_<prefix>_<secret>`; stored as SHA-256, which is enough for 256 random bits.
    """

    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="api_keys",
        verbose_name=_("team"),
    )
    owner = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="api_keys",
        verbose_name=_("person"),
    )
    created_by = models.ForeignKey(
        Owner,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("created by"),
        help_text=_("What a team key writes counts as written by this person in four-eyes checks."),
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=8, unique=True, editable=False)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(team=None) ^ models.Q(owner=None),
                name="api_key_is_a_teams_or_a_persons",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} (ck_{self.prefix}_…)"
