from django.db import models
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import TeamRecord
from crisis_api.lib.crypto import EncryptedTextField


class Account(TeamRecord):
    """The brand's account on a network. Read-only until a manager enables each way out."""

    network = models.CharField(_("network"), max_length=20, default="manual")
    handle = models.CharField(_("handle"), max_length=100, help_text=_("For example: @lumelle"))
    external_id = models.CharField(_("id on the network"), max_length=255)
    url = models.URLField(_("link"), max_length=1000, blank=True, default="")
    credentials = EncryptedTextField(blank=True, default="", editable=False)
    replies_enabled = models.BooleanField(_("replies"), default=False, editable=False)
    hides_enabled = models.BooleanField(_("hiding"), default=False, editable=False)
    publishing_enabled = models.BooleanField(_("publishing"), default=False, editable=False)

    class Meta:
        ordering = ("network", "handle")
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "network", "external_id"],
                name="one_account_per_team_and_network_id",
            ),
        )

    def __str__(self) -> str:
        return self.handle


class Author(TeamRecord):
    """Who wrote something."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        CREATOR = "creator", _("creator")
        PRESS = "press", _("press")
        EMPLOYEE = "employee", _("employee")
        UNKNOWN = "unknown", _("unknown")

    network = models.CharField(_("network"), max_length=20)
    external_id = models.CharField(_("id on the network"), max_length=255)
    name = models.CharField(_("name"), max_length=255, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.UNKNOWN)
    followers = models.PositiveBigIntegerField(_("followers"), null=True, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "network", "external_id"], name="one_author_per_team_and_network_id"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.external_id


class Post(TeamRecord):
    """A video or post, ours or anyone's, with its link and reach."""

    network = models.CharField(_("network"), max_length=20)
    external_id = models.CharField(_("id on the network"), max_length=255)
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="posts",
        verbose_name=_("our account"),
        help_text=_("Where it is a post of ours."),
    )
    author = models.ForeignKey(
        Author,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="posts",
        verbose_name=_("author"),
    )
    url = models.URLField(_("link"), max_length=2048, blank=True, default="")
    title = models.CharField(_("title"), max_length=300, blank=True, default="")
    reach = models.PositiveBigIntegerField(_("reach"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "network", "external_id"], name="one_post_per_team_and_network_id"
            ),
        )

    def __str__(self) -> str:
        return self.title or self.url or self.external_id
